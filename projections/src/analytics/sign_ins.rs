//! Sign-ins by hour, factor and outcome.

use super::{Column, Dataset, Kind, moment::hour_of};
use crate::{
    Projection, ProjectionError, Rows, Table,
    projection::NamedView,
    rows::values,
    sql::{params, value::Text},
};
use eventstore_schema::{
    AddressEvent, Event, Factor, OtpRejectionReason, Recorded, SessionEvent, UserEvent,
};

/// The dataset.
pub const DATASET: Dataset = Dataset {
    name: "sign_ins",
    title: "Sign-ins",
    says: "Each hour in which somebody signed in, or showed something that was not accepted: how often, \
           by what they showed last.\n\n\
           A sign-in is counted once, when everything that was required had been shown (`SignedIn`). A \
           wrong password (`SignInRejected`) is one that was wrong for an address of the organization, or \
           was shown by somebody who is disabled; at the sign-in or to change it, which the log does not \
           tell apart. A code (`OtpRejected`, `RecoveryCodeRejected`) may also have been shown to confirm \
           an authenticator, or again in a session that was open.\n\n\
           Not counted is what leaves no event: an attempt that was turned away because too many had \
           failed before. Passwords shown for an address that nobody holds belong to no organization, and \
           are not counted either.",
    projection: &SignIns,
    sql: "SELECT organization_id, hour, factor, outcome, attempts FROM sign_ins",
    columns: &[
        Column::ORGANIZATION,
        Column::new("hour", Kind::Time, "the beginning of the hour"),
        Column::new(
            "factor",
            Kind::Text,
            "what was shown last: `password`, `otp` (a code of an authenticator) or `recovery_code`; with \
             the last two, the password was right",
        ),
        Column::new(
            "outcome",
            Kind::Text,
            "`signed_in`, or why it was not accepted: `wrong`, and of codes `reused` (right, but used \
             before) or `expired` (right some minutes ago)",
        ),
        Column::new("attempts", Kind::Count, "how often, 1 or more"),
    ],
    time: Some("hour"),
    order: &["organization_id", "hour", "factor", "outcome"],
};

/// The read model behind the dataset.
pub struct SignIns;

const SIGN_INS: Table = Table {
    name: "sign_ins",
    columns: "organization_id TEXT NOT NULL,
                  hour TEXT NOT NULL,
                  factor TEXT NOT NULL,
                  outcome TEXT NOT NULL,
                  attempts BIGINT NOT NULL",
    key: &["organization_id", "hour", "factor", "outcome"],
    indexes: &[],
};

/// What was shown last, and what came of it.
fn attempt(event: &Event) -> Option<(&'static str, &'static str)> {
    match event {
        Event::Session(SessionEvent::SignedIn(signed_in)) => Some((
            match signed_in.factors.last() {
                Some(Factor::Otp) => "otp",
                Some(Factor::RecoveryCode) => "recovery_code",
                Some(Factor::Password) | None => "password",
            },
            "signed_in",
        )),
        Event::Address(AddressEvent::SignInRejected(_)) => Some(("password", "wrong")),
        Event::User(UserEvent::OtpRejected(rejected)) => Some((
            "otp",
            match rejected.reason {
                OtpRejectionReason::Wrong => "wrong",
                OtpRejectionReason::Reused => "reused",
                OtpRejectionReason::Expired => "expired",
            },
        )),
        Event::User(UserEvent::RecoveryCodeRejected(_)) => Some(("recovery_code", "wrong")),
        _ => None,
    }
}

impl Projection for SignIns {
    fn name(&self) -> &'static str {
        "sign_ins"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        &[SIGN_INS]
    }

    fn views(&self) -> &'static [NamedView] {
        const { &[DATASET.as_view("analytics_sign_ins")] }
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let Some((factor, outcome)) = attempt(&event.data) else {
            return Ok(());
        };
        // Whoever shows a password for an address that nobody holds belongs to no organization.
        let Some(organization) = event.metadata.organization_id else {
            return Ok(());
        };
        rows.add(
            &SIGN_INS,
            params![
                Text(organization),
                hour_of(event.metadata.recorded_at),
                factor,
                outcome
            ],
            values! { attempts = 1 },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, datasets::lines};
    use eventstore_schema::{Actor, AddressId, SignInRejected, StreamName};

    #[test]
    fn each_attempt_counts_in_its_hour_by_what_was_shown_last() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        let person = history.registered(acme);
        let wrong_password = |history: &mut History, organization| {
            let rejected = SignInRejected {
                user_id: None,
                browser: None,
            };
            let stream = StreamName::address(&AddressId("0".into()));
            let event = AddressEvent::from(rejected);
            history.record(stream, organization, Actor::Anonymous, event);
        };
        history.clock = Some("2026-11-26T13:59:59.999999Z".into());
        wrong_password(&mut history, Some(acme));
        // Nobody holds the address.
        wrong_password(&mut history, None);
        history.half_signed_in_with(person, None);
        history.code_rejected(person);
        history.clock = Some("2026-11-26T14:00:00Z".into());
        let session = history.signed_in(person);
        history.signed_in(person);
        // More shown in the same session is no other sign-in.
        history.second_factor_accepted(person, session);
        history.recovery_code_rejected(person);
        // Elsewhere on Earth, by a clock that is late, and just before and after midnight.
        for late in [
            "2026-11-26T15:30:00+02:00",
            "2026-11-27T00:59:59.9+01:00",
            "2026-11-26T19:00:00-05:00",
        ] {
            history.clock = Some(late.into());
            history.signed_in_with_factors(person, vec![Factor::Password, Factor::Otp]);
        }
        let factors = vec![Factor::Password, Factor::RecoveryCode];
        history.signed_in_with_factors(person, factors);
        assert_eq!(
            lines(&history, &DATASET, acme),
            [
                "2026-11-26T13:00:00Z otp signed_in 1",
                "2026-11-26T13:00:00Z otp wrong 1",
                "2026-11-26T13:00:00Z password wrong 1",
                "2026-11-26T14:00:00Z password signed_in 2",
                "2026-11-26T14:00:00Z recovery_code wrong 1",
                "2026-11-26T23:00:00Z otp signed_in 1",
                "2026-11-27T00:00:00Z otp signed_in 1",
                "2026-11-27T00:00:00Z recovery_code signed_in 1",
            ]
        );
        assert!(lines(&history, &DATASET, other).is_empty());
    }
}
