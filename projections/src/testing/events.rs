//! More that can happen in a history: to organizations and to sessions.

use super::{History, Person, at};
use eventstore_schema::{
    AccentColorChanged, Actor, AuditEvent, AuditExported, AuditFormat, AuditRead, AuditReading,
    BrowserDigest, DeviceId, Factor, LogoChanged, OrganizationEvent, OrganizationId,
    OrganizationRenamed, OtpSetUpLinkEnforced, SecondFactorAccepted, SessionEnded, SessionEvent,
    SessionId, SessionStarted, SessionUsed, SignedIn, StreamName, TokenDigest, UserErased,
    UserExported,
};

fn used() -> SessionEvent {
    SessionUsed {}.into()
}

impl History {
    pub(crate) fn erased(&mut self, person: Person) {
        self.of(person, Actor::Operator, UserErased {});
    }

    pub(crate) fn exported(&mut self, person: Person) {
        self.of(person, Actor::Operator, UserExported {});
    }

    /// By this person: for what concerns them, and to take it away.
    pub(crate) fn audit_read(&mut self, person: Person) {
        let question = AuditRead {
            how: AuditReading::Page,
            actor: None,
            person: Some(person.0),
            types: None,
            from: None,
            until: None,
            as_of: None,
            event_id: None,
        };
        let format = AuditFormat::Csv;
        for event in [AuditEvent::from(question), AuditExported { format }.into()] {
            let stream = StreamName::audit(person.1);
            self.record(stream, Some(person.1), Actor::User(person.0), event);
        }
    }

    pub(crate) fn renamed(&mut self, id: OrganizationId, name: &str) {
        let event = OrganizationRenamed { name: name.into() };
        self.of_organization(id, event);
    }

    /// Both a color and a logo.
    pub(crate) fn look_changed(&mut self, id: OrganizationId) {
        let accent_color = Some("#0b5c3f".into());
        self.of_organization(id, AccentColorChanged { accent_color });
        let logo = Some("AAAA".into());
        self.of_organization(id, LogoChanged { logo });
    }

    pub(crate) fn set_up_link_enforced(&mut self, id: OrganizationId) {
        self.of_organization(id, OtpSetUpLinkEnforced {});
    }

    fn of_organization(&mut self, id: OrganizationId, event: impl Into<OrganizationEvent>) {
        let stream = StreamName::organization(id);
        self.record(stream, Some(id), Actor::Operator, event.into());
    }

    /// A session that begins with a password, where nothing more is required.
    pub(crate) fn signed_in(&mut self, person: Person) -> SessionId {
        self.signed_in_with(person, None)
    }

    /// The same, in a browser.
    pub(crate) fn signed_in_with(&mut self, person: Person, browser: Option<&str>) -> SessionId {
        let session_id = self.half_signed_in_with(person, browser);
        let factors = vec![Factor::Password];
        self.of_session(person, session_id, SignedIn { factors });
        session_id
    }

    /// A session in which these factors were shown.
    pub(crate) fn signed_in_with_factors(&mut self, person: Person, factors: Vec<Factor>) {
        let session_id = self.half_signed_in_with(person, None);
        self.of_session(person, session_id, SignedIn { factors });
    }

    /// A session in which only the password has been shown.
    pub(crate) fn half_signed_in_with(
        &mut self,
        person: Person,
        browser: Option<&str>,
    ) -> SessionId {
        let session_id = SessionId(self.id());
        let started = SessionStarted {
            user_id: person.0,
            organization_id: person.1,
            token_digest: TokenDigest("2".into()),
            expires_at: at(self.events.len() + 1_000),
            browser: browser.map(|browser| BrowserDigest(browser.into())),
        };
        self.of_session(person, session_id, started);
        session_id
    }

    pub(crate) fn second_factor_accepted(&mut self, person: Person, session_id: SessionId) {
        let event = SecondFactorAccepted {
            device_id: DeviceId(self.id()),
            token_digest: TokenDigest("3".into()),
        };
        self.of_session(person, session_id, event);
    }

    pub(crate) fn session_used(&mut self, person: Person, session_id: SessionId) {
        let stream = StreamName::session(session_id);
        self.record(stream, None, Actor::User(person.0), used());
    }

    pub(crate) fn session_ended(&mut self, person: Person, session_id: SessionId) {
        self.of_session(person, session_id, SessionEnded {});
    }

    fn of_session(&mut self, person: Person, id: SessionId, event: impl Into<SessionEvent>) {
        let stream = StreamName::session(id);
        self.record(stream, Some(person.1), Actor::User(person.0), event.into());
    }
}
