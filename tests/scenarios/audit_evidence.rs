//! What a reviewer takes away proves itself: an entry with the way to a signed root, and everything in
//! one file, which is whole or visibly cut off (I6).

use crate::api_credentials::{acme_with_phone, credential, machine};
use audit_log::{
    InclusionProof, Leaf, PublicKey, SignedCheckpoint, TagKey, export::Line, leaf_hash,
};
use axum::body::to_bytes;
use data_encoding::HEXLOWER;
use eventstore_schema::{EventId, Position, RecordedEvent, StreamName};
use harness::{Acme, Client, Reply, TestServer};
use pawl::{
    application::{Bearer, RequestContext},
    http::audit::export::{ExportFormat, document},
};
use reqwest::Method;
use serde_json::Value;
use std::fs;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What the reviewer checks with: the key of the tags, and the public keys.
async fn keys(acme: &Acme, by: &Client) -> (TagKey, Vec<PublicKey>) {
    let key = by.get(&acme.path("audit/key")).await.expect(200);
    assert_eq!(key["organization_id"], acme.id);
    let bytes = HEXLOWER.decode(text(&key["tag_key"]).as_bytes()).unwrap();
    let keys = key["public_keys"].as_array().unwrap();
    let keys: Vec<PublicKey> = keys.iter().map(|key| text(key).parse().unwrap()).collect();
    assert!(
        keys.iter()
            .any(|public| public.name() == text(&key["origin"]))
    );
    (TagKey::new(bytes.try_into().unwrap()), keys)
}

#[tokio::test]
async fn an_entry_is_proved_to_be_in_the_log() {
    let (server, acme, _) = acme_with_phone().await;
    let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
    let _ = acme.enforce().await;
    let (auditor, _) = server.set_up_phone(&auditor).await;
    let (tag_key, public_keys) = keys(&acme, &auditor).await;
    for entry in acme.whole_audit(&auditor).await {
        let path = acme.path(&format!("audit/{}/proof", text(&entry["event_id"])));
        let proof = auditor.get(&path).await.expect(200);
        assert_eq!(proof["leaf_index"], entry["leaf_index"]);
        let (index, record) = (proof["leaf_index"].as_u64().unwrap(), &proof["record"]);
        let record = RecordedEvent {
            position: Position(index + 1),
            stream: StreamName::named(text(&record["stream"])),
            revision: record["revision"].as_u64().unwrap(),
            id: EventId(text(&record["event_id"]).parse().unwrap()),
            event_type: text(&record["type"]),
            metadata: text(&record["metadata"]),
            data: text(&record["data"]),
        };
        assert_eq!(record.event_type, entry["type"]);
        let leaf = Leaf::of(&record, index, &tag_key);
        assert_eq!(HEXLOWER.encode(&leaf.tag.0), proof["tag"]);
        let hash = leaf_hash(&leaf.to_bytes());
        assert_eq!(hash.to_string(), proof["leaf_hash"]);
        let (inclusion, signed) = InclusionProof::parse(&text(&proof["tlog_proof"])).unwrap();
        assert_eq!(
            signed,
            SignedCheckpoint::parse(&text(&proof["checkpoint"])).unwrap()
        );
        let (checkpoint, _) = signed.verify(&public_keys).unwrap();
        inclusion.verify(hash, checkpoint).unwrap();
        assert_eq!(
            inclusion.hashes.len(),
            proof["hashes"].as_array().unwrap().len()
        );
    }
    let entry = &acme.audit(&auditor).await[0];
    let path = acme.path(&format!("audit/{}/proof", text(&entry["event_id"])));
    let request = auditor
        .request(Method::GET, &path)
        .header("accept", "text/plain");
    let plain = Reply::to(request).await;
    assert_eq!(plain.header("content-type"), "text/plain; charset=utf-8");
    assert!(InclusionProof::parse(&plain.text).is_ok(), "{}", plain.text);
}

async fn export(acme: &Acme, by: &Client, format: &str) -> Reply {
    by.get(&acme.path(&format!("audit/export?format={format}")))
        .await
}

