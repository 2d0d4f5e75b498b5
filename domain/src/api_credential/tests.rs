use super::{testing::*, *};
use crate::{
    Mandate, Permission,
    testing::{acme, authority, authority_elsewhere, digest, given, now, recorded, state, user},
};
use chrono::TimeDelta;
use eventstore_schema::{Actor, ApiCredentialId, ApiCredentialRevoked, OrganizationId, Role};
use uuid::Uuid;

const ID: ApiCredentialId = ApiCredentialId(Uuid::from_u128(1));
const BOTH: &[&str] = &["users:read", "audit:read"];

fn hour() -> TimeDelta {
    TimeDelta::hours(1)
}

fn mandate(
    history: Vec<ApiCredentialEvent>,
    token: &str,
    at: DateTime<Utc>,
) -> Result<Mandate, Rejection> {
    Mandate::of_machine(ID, &state(history), &digest(token), at)
}

#[test]
fn an_administrator_makes_a_credential_once() {
    let nothing: [ApiCredentialEvent; 0] = [];
    given(nothing)
        .when::<ApiCredential, _>(create(), &shown(Role::Admin))
        .then([created()]);
    given([created(), ApiCredentialRevoked {}.into()])
        .when::<ApiCredential, _>(create(), &shown(Role::Admin))
        .then_nothing();
}

#[test]
fn only_administrators_of_the_organization_manage_credentials() {
    let roles = [
        Role::UserManager,
        Role::Auditor,
        Role::Analyst,
        Role::Member,
    ];
    let revoke = RevokeApiCredential {
        organization_id: acme(),
    };
    let others = roles.map(|role| (shown(role), Rejection::Forbidden));
    let elsewhere = (authority_elsewhere(Role::Admin), Rejection::NotFound);
    for (by, rejection) in others.into_iter().chain([elsewhere]) {
        given([] as [ApiCredentialEvent; 0])
            .when::<ApiCredential, _>(create(), &by)
            .then_rejected(&rejection);
        given([created()])
            .when::<ApiCredential, _>(rotate("new", 0), &by)
            .then_rejected(&rejection);
        given([created()])
            .when::<ApiCredential, _>(revoke, &by)
            .then_rejected(&rejection);
    }
    // Another organization's credential, asked for in one's own.
    let organization_id = OrganizationId(Uuid::from_u128(200));
    let ApiCredentialEvent::ApiCredentialCreated(theirs) = created() else {
        unreachable!()
    };
    let theirs = ApiCredentialCreated {
        organization_id,
        ..theirs
    };
    given([theirs.clone()])
        .when::<ApiCredential, _>(rotate("new", 0), &shown(Role::Admin))
        .then_rejected(&Rejection::NotFound);
    given([theirs])
        .when::<ApiCredential, _>(revoke, &shown(Role::Admin))
        .then_rejected(&Rejection::NotFound);
}

/// Or a password that was stolen before enforcement would open the organization after it.
#[test]
fn it_takes_two_factors_to_make_a_credential_or_to_renew_it() {
    let later = CreateApiCredential {
        at: now() + TimeDelta::minutes(6),
        ..create()
    };
    given([] as [ApiCredentialEvent; 0])
        .when::<ApiCredential, _>(create(), &authority(Role::Admin))
        .then_rejected(&Rejection::OtpDeviceMissing);
    given([] as [ApiCredentialEvent; 0])
        .when::<ApiCredential, _>(later, &shown(Role::Admin))
        .then_rejected(&Rejection::FreshSecondFactorRequired);
    given([created()])
        .when::<ApiCredential, _>(rotate("new", 0), &authority(Role::Admin))
        .then_rejected(&Rejection::OtpDeviceMissing);
    let later = RotateApiCredentialSecret {
        at: now() + TimeDelta::minutes(6),
        ..rotate("new", 0)
    };
    given([created()])
        .when::<ApiCredential, _>(later, &shown(Role::Admin))
        .then_rejected(&Rejection::FreshSecondFactorRequired);
}

