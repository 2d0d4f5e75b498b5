//! What happens to a person's second factors.

use super::{History, Person, at};
use eventstore_schema::{
    Actor, DeviceId, OtpDeviceRemoved, OtpDeviceRenamed, OtpDevicesReset, OtpRejected,
    OtpRejectionReason, OtpSetUpLinkFollowed, OtpSetUpLinkRequested, OtpVerified,
    RecoveryCodeDigest, RecoveryCodeRejected, RecoveryCodeUsed, RecoveryCodesIssued, SessionId,
    TokenDigest,
};

impl History {
    pub(crate) fn code_accepted(&mut self, person: Person, device_id: DeviceId) {
        let event = OtpVerified {
            device_id,
            time_step: self.events.len() as u64,
            session_id: SessionId(self.id()),
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn code_rejected(&mut self, person: Person) {
        self.code_rejected_as(person, OtpRejectionReason::Wrong);
    }

    pub(crate) fn code_rejected_as(&mut self, person: Person, reason: OtpRejectionReason) {
        let event = OtpRejected {
            reason,
            session_id: SessionId(self.id()),
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn device_renamed(&mut self, person: Person, device_id: DeviceId) {
        let event = OtpDeviceRenamed {
            device_id,
            device_name: person.personal("old phone"),
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn device_removed(&mut self, person: Person, device_id: DeviceId) {
        let event = OtpDeviceRemoved { device_id };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn devices_reset(&mut self, person: Person) {
        let event = OtpDevicesReset {
            device_ids: vec![],
            set_up: Some(DeviceId(self.id())),
        };
        self.of(person, Actor::Operator, event);
    }

    /// Mailed, and followed.
    pub(crate) fn set_up_link_followed(&mut self, person: Person) {
        let expires_at = at(self.events.len() + 1_000);
        let event = OtpSetUpLinkRequested {
            token_digest: TokenDigest("4".into()),
            expires_at,
        };
        self.of(person, Actor::User(person.0), event);
        let session_id = SessionId(self.id());
        let event = OtpSetUpLinkFollowed {
            session_id,
            expires_at,
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn recovery_codes_issued(&mut self, person: Person) {
        let digests = vec![RecoveryCodeDigest("0".into())];
        let event = RecoveryCodesIssued { count: 1, digests };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn recovery_code_used(&mut self, person: Person) {
        let session_id = SessionId(self.id());
        let event = RecoveryCodeUsed {
            number: 1,
            session_id,
        };
        self.of(person, Actor::User(person.0), event);
    }

    pub(crate) fn recovery_code_rejected(&mut self, person: Person) {
        let session_id = SessionId(self.id());
        let event = RecoveryCodeRejected { session_id };
        self.of(person, Actor::User(person.0), event);
    }
}
