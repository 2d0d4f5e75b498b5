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
           machine that reads it.",
    projection: &Invitations,
    sql: "SELECT organization_id, invited_on AS day,
              count(*) AS sent,
              CAST(sum(CASE WHEN status = 'accepted' THEN 1 ELSE 0 END) AS BIGINT) AS accepted,
              CAST(sum(CASE WHEN status = 'revoked' THEN 1 ELSE 0 END) AS BIGINT) AS revoked,
              CAST(sum(CASE WHEN status = 'pending' AND expires_at <= {now} THEN 1 ELSE 0 END)
                  AS BIGINT) AS expired,
              CAST(sum(CASE WHEN status = 'pending' AND expires_at > {now} THEN 1 ELSE 0 END)
                  AS BIGINT) AS pending,
              CAST(sum(CASE WHEN status = 'erased' THEN 1 ELSE 0 END) AS BIGINT) AS erased,
              (min(CASE WHEN place >= (answers + 1) / 2 THEN seconds_to_accept END)
                  + min(CASE WHEN place >= (answers + 2) / 2 THEN seconds_to_accept END)) / 2
                  AS median_seconds_to_accept
          FROM (
              SELECT organization_id, invited_on, status, expires_at, seconds_to_accept,
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