#[test]
fn a_lifetime_and_an_overlap_have_bounds() {
    for days in [0, 366] {
        assert!(Lifetime::of_days(days).is_err(), "{days}");
    }
    assert_eq!(Lifetime::of_days(90), Ok(Lifetime::default()));
    assert!(Lifetime::of_days(365).is_ok());
    assert!(Overlap::of_hours(169).is_err());
    assert!(Overlap::of_hours(0).is_ok() && Overlap::of_hours(168).is_ok());
}

#[test]
fn the_secret_is_good_for_tokens_until_the_credential_ends() {
    let actor = Actor::ApiCredential(ID);
    let at = |later| IssueAccessToken {
        at: now() + later,
        ..ask("secret")
    };
    let issue = |history: &[ApiCredentialEvent], command| {
        given(history.to_vec()).when::<ApiCredential, _>(command, &actor)
    };
    let live = [created()];
    issue(&live, ask("secret")).then([issued("token", BOTH, hour())]);
    for wrong in ["", "secre", "secrets", "token"] {
        issue(&live, ask(wrong)).then_rejected(&Rejection::Unauthenticated);
    }
    issue(&[], ask("secret")).then_rejected(&Rejection::Unauthenticated);
    let revoked = [created(), ApiCredentialRevoked {}.into()];
    issue(&revoked, ask("secret")).then_rejected(&Rejection::Unauthenticated);
    // The last token ends with the credential.
    let end = TimeDelta::days(90);
    let last = at(end - TimeDelta::minutes(5));
    issue(&live, last).then([issued("token", BOTH, end)]);
    issue(&live, at(end)).then_rejected(&Rejection::Unauthenticated);
}

#[test]
fn a_token_opens_less_than_the_credential_but_never_more() {
    let narrowed = |names| IssueAccessToken {
        scopes: Some(scopes(names)),
        ..ask("secret")
    };
    let actor = Actor::ApiCredential(ID);
    given([created()])
        .when::<ApiCredential, _>(narrowed(&["users:read"]), &actor)
        .then([issued("token", &["users:read"], hour())]);
    given([created()])
        .when::<ApiCredential, _>(narrowed(&["users:read", "users:invite"]), &actor)
        .then_rejected(&Rejection::ScopeMissing {
            scope: "users:invite",
        });

    let history = vec![created(), issued("token", &["users:read"], hour())];
    let machine = mandate(history, "token", now()).unwrap();
    assert_eq!(machine.permit(Permission::ReadUsers, acme()), Ok(()));
    assert_eq!(
        machine.permit(Permission::ReadAudit, acme()),
        Err(Rejection::ScopeMissing {
            scope: "audit:read"
        })
    );
    assert_eq!(
        machine.permit(Permission::ResetOtpDevices, acme()),
        Err(Rejection::PersonRequired)
    );
    let elsewhere = OrganizationId(Uuid::from_u128(200));
    assert_eq!(
        machine.permit(Permission::ReadUsers, elsewhere),
        Err(Rejection::NotFound)
    );
    assert!(!machine.is_of(user(1)));
}

#[test]
fn the_old_secret_and_its_tokens_end_with_the_overlap() {
    let actor = Actor::ApiCredential(ID);
    let at = |secret, later| IssueAccessToken {
        at: now() + later,
        ..ask(secret)
    };
    let before = || vec![created(), issued("before", BOTH, hour())];
    given([created()])
        .when::<ApiCredential, _>(rotate("new", 24), &shown(Role::Admin))
        .then([rotated("new", TimeDelta::hours(24))]);
    for minutes in [0, 30] {
        let overlap = TimeDelta::minutes(minutes);
        let mut history = before();
        history.push(rotated("new", overlap));
        let issue = |command| given(history.clone()).when::<ApiCredential, _>(command, &actor);
        issue(at("new", overlap)).then([issued("token", BOTH, overlap + hour())]);
        issue(at("secret", overlap)).then_rejected(&Rejection::Unauthenticated);
        let opens = |later| mandate(history.clone(), "before", now() + later).is_ok();
        assert!(!opens(overlap), "{minutes}");
        if minutes > 0 {
            let just = overlap - TimeDelta::seconds(1);
            assert!(opens(just));
            issue(at("secret", just)).then([issued("token", BOTH, overlap)]);
        }
        // Renewed again: the oldest of three is no secret any more.
        history.push(rotated("newer", TimeDelta::hours(1)));
        given(history)
            .when::<ApiCredential, _>(ask("secret"), &actor)
            .then_rejected(&Rejection::Unauthenticated);
    }
}

