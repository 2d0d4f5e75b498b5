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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{History, datasets::lines};
    use eventstore_schema::Actor;

    #[test]
    fn a_machine_is_counted_by_what_it_caused() {
        let mut history = History::default();
        let acme = history.organization("Acme");
        let other = history.organization("Other");
        let admin = history.registered(acme);
        let [busy, idle] = [(); 2].map(|()| history.credential_created(admin));
        history.clock = Some("2026-11-26T23:59:59Z".into());
        history.token_issued(admin, busy);
        history.token_issued(admin, busy);
        history.clock = Some("2026-11-27T01:59:59+02:00".into());
        let invited = history.invited(acme, Actor::ApiCredential(busy));
        history.clock = Some("2026-11-27T00:00:00Z".into());
        history.invited(acme, Actor::ApiCredential(busy));
        // By people, not by machines.
        history.accepted(invited);
        history.secret_rotated(admin, idle);
        history.credential_revoked(admin, idle);
        // By a clock that is late, and of a credential that is revoked by now.
        history.clock = Some("2026-11-25T12:00:00Z".into());
        history.token_issued(admin, busy);
        history.credential_revoked(admin, busy);
        let [day_before, day, day_after] = ["25", "26", "27"].map(|day| format!("2026-11-{day}"));
        assert_eq!(
            lines(&history, &DATASET, acme),
            [
                format!("{day_before} {busy} Backup 1 0"),
                format!("{day} {busy} Backup 2 1"),
                format!("{day_after} {busy} Backup 0 1"),
            ]
        );
        assert!(lines(&history, &DATASET, other).is_empty());
    }
}
