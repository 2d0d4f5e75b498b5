//! The second factor: setting up an authenticator, and its codes.

use super::{
    Committed, Failure, Pawl, RequestContext, SessionGrant, digest, execute::Target,
    personal::DEVICE_NAME, personal::EMAIL,
};
use domain::{
    Enrolment, NextStep, Rejection, SessionHolder, Showing,
    organization::Organization,
    otp::{OtpCode, OtpSecret, RecoveryCode},
    session::{AcceptSecondFactor, Session},
    user::{ConfirmOtpDevice, RegisterOtpDevice, UseRecoveryCode, User, VerifyOtp},
    value::DeviceName,
};
use eventstore::keyring::KeyringError;
use eventstore_schema::{DeviceId, Position, SealedSecret, StreamName};

/// A set-up that waits for its code.
#[derive(Debug)]
pub struct RegisteredDevice {
    /// The authenticator.
    pub device_id: DeviceId,
    /// Its secret, shown this once.
    pub secret: OtpSecret,
    /// The same with issuer and account, for the QR code.
    pub otpauth_uri: String,
    /// The position of the last event.
    pub position: Position,
}

/// An authenticator that has been confirmed.
#[derive(Debug)]
pub struct ConfirmedDevice {
    /// The session, which has its second factor now.
    pub grant: SessionGrant,
    /// The recovery codes, where it was the person's first.
    pub recovery_codes: Option<Vec<RecoveryCode>>,
}

/// What somebody shows besides the password.
#[derive(Debug)]
pub enum ShownFactor {
    /// A code of an authenticator.
    Code(OtpCode),
    /// A recovery code, in its place.
    RecoveryCode(RecoveryCode),
}

