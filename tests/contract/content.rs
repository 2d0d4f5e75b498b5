//! Content: what was appended comes back as it was, to the byte. Proofs about the log are made of
//! these bytes, so nothing on the way may read them and write them anew.

use crate::log::{Log, event, given, new_stream};
use eventstore::{
    AppendError,
    ExpectedRevision::{Any, NoStream},
    StoreError,
};
use eventstore_schema::{
    Actor, ApiCredentialId, CommandId, Metadata, NewEvent, OrganizationId, UserId,
};
use uuid::Uuid;

/// Asserts that these come back from everywhere as they are.
async fn assert_kept(log: &Log, new: Vec<NewEvent>) {
    let stream = new_stream();
    log.append(&stream, NoStream, new.clone()).await.unwrap();
    let mut follower = log.follow(log.begin, std::slice::from_ref(&stream));
    let live = follower.until(new.last().unwrap().id).await;
    let read = log.whole(&stream).await;
    let all = log.all(std::slice::from_ref(&stream)).await;
    for found in [read, all, live] {
        let found: Vec<_> = found.into_iter().map(given).collect();
        assert_eq!(found.len(), new.len());
        for (found, new) in found.iter().zip(&new) {
            // Not `assert_eq!` on the whole: a large event would fill the screen.
            assert!(found.data == new.data, "{:.100}", new.data);
            assert_eq!(found.metadata, new.metadata);
            assert_eq!((found.id, &found.event_type), (new.id, &new.event_type));
        }
    }
}

pub(crate) async fn content_comes_back_byte_for_byte(log: &Log) {
    let contents = [
        "{}",
        "null",
        r#" { "spaces" : [ 1 ,2 ] }  "#,
        "{\n\t\"lines\": true\r\n}",
        r#"{"z":1,"a":2,"m":{"y":1,"b":2}}"#,
        r#"{"twice":1,"twice":2}"#,
        "[1.0,1,1e2,1E+2,100,-0,0.10,1e-7,12345678901234567890123,0.1000000000000000055511]",
        r#"{"escapes":"\u00e9\/\"\\\b\f\n\r\t\u0000\ud83d\ude00"}"#,
        "{\"unicode\":\"é e\u{301} ß 漢字 🦀 \u{202e}right to left\u{202c} \u{2028}\u{feff}\u{7f}\"}",
        r#"{"'; DROP TABLE events; --":"$1 %s {} ?"}"#,
        r#""a string""#,
    ];
    let mut new: Vec<_> = contents.map(event).into();
    new.push(event(format!(
        "[{}]",
        "[]".repeat(500).replace("][", "],[")
    )));
    new[1].event_type = "TwoFactorEnforced".into();
    assert_kept(log, new).await;
}

pub(crate) async fn metadata_comes_back_whole(log: &Log) {
    let id = |number: u128| Uuid::from_u128(number << 64 | 0x8000_0000_0000_0001);
    let actors = [
        Actor::User(UserId(id(1))),
        Actor::ApiCredential(ApiCredentialId(id(2))),
        Actor::Operator,
        Actor::Anonymous,
    ];
    let times = [
        "2026-02-28T23:59:59.999999999Z",
        "1970-01-01T00:00:00Z",
        "2027-06-30T12:00:00Z",
        "2038-01-19T03:14:08.000001Z",
    ];
    let mut new = Vec::new();
    for (actor, time) in actors.into_iter().zip(times) {
        for (command_digest, organization_id) in [
            (None, None),
            (Some(String::new()), Some(OrganizationId(id(2)))),
            (
                Some("9f\" \\ é 🦀".to_owned()),
                Some(OrganizationId(Uuid::nil())),
            ),
        ] {
            let metadata = Metadata {
                version: u32::MAX,
                recorded_at: time.parse().unwrap(),
                actor,
                command_id: CommandId(id(3)),
                command_digest,
                organization_id,
                correlation_id: id(4),
                causation_id: Uuid::max(),
            };
            new.push(NewEvent {
                metadata: metadata.encode().unwrap(),
                ..event("{}")
            });
        }
    }
    // Of another program, and as it wrote it.
    for metadata in ["", "{}", "{ \"by\" : [\"é\", 1.0] }", "not JSON"] {
        new.push(NewEvent {
            metadata: metadata.to_owned(),
            ..event("{}")
        });
    }
    assert_kept(log, new).await;
}

pub(crate) async fn large_events_are_kept_and_larger_ones_refused(log: &Log) {
    let text = |length: usize| format!("\"{}\"", "é".repeat((length - 2) / 2));
    // Room for the metadata, which counts too.
    let large = || event(text(log.event_limit - 2048));
    assert_kept(log, vec![event("{}"), large()]).await;

    let stream = new_stream();
    let mut long_metadata = event(text(log.event_limit / 2));
    long_metadata.metadata = text(log.event_limit / 2 + 2);
    let too_large = [event(text(log.event_limit + 2)), long_metadata];
    for new in &too_large {
        let new = vec![event("{}"), new.clone()];
        let answer = log.append(&stream, Any, new).await;
        let Err(AppendError::Store(error @ StoreError::TooLarge { size, limit })) = answer else {
            panic!("{answer:?}");
        };
        assert!(
            size >= log.event_limit && limit == log.event_limit,
            "{error}"
        );
        assert!(error.to_string().contains(&limit.to_string()), "{error}");
    }
    log.holds(&stream, &[]).await;
    // What was refused has not spent its id.
    let mut smaller = large();
    smaller.id = too_large[0].id;
    log.append(&stream, NoStream, vec![smaller]).await.unwrap();
}
