//! How machines use their credentials, over the tables of [`ApiCredentials`].

use super::{Column, Dataset, Kind};
use crate::api_credentials::ApiCredentials;

/// The dataset.
pub const DATASET: Dataset = Dataset {
    name: "credential_use",
    title: "Use of API credentials",
    says: "Each day on which a machine did something with an API credential that the log remembers: how \
           many access tokens it was given (`AccessTokenIssued`), and how many other events it caused.\n\n\
           The log does not remember requests. What a machine only reads leaves no event, save that it \
           looked at the audit trail (`AuditRead`, `AuditExported`), and a request for a token that was \
           refused leaves none either. A token is good for many requests, and a machine may ask for more \
           of them than it needs: tokens say on which days a credential was in use, not how much.",
    projection: &ApiCredentials,
    sql: "SELECT days.organization_id, days.day, days.api_credential_id, api_credentials.name,
              days.tokens, days.events
          FROM api_credential_days AS days
          JOIN api_credentials ON api_credentials.api_credential_id = days.api_credential_id",
    columns: &[
        Column::ORGANIZATION,
        Column::DAY,
        Column::new("api_credential_id", Kind::Id, "the credential"),
        Column::new("name", Kind::Text, "what people call the credential"),
        Column::new("tokens", Kind::Count, "access tokens that it was given"),
        Column::new(
            "events",
            Kind::Count,
            "other events that the machine caused, such as people invited",
        ),
    ],
    time: Some("day"),
    order: &["organization_id", "day", "api_credential_id"],
};