impl Pawl {
    /// Begins the set-up of an authenticator.
    pub async fn register_otp_device(
        &self,
        enrolment: &Enrolment,
        request: &RequestContext,
    ) -> Result<RegisteredDevice, Failure> {
        let holder = enrolment.holder();
        let device_id = DeviceId(request.derived_id("otp-device"));
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes).map_err(Failure::internal)?;
        let sealed = match self
            .seal_otp_secret(device_id, &OtpSecret::new(bytes))
            .await
        {
            // A retry so late that another set-up has taken its place.
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => {
                return Err(Rejection::OtpSetUpNotFound.into());
            }
            sealed => sealed?,
        };
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(RegisterOtpDevice {
                device_id,
                secret: sealed.clone(),
                at: self.now(),
            })
        };
        let committed = self.execute(&target, enrolment, request, command).await?;

        // From the log, so that a retry hears the same secret.
        let user = &committed.state.state;
        let sealed = user.set_up(device_id, self.now())?;
        self.describe(holder, user, device_id, sealed, committed.position)
            .await
    }

    /// The set-up that this session has begun and not confirmed, as long as its time runs; else a new
    /// one. No other session is shown it: whoever holds a stolen password would hold the phone's
    /// secret too.
    pub async fn set_up_in_session(
        &self,
        enrolment: &Enrolment,
        request: &RequestContext,
    ) -> Result<RegisteredDevice, Failure> {
        let holder = enrolment.holder();
        let loaded = self.load::<User>(&StreamName::user(holder.user())).await?;
        match loaded.state.set_up_begun_in(holder.session(), self.now()) {
            Some(pending) => {
                if loaded.state.has_otp_device() {
                    enrolment.require_fresh_second_factor(self.now())?;
                }
                let (id, sealed) = (pending.id, &pending.secret);
                self.describe(holder, &loaded.state, id, sealed, loaded.position)
                    .await
            }
            None => self.register_otp_device(enrolment, request).await,
        }
    }

    async fn describe(
        &self,
        holder: &SessionHolder,
        user: &User,
        device_id: DeviceId,
        sealed: &SealedSecret,
        position: Position,
    ) -> Result<RegisteredDevice, Failure> {
        let secret = self.open_otp_secret(sealed)?;
        let policy = StreamName::organization(holder.organization());
        let organization = self.load::<Organization>(&policy).await?;
        let profile = user.profile().ok_or(Rejection::Unauthenticated)?;
        let account = self
            .open_personal(EMAIL, &profile.email.0)?
            .or_placeholder();
        let issuer = organization.state.name().unwrap_or("Pawl");
        let otpauth_uri = secret
            .otpauth_uri(issuer, &account)
            .map_err(Failure::internal)?;
        Ok(RegisteredDevice {
            device_id,
            secret,
            otpauth_uri,
            position,
        })
    }

    /// Confirms a set-up with a code; the session has its second factor from then on. The person's
    /// first authenticator brings recovery codes.
    pub async fn confirm_otp_device(
        &self,
        enrolment: &Enrolment,
        device_id: DeviceId,
        code: &OtpCode,
        name: &DeviceName,
        request: &RequestContext,
    ) -> Result<ConfirmedDevice, Failure> {
        let holder = enrolment.holder();
        let device_name = self.seal_personal(holder.user(), DEVICE_NAME, name.as_str())?;
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |user: &User| {
            Ok(ConfirmOtpDevice {
                device_id,
                secret: self
                    .open_otp_secret_if_kept(user.set_up(device_id, self.now())?)?
                    .ok_or(Rejection::OtpSetUpNotFound)?,
                device_name: device_name.clone(),
                code: code.clone(),
                recovery_codes: self.new_recovery_code_digests(holder.user(), request),
                at: self.now(),
            })
        };
        let committed = self.execute(&target, enrolment, request, command).await?;
        let user = &committed.state.state;
        Ok(ConfirmedDevice {
            recovery_codes: self.recovery_codes_of(holder.user(), user, request),
            grant: self.accept_second_factor(holder, user, request).await?,
        })
    }

    /// Takes a second factor; the session has it, or has it anew, from then on.
    pub async fn show_second_factor(
        &self,
        showing: &Showing,
        shown: &ShownFactor,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        let committed = match shown {
            ShownFactor::Code(code) => self.verify_otp(showing, code, request).await?,
            ShownFactor::RecoveryCode(code) => {
                self.use_recovery_code(showing, code, request).await?
            }
        };
        self.accept_second_factor(showing.holder(), &committed.state.state, request)
            .await
    }

    async fn verify_otp(
        &self,
        showing: &Showing,
        code: &OtpCode,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = showing.holder();
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |user: &User| {
            let mut secrets = Vec::with_capacity(user.devices().len());
            for device in user.devices() {
                if let Some(secret) = self.open_otp_secret_if_kept(&device.secret)? {
                    secrets.push((device.id, secret));
                }
            }
            Ok(VerifyOtp {
                code: code.clone(),
                secrets,
                at: self.now(),
            })
        };
        self.execute(&target, showing, request, command).await
    }

    async fn use_recovery_code(
        &self,
        showing: &Showing,
        code: &RecoveryCode,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = showing.holder();
        let target = Target::new(StreamName::user(holder.user()), holder.organization());
        let command = |_: &User| {
            Ok(UseRecoveryCode {
                digest: self.recovery_code_digest(holder.user(), code),
                at: self.now(),
            })
        };
        self.execute(&target, showing, request, command).await
    }

    /// Gives the session what its person has just shown, and a new token.
    async fn accept_second_factor(
        &self,
        holder: &SessionHolder,
        user: &User,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        let proof = user.second_factor_shown(holder.user(), holder.session())?;
        let session_token = self.session_token(holder.session(), request);
        let target = Target::new(StreamName::session(holder.session()), holder.organization());
        let command = |_: &Session| {
            Ok(AcceptSecondFactor {
                token_digest: digest(&session_token),
            })
        };
        let committed = self.execute(&target, &proof, request, command).await?;
        let limits = self.limits().sessions;
        let live = committed.state.state.live_at(self.now(), limits);
        if live.is_none_or(|live| live.token_digest != digest(&session_token)) {
            // A retry so late that the token has been exchanged since.
            return Err(Rejection::Unauthenticated.into());
        }
        Ok(SessionGrant {
            session_token,
            next: NextStep::Done,
            position: committed.position,
        })
    }
}
