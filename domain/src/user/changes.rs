//! What single events make of a person, where it takes more than a line.

use super::{Device, Link, PendingDevice, Profile, Standing, User};
use crate::otp::{Throttle, TimeStep};
use eventstore_schema::{
    Actor, Metadata, OtpDeviceConfirmed, OtpDeviceRegistered, PasswordRehashed,
    PasswordResetRequested, UserInvited, UserRegistered,
};

impl User {
    pub(super) fn registered(&mut self, event: &UserRegistered) {
        let profile = Profile {
            organization_id: event.organization_id,
            email: event.email.clone(),
            address_id: event.address_id.clone(),
            name: event.name.clone(),
            role: event.role,
        };
        self.person = Some((profile, Standing::Active(event.password.clone())));
        self.chosen = Some(event.password.password_id);
    }

    pub(super) fn invited(&mut self, event: &UserInvited) {
        let profile = Profile {
            organization_id: event.organization_id,
            email: event.email.clone(),
            address_id: event.address_id.clone(),
            name: event.name.clone(),
            role: event.role,
        };
        let link = Link {
            token_digest: event.token_digest.clone(),
            expires_at: event.expires_at,
        };
        self.person = Some((profile, Standing::Invited(link)));
    }

    pub(super) fn reset_requested(&mut self, event: &PasswordResetRequested, about: &Metadata) {
        self.reset_link = Some(Link {
            token_digest: event.token_digest.clone(),
            expires_at: event.expires_at,
        });
        self.reset_mails.sent(about.recorded_at);
        if about.actor == Actor::Operator {
            self.set_up_links.handed_over();
        }
    }

    pub(super) fn password_rehashed(&mut self, event: &PasswordRehashed) {
        if let Some((_, Standing::Active(password) | Standing::Disabled(password))) =
            &mut self.person
        {
            password.clone_from(&event.password);
        }
    }

    pub(super) fn set_up_begun(&mut self, event: &OtpDeviceRegistered) {
        self.pending = Some(PendingDevice {
            id: event.device_id,
            secret: event.secret.clone(),
            expires_at: event.expires_at,
            session: event.session_id,
        });
    }

    /// The set-up becomes an authenticator.
    pub(super) fn device_confirmed(&mut self, event: &OtpDeviceConfirmed) {
        self.must_set_up_device = false;
        self.set_up_links.served();
        let confirmed = |pending: &mut PendingDevice| pending.id == event.device_id;
        if let Some(PendingDevice { id, secret, .. }) = self.pending.take_if(confirmed) {
            self.devices.push(Device {
                id,
                secret,
                last_step: TimeStep(event.time_step),
            });
        }
    }

    /// Nothing is left that opens anything.
    pub(super) fn erased(&mut self) {
        self.set_standing(Standing::Erased);
        self.lose_second_factors();
        self.reset_link = None;
    }

    /// Everything but the password is gone.
    pub(super) fn lose_second_factors(&mut self) {
        self.devices.clear();
        self.pending = None;
        self.recovery_codes = None;
        self.last_accepted = None;
        // Nothing is left that could have been guessed.
        self.throttle = Throttle::default();
        self.must_set_up_device = true;
        self.set_up_links.reset();
    }
}
