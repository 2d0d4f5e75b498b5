//! Codes that were not accepted, and how often that closed an account.

use super::{Column, Dataset, Kind, moment::day_of};
use crate::{
    Projection, ProjectionError, Rows, Table,
    projection::{NamedView, organization_of, user_of},
    rows::values,
    sql::{params, value::Text},
};
use eventstore_schema::{Event, OtpRejectionReason, Recorded, UserEvent};

/// The dataset.
pub const DATASET: Dataset = Dataset {
    name: "rejected_codes",
    title: "Rejected codes and lock-outs",
    says: "Each day on which a code was not accepted: how many were not and why (`OtpRejected`, \
           `RecoveryCodeRejected`), at the sign-in, to confirm an authenticator or in a session that was \
           open.\n\n\
           A lock-out is a code that was the fifth in a row that was not accepted: it closes the code step \
           of an account for a minute. Further ones, each of which closes it for twice as long, are the \
           same lock-out; the next can come after a code was accepted or the authenticators were reset. \
           What is tried while an account is closed leaves no event and is not counted, nor are addresses \
           that too many wrong passwords closed.",
    projection: &RejectedCodes,
    sql: "SELECT organization_id, day, wrong, reused, expired, recovery_codes, lock_outs \
          FROM rejected_codes",
    columns: &[
        Column::ORGANIZATION,
        Column::DAY,
        Column::new(
            "wrong",
            Kind::Count,
            "codes that belonged to no recent time step of any authenticator of the person",
        ),
        Column::new(
            "reused",
            Kind::Count,
            "codes that were right, when they or later ones had been used",
        ),
        Column::new(
            "expired",
            Kind::Count,
            "codes that had been right some minutes before",
        ),
        Column::new(
            "recovery_codes",
            Kind::Count,
            "recovery codes that were wrong or spent",
        ),
        Column::new(
            "lock_outs",
            Kind::Count,
            "how often one of these closed an account that was open",
        ),
    ],
    time: Some("day"),
    order: &["organization_id", "day"],
};

/// The read model behind the dataset.
pub struct RejectedCodes;

const REJECTED_CODES: Table = Table {
    name: "rejected_codes",
    columns: "organization_id TEXT NOT NULL,
                  day TEXT NOT NULL,
                  wrong BIGINT NOT NULL,
                  reused BIGINT NOT NULL,
                  expired BIGINT NOT NULL,
                  recovery_codes BIGINT NOT NULL,
                  lock_outs BIGINT NOT NULL",
    key: &["organization_id", "day"],
    indexes: &[],
};

/// How many codes of a person in a row were not accepted, where the last was not.
const IN_A_ROW: Table = Table {
    name: "rejected_in_a_row",
    columns: "user_id TEXT NOT NULL,
                  codes BIGINT NOT NULL",
    key: &["user_id"],
    indexes: &[],
};

/// The code in a row that closes an account (see `domain::otp::Throttle`).
const CLOSES: i64 = 5;

impl Projection for RejectedCodes {
    fn name(&self) -> &'static str {
        "rejected_codes"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        &[REJECTED_CODES, IN_A_ROW]
    }

    fn views(&self) -> &'static [NamedView] {
        const { &[DATASET.as_view("analytics_rejected_codes")] }
    }

    fn project(&self, rows: &mut Rows<'_>, event: &Recorded<Event>) -> Result<(), ProjectionError> {
        let Event::User(what) = &event.data else {
            return Ok(());
        };
        match what {
            UserEvent::OtpRejected(rejected) => reject(
                rows,
                event,
                match rejected.reason {
                    OtpRejectionReason::Wrong => [1, 0, 0, 0],
                    OtpRejectionReason::Reused => [0, 1, 0, 0],
                    OtpRejectionReason::Expired => [0, 0, 1, 0],
                },
            ),
            UserEvent::RecoveryCodeRejected(_) => reject(rows, event, [0, 0, 0, 1]),
            UserEvent::OtpVerified(_)
            | UserEvent::OtpDeviceConfirmed(_)
            | UserEvent::RecoveryCodeUsed(_)
            | UserEvent::OtpDevicesReset(_)
            | UserEvent::UserErased(_) => {
                rows.remove(&IN_A_ROW, params![Text(user_of(&event.stream)?)])
            }
            _ => Ok(()),
        }
    }
}

fn reject(
    rows: &mut Rows<'_>,
    event: &Recorded<Event>,
    [wrong, reused, expired, recovery_codes]: [i64; 4],
) -> Result<(), ProjectionError> {
    let person = params![Text(user_of(&event.stream)?)];
    let before = rows.find(&IN_A_ROW, person, |row| row.get::<i64>("codes"))?;
    let codes = before.unwrap_or(0) + 1;
    let values = values! { codes = codes };
    match before {
        None => rows.insert(&IN_A_ROW, person, values)?,
        Some(_) => rows.update(&IN_A_ROW, person, values)?,
    }
    rows.add(
        &REJECTED_CODES,
        params![
            Text(organization_of(event)?),
            day_of(event.metadata.recorded_at)
        ],
        values! {
            wrong = wrong,
            reused = reused,
            expired = expired,
            recovery_codes = recovery_codes,
            lock_outs = codes == CLOSES,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, datasets::lines};

    #[test]
    fn the_fifth_code_in_a_row_closes_an_account_once() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let person = history.registered(acme);
        let other = history.registered(acme);
        let device = history.device_confirmed(person);
        history.clock = Some("2026-11-26T23:59:59.999Z".into());
        for reason in [
            OtpRejectionReason::Wrong,
            OtpRejectionReason::Reused,
            OtpRejectionReason::Expired,
        ] {
            history.code_rejected_as(person, reason);
        }
        history.recovery_code_rejected(person);
        history.code_rejected(other);
        assert_eq!(lines(&history, &DATASET, acme), ["2026-11-26 2 1 1 1 0"]);
        // Midnight in UTC, elsewhere on Earth.
        history.clock = Some("2026-11-27T02:00:00+02:00".into());
        for _ in 5..8 {
            history.code_rejected(person);
        }
        assert_eq!(
            lines(&history, &DATASET, acme),
            ["2026-11-26 2 1 1 1 0", "2026-11-27 3 0 0 0 1"]
        );
        // Open again, whichever way; and by a clock that is late.
        history.clock = Some("2026-11-25T12:00:00Z".into());
        let four = |history: &mut History| {
            for _ in 0..4 {
                history.code_rejected(person);
            }
        };
        four(&mut history);
        history.code_accepted(person, device);
        four(&mut history);
        history.recovery_code_used(person);
        four(&mut history);
        history.device_confirmed(person);
        four(&mut history);
        history.devices_reset(person);
        four(&mut history);
        assert_eq!(
            lines(&history, &DATASET, acme),
            [
                "2026-11-25 20 0 0 0 0",
                "2026-11-26 2 1 1 1 0",
                "2026-11-27 3 0 0 0 1",
            ]
        );
        history.recovery_code_rejected(person);
        assert_eq!(lines(&history, &DATASET, acme)[0], "2026-11-25 20 0 0 1 1");
    }
}
