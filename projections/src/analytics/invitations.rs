//! What became of invitations, over the table of [`Invitations`].

use super::{Column, Dataset, Kind};
use crate::invitations::Invitations;

/// The dataset.
pub const DATASET: Dataset = Dataset {
    name: "invitations",
    title: "Invitations",
    says: "Each day on which people were invited: how many were, and what became of these invitations, \
           whenever it did. The numbers of a day change as long as some of its invitations are open.\n\n\
           An invitation that is sent again stays with the day on which it was first sent; whether it has \
           expired is decided by its newest link. What is accepted stays accepted, whatever becomes of \
           the person. No event tells of the end of a link, the clock does: the view asks that of the \
           machine that reads it. DuckDB does not know the clock of SQLite and takes all columns of this \
           view for text: cast what you add up.",
    projection: &Invitations,
    sql: "SELECT organization_id, invited_on AS day,
              count(status) AS sent,
              CAST(sum(CASE WHEN status = 'accepted' THEN 1 ELSE 0 END) AS BIGINT) AS accepted,
              CAST(sum(CASE WHEN status = 'revoked' THEN 1 ELSE 0 END) AS BIGINT) AS revoked,
              CAST(sum(CASE WHEN status = 'pending' AND expires <= {now} THEN 1 ELSE 0 END)
                  AS BIGINT) AS expired,
              CAST(sum(CASE WHEN status = 'pending' AND expires > {now} THEN 1 ELSE 0 END)
                  AS BIGINT) AS pending,
              CAST(sum(CASE WHEN status = 'erased' THEN 1 ELSE 0 END) AS BIGINT) AS erased,
              CAST((min(CASE WHEN place >= (answers + 1) / 2 THEN seconds_to_accept END)
                  + min(CASE WHEN place >= (answers + 2) / 2 THEN seconds_to_accept END)) / 2
                  AS BIGINT) AS median_seconds_to_accept
          FROM (
              SELECT organization_id, invited_on, status, expires, seconds_to_accept,
                  count(seconds_to_accept) OVER (PARTITION BY organization_id, invited_on) AS answers,
                  row_number() OVER (
                      PARTITION BY organization_id, invited_on
                      ORDER BY CASE WHEN seconds_to_accept IS NULL THEN 1 ELSE 0 END,
                          seconds_to_accept
                  ) AS place
              FROM invitations
          ) AS placed
          GROUP BY organization_id, invited_on",
    columns: &[
        Column::ORGANIZATION,
        Column::new("day", Kind::Date, "the day on which they were first sent"),
        Column::new(
            "sent",
            Kind::Count,
            "invitations: the sum of the next five columns",
        ),
        Column::new("accepted", Kind::Count, "those that were accepted"),
        Column::new("revoked", Kind::Count, "those that were taken back"),
        Column::new(
            "expired",
            Kind::Count,
            "those that wait for an answer, and whose link is dead by now",
        ),
        Column::new(
            "pending",
            Kind::Count,
            "those that wait for an answer, and whose link is good",
        ),
        Column::new(
            "erased",
            Kind::Count,
            "those whose person was erased before they answered",
        ),
        Column::new(
            "median_seconds_to_accept",
            Kind::Seconds,
            "of those that were accepted, half took this long or less since they were first sent; empty \
             where none was",
        ),
    ],
    time: Some("day"),
    order: &["organization_id", "day"],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        History, at,
        datasets::{lines, lines_at},
    };
    use eventstore_schema::Actor;

    #[test]
    fn an_invitation_stays_with_the_day_on_which_it_was_first_sent() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        history.clock = Some("2026-11-26T23:59:59Z".into());
        let [open, resent, revoked, erased, a, b, c] =
            [(); 7].map(|()| history.invited(acme, Actor::Operator));
        history.invited(other, Actor::Operator);
        history.clock = Some("2026-11-27T02:00:00+02:00".into());
        let late = history.invited(acme, Actor::Operator);
        history.resent(resent);
        history.revoked(revoked);
        history.erased(erased);
        history.accepted(a);
        assert_eq!(
            lines(&history, &DATASET, acme),
            ["2026-11-26 7 1 1 0 4 1 1", "2026-11-27 1 0 0 0 1 0 -"]
        );
        history.clock = Some("2026-11-27T00:00:10.999Z".into());
        history.accepted(b);
        // The middle of 1 and 11 seconds, then the middle one of 1, 11 and 301.
        assert_eq!(
            lines(&history, &DATASET, acme)[0],
            "2026-11-26 7 2 1 0 3 1 6"
        );
        history.clock = Some("2026-11-27T00:05:00Z".into());
        history.accepted(c);
        // By a clock that is late, before it was sent.
        history.clock = Some("2026-11-26T23:00:00Z".into());
        history.accepted(late);
        // What became of the person does not change what became of the invitation.
        history.erased(c);
        let expected = ["2026-11-26 7 3 1 0 2 1 11", "2026-11-27 1 1 0 0 0 0 0"];
        assert_eq!(lines(&history, &DATASET, acme), expected);

        // The clock tells that a link is dead, at the moment that it says, and of the newest link only.
        for (second, first_day) in [
            (at(999), "7 3 1 0 2 1 11"),
            (at(1_000), "7 3 1 1 1 1 11"),
            (at(1_999), "7 3 1 1 1 1 11"),
            (at(2_000), "7 3 1 2 0 1 11"),
        ] {
            let days = lines_at(&history, &DATASET, acme, second);
            assert_eq!(days[0], format!("2026-11-26 {first_day}"), "at {second}");
        }
        history.resent(open);
        let days = lines_at(&history, &DATASET, acme, at(1_999));
        assert_eq!(days[0], "2026-11-26 7 3 1 0 2 1 11");
    }
}
