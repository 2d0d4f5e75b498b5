//! What can happen to the credentials of machines.

use super::{History, Person, at};
use eventstore_schema::{
    AccessTokenIssued, Actor, ApiCredentialCreated, ApiCredentialEvent, ApiCredentialId,
    ApiCredentialRevoked, ApiCredentialSecretRotated, ScopeName, StreamName, TokenDigest,
};

impl History {
    pub(crate) fn credential_created(&mut self, by: Person) -> ApiCredentialId {
        let id = ApiCredentialId(self.id());
        let event = ApiCredentialCreated {
            organization_id: by.1,
            name: "Backup".into(),
            scopes: vec![ScopeName("users:read".into())],
            secret_digest: TokenDigest("4".into()),
            expires_at: at(9_000),
        };
        self.of_credential(by, id, Actor::User(by.0), event);
        id
    }

    pub(crate) fn secret_rotated(&mut self, by: Person, id: ApiCredentialId) {
        let event = ApiCredentialSecretRotated {
            secret_digest: TokenDigest("5".into()),
            old_secret_until: at(4_000),
        };
        self.of_credential(by, id, Actor::User(by.0), event);
    }

    pub(crate) fn token_issued(&mut self, by: Person, id: ApiCredentialId) {
        let event = AccessTokenIssued {
            token_digest: TokenDigest("6".into()),
            scopes: vec![ScopeName("users:read".into())],
            expires_at: at(5_000),
        };
        self.of_credential(by, id, Actor::ApiCredential(id), event);
    }

    pub(crate) fn credential_revoked(&mut self, by: Person, id: ApiCredentialId) {
        self.of_credential(by, id, Actor::User(by.0), ApiCredentialRevoked {});
    }

    fn of_credential(
        &mut self,
        by: Person,
        id: ApiCredentialId,
        actor: Actor,
        event: impl Into<ApiCredentialEvent>,
    ) {
        let stream = StreamName::api_credential(id);
        self.record(stream, Some(by.1), actor, event.into());
    }
}
