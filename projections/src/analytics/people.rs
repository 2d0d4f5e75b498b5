//! Datasets about people and their authenticators, over the tables of [`Adoption`].

use super::{Column, Dataset, Kind};
use crate::adoption::Adoption;

/// How a second factor spreads.
pub const ADOPTION: Dataset = Dataset {
    name: "adoption",
    title: "Adoption of a second factor",
    says: "Each day on which one of the numbers changed: what they were when it ended. Between two such \
           days, they stayed what they were.\n\n\
           An invitation is pending from when it is first sent until it is accepted, taken back, or the \
           person is erased; also after its link has expired, because it can be sent again. Whoever is \
           disabled counts as nothing until they are enabled again, with the authenticators that they \
           had.\n\n\
           Where a clock was late and an event of a person has an earlier day than the one before it, it \
           counts on the day of that one: nobody is counted as gone before they came.",
    projection: &Adoption,
    sql: "SELECT organization_id, day,
              CAST(sum(people) OVER so_far AS BIGINT) AS people,
              CAST(sum(with_device) OVER so_far AS BIGINT) AS with_device,
              CAST(sum(pending) OVER so_far AS BIGINT) AS pending
          FROM (
              SELECT organization_id, day,
                  sum(CASE WHEN standing = 'active' THEN people ELSE 0 END) AS people,
                  sum(CASE WHEN standing = 'active' AND devices > 0 THEN people ELSE 0 END)
                      AS with_device,
                  sum(CASE WHEN standing = 'pending' THEN people ELSE 0 END) AS pending
              FROM adoption
              GROUP BY organization_id, day
          ) AS changes
          WHERE people <> 0 OR with_device <> 0 OR pending <> 0
          WINDOW so_far AS (PARTITION BY organization_id ORDER BY day)",
    columns: &[
        Column::ORGANIZATION,
        Column::DAY,
        Column::new("people", Kind::Count, "people who can sign in"),
        Column::new(
            "with_device",
            Kind::Count,
            "those of them who have a confirmed authenticator",
        ),
        Column::new("pending", Kind::Count, "invitations that are pending"),
    ],
    time: Some("day"),
    order: &["organization_id", "day"],
};

/// How many authenticators people have.
pub const DEVICES: Dataset = Dataset {
    name: "devices",
    title: "Authenticators per person",
    says: "How many of the people who can sign in have no authenticator, one, two and so on, at present. \
           Only confirmed authenticators count, and recovery codes are none.",
    projection: &Adoption,
    sql: "SELECT organization_id, devices, CAST(sum(people) AS BIGINT) AS people
          FROM adoption
          WHERE standing = 'active'
          GROUP BY organization_id, devices
          HAVING sum(adoption.people) <> 0",
    columns: &[
        Column::ORGANIZATION,
        Column::new("devices", Kind::Count, "so many authenticators"),
        Column::new(
            "people",
            Kind::Count,
            "people who have just as many, 1 or more",
        ),
    ],
    time: None,
    order: &["organization_id", "devices"],
};

/// How fast people follow an enforcement.
pub const ENFORCEMENT: Dataset = Dataset {
    name: "enforcement",
    title: "From enforcement to set-up",
    says: "How long it took, since a second factor was enforced, until the people of the organization had \
           set one up. There is a row for each organization that enforces it.\n\n\
           The people are those who could sign in when it was enforced. Whoever had an authenticator by \
           then took 0 seconds; else the first that they confirm counts, and what becomes of it later \
           does not. Those who are disabled or erased before they have set one up are left out for good, \
           also if they are enabled again. Those who are invited, accept or are enabled later do not \
           count. Who was there by then is decided by the order of the log, \
           whatever the clocks said.",
    projection: &Adoption,
    sql: "SELECT cohort.organization_id, cohort.enforced_at, cohort.people,
              CAST(max(reached) AS BIGINT) AS set_up,
              min(CASE WHEN reached * 100 >= cohort.people * 50 AND cohort.people > 0
                  THEN seconds END) AS seconds_to_50,
              min(CASE WHEN reached * 100 >= cohort.people * 90 AND cohort.people > 0
                  THEN seconds END) AS seconds_to_90,
              min(CASE WHEN reached * 100 >= cohort.people * 99 AND cohort.people > 0
                  THEN seconds END) AS seconds_to_99
          FROM adoption_cohorts AS cohort
          JOIN (
              SELECT organization_id, seconds,
                  sum(people) OVER (PARTITION BY organization_id ORDER BY seconds) AS reached
              FROM adoption_set_ups
          ) AS steps ON steps.organization_id = cohort.organization_id
          GROUP BY cohort.organization_id, cohort.enforced_at, cohort.people",
    columns: &[
        Column::ORGANIZATION,
        Column::new("enforced_at", Kind::Time, "when it was enforced"),
        Column::new("people", Kind::Count, "the people looked at"),
        Column::new(
            "set_up",
            Kind::Count,
            "those of them who have set up, so far",
        ),
        Column::new(
            "seconds_to_50",
            Kind::Seconds,
            "after so long, half of them had; empty where they have not yet",
        ),
        Column::new("seconds_to_90", Kind::Seconds, "the same for 90 % of them"),
        Column::new("seconds_to_99", Kind::Seconds, "the same for 99 % of them"),
    ],
    time: Some("enforced_at"),
    order: &["organization_id"],
};