#[tokio::test]
async fn everything_is_exported_in_each_form_and_remembered() {
    let (server, acme, phone) = acme_with_phone().await;
    let made = credential(&acme, &["audit:read"]).await;
    let machine = machine(&server.client, &made).await;
    let before = acme.whole_audit(&acme.ada).await;

    let file = export(&acme, &acme.ada, "pawl").await;
    assert_eq!(file.header("content-type"), "application/x-ndjson");
    let name = format!("attachment; filename=\"audit-{}.ndjson\"", acme.id);
    assert_eq!(file.header("content-disposition"), name);
    let lines: Vec<Line> = file
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let records = lines.iter().filter_map(|line| match line {
        Line::Record(record) => Some(record.event_id.to_string()),
        _ => None,
    });
    let expected: Vec<_> = before
        .iter()
        .map(|event| text(&event["event_id"]))
        .collect();
    assert!(records.collect::<Vec<_>>().starts_with(&expected));
    assert!(matches!(lines.first(), Some(Line::Header(_))));
    assert!(matches!(lines.last(), Some(Line::End(_))));

    for (format, media_type) in [
        ("cloudevents", "application/x-ndjson"),
        ("ocsf", "application/x-ndjson"),
        ("csv", "text/csv"),
    ] {
        let file = export(&acme, &machine, format).await;
        assert_eq!(file.status, 200, "{}", file.text);
        assert!(
            file.header("content-type").starts_with(media_type),
            "{format}"
        );
        assert!(file.text.lines().count() >= before.len(), "{format}");
        assert!(
            file.text.contains(&text(&before[0]["event_id"])),
            "{format}"
        );
    }
    export(&acme, &machine, "xml")
        .await
        .problem(400, "invalid-parameter");

    let mut exports = acme.whole_audit(&acme.ada).await;
    exports.retain(|event| event["type"] == "AuditExported");
    let told: Vec<_> = exports
        .iter()
        .map(|one| (&one["data"]["format"], &one["actor"]["kind"]))
        .collect();
    assert_eq!(
        serde_json::json!(told),
        serde_json::json!([
            ["pawl", "user"],
            ["cloudevents", "api_credential"],
            ["ocsf", "api_credential"],
            ["csv", "api_credential"]
        ])
    );

    // A stolen session takes nothing away.
    server.wait_steps(11);
    let head = server.client.head().await;
    export(&acme, &acme.ada, "csv")
        .await
        .problem(403, "fresh-second-factor-required");
    assert_eq!(server.client.head().await, head);
    let _ = phone;
}

/// Whoever keeps a file that was cut off believes it whole otherwise.
#[tokio::test]
async fn an_export_of_a_log_that_was_changed_is_cut_off() {
    let (server, acme) = TestServer::with_acme().await;
    assert_eq!(export(&acme, &acme.ada, "csv").await.status, 200);
    for format in ["pawl", "csv"] {
        // What comes later is written from memory, so nothing may still be on its way.
        let _ = server.pawl().catch_up().await.unwrap();
        server.pawl().wait_until_signed().await.unwrap();
        let folder = server.data().join("audit-log/tile/entries/000.p");
        for bundle in fs::read_dir(folder).unwrap() {
            let bundle = bundle.unwrap().path();
            let mut bytes = fs::read(&bundle).unwrap();
            bytes[2] ^= 1;
            fs::write(&bundle, bytes).unwrap();
        }
        let path = acme.path(&format!("audit/export?format={format}"));
        let response = acme.ada.request(Method::GET, &path).send().await;
        let cut_off = match response {
            Err(_) => true,
            Ok(response) => response.status() == 200 && response.text().await.is_err(),
        };
        assert!(cut_off, "{format}");
    }
}

/// A file that is fetched slowly is no right that outlives the one by which it was begun.
#[tokio::test]
async fn an_export_ends_with_the_right_to_it() {
    let (server, acme) = TestServer::with_acme().await;
    let auditor = server.join(&acme.ada, &acme.id, "grace", "auditor").await;
    let open = async || {
        let (organization, token) = (acme.id.parse().unwrap(), Bearer::parse(auditor.token()));
        let (format, request) = (ExportFormat::Csv, RequestContext::fresh());
        document(
            server.pawl(),
            organization,
            token.unwrap(),
            format,
            &request,
        )
        .await
    };
    let whole = to_bytes(open().await.unwrap().into_body(), usize::MAX).await;
    assert!(!whole.unwrap().is_empty());
    let begun = open().await.unwrap();
    acme.enforce().await;
    assert_eq!(auditor.get("/v1/session").await.status, 200);
    assert!(to_bytes(begun.into_body(), usize::MAX).await.is_err());
    assert!(open().await.is_err());
}