#[test]
fn a_credential_that_is_over_is_not_renewed_and_its_tokens_are_dead() {
    let mut history = vec![created(), issued("token", BOTH, TimeDelta::days(365))];
    assert!(mandate(history.clone(), "token", now()).is_ok());
    assert!(mandate(history.clone(), "secret", now()).is_err());
    let end = now() + TimeDelta::days(90);
    assert!(mandate(history.clone(), "token", end).is_err());
    let revoke = RevokeApiCredential {
        organization_id: acme(),
    };
    given(history.clone())
        .when::<ApiCredential, _>(revoke, &authority(Role::Admin))
        .then([ApiCredentialRevoked {}]);
    history.push(ApiCredentialRevoked {}.into());
    assert!(mandate(history.clone(), "token", now()).is_err());
    given(history.clone())
        .when::<ApiCredential, _>(revoke, &authority(Role::Admin))
        .then_nothing();
    given(history)
        .when::<ApiCredential, _>(rotate("new", 0), &shown(Role::Admin))
        .then_rejected(&Rejection::ApiCredentialOver);
}

#[test]
fn a_token_lives_an_hour_and_the_newest_fifty_live() {
    let mut credential = state::<ApiCredential>([created()]);
    for n in 0..60 {
        let token = issued(&format!("token {n}"), BOTH, hour());
        credential.evolve(&recorded(1 + n, token));
    }
    let opens =
        |n, at| Mandate::of_machine(ID, &credential, &digest(&format!("token {n}")), at).is_ok();
    let just = now() + hour() - TimeDelta::seconds(1);
    let live: Vec<_> = (0..60).filter(|n| opens(*n, just)).collect();
    assert_eq!(live, (10..60).collect::<Vec<_>>());
    assert!(!opens(59, now() + hour()));
}

/// Or it could invite itself, as a person, with more rights than it has.
#[test]
fn a_machine_gives_nobody_more_than_its_scopes() {
    let machine = |scopes: &[&str]| {
        let history = vec![created(), issued("token", scopes, hour())];
        mandate(history, "token", now()).unwrap()
    };
    let every: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    let all = machine(&every);
    assert_eq!(
        all.permit_giving(Role::Admin),
        Err(Rejection::PersonRequired)
    );
    for role in [
        Role::UserManager,
        Role::Auditor,
        Role::Analyst,
        Role::Member,
    ] {
        assert_eq!(all.permit_giving(role), Ok(()), "{role:?}");
    }
    let inviting = machine(&["users:invite"]);
    assert_eq!(inviting.permit_giving(Role::Member), Ok(()));
    assert!(matches!(
        inviting.permit_giving(Role::Analyst),
        Err(Rejection::ScopeMissing {
            scope: "analytics:read"
        })
    ));
    assert_eq!(
        inviting.permit_giving(Role::Admin),
        Err(Rejection::PersonRequired)
    );
}

/// What another version of Pawl knew, this one does not open.
#[test]
fn a_scope_that_is_not_known_opens_nothing() {
    let history = vec![created(), issued("token", &["everything"], hour())];
    let machine = mandate(history, "token", now()).unwrap();
    assert!(machine.permit(Permission::ReadUsers, acme()).is_err());
}
