//! I6: outsiders can check. Whoever has the address of a server, and nothing else, follows its history;
//! whoever keeps a checkpoint notices when it is not the same any more.

use audit_log::{
    Authenticated, Leaf, consistency_proof, inclusion_proof, leaf_hash, verify_consistency,
};
use axum::Router;
use eventstore::Direction;
use eventstore_schema::{Position, RecordedEvent};
use harness::{Reply, ServedLog, TestServer, Witness};
use pawl::audit_log::{owner, tag_key};
use reqwest::Method;
use tokio::net::TcpListener;

async fn records(server: &TestServer) -> Vec<RecordedEvent> {
    let page = server
        .log()
        .read_all(Position::START, Direction::Forwards, 1_000);
    page.await.unwrap()
}

/// How many events the log has.
async fn events(server: &TestServer) -> u64 {
    records(server).await.len() as u64
}

#[tokio::test]
async fn everybody_can_check_that_every_event_is_there_and_only_grows() {
    let (server, acme) = TestServer::with_acme().await;
    let first = ServedLog::with(&server.client, events(&server).await).await;
    let (earlier, _) = first.checkpoint.verify(&first.keys).unwrap();

    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    acme.enforce().await;
    let records = records(&server).await;
    let log = ServedLog::with(&server.client, records.len() as u64).await;
    let (now, _) = log.checkpoint.verify(&log.keys).unwrap();
    let tree = Authenticated::open(&log, now).unwrap();
    let leaves = log.leaves();
    assert_eq!(leaves.len(), records.len());
    for (index, (record, found)) in (0..).zip(records.iter().zip(&leaves)) {
        let key = tag_key(&server.keyring(), owner(record));
        assert_eq!(*found, Leaf::of(record, index, &key));
        let hashes = tree.tile(0, 0).unwrap();
        let hash = leaf_hash(&found.to_bytes());
        assert_eq!(hashes[usize::try_from(index).unwrap()], hash);
        let proof = inclusion_proof(index, now, &log).unwrap();
        proof.verify(hash, now).unwrap();
    }
    let proof = consistency_proof(earlier.size, now, &log).unwrap();
    verify_consistency(&proof, earlier, now).unwrap();

    // Ada's organization recognises its own by the key, and nothing else.
    let own = tag_key(&server.keyring(), Some(acme.id.parse().unwrap()));
    let mine = |(index, leaf): (u64, &Leaf)| leaf.tag == own.tag(index);
    let recognised: Vec<_> = (0..).zip(&leaves).map(mine).collect();
    let is_acmes =
        |record: &RecordedEvent| owner(record).is_some_and(|id| id.to_string() == acme.id);
    let theirs: Vec<_> = records.iter().map(is_acmes).collect();
    assert_eq!(recognised, theirs);
    assert!(theirs.contains(&true) && theirs.contains(&false));
}

#[tokio::test]
async fn the_tree_is_the_same_after_its_files_were_lost_and_a_restart() {
    let (server, acme) = TestServer::with_acme().await;
    let size = events(&server).await;
    let before = ServedLog::with(&server.client, size).await;
    let server = server
        .restart_after(|data| std::fs::remove_dir_all(data.join("audit-log")).unwrap())
        .await;
    let after = ServedLog::with(&server.client, size).await;
    assert_eq!(after.checkpoint, before.checkpoint);
    assert!(after.leaves() == before.leaves() && after.keys == before.keys);
    let server = server.restart_after(|_| ()).await;
    let ada = server.client.same_session(&acme.ada);
    let _ = server.invite(&ada, &acme.id, "grace", "member").await;
    let grown = ServedLog::with(&server.client, events(&server).await).await;
    let (now, _) = grown.checkpoint.verify(&before.keys).unwrap();
    let earlier = before.checkpoint.unverified();
    let proof = consistency_proof(earlier.size, now, &grown).unwrap();
    verify_consistency(&proof, earlier, now).unwrap();
}

#[tokio::test]
async fn it_is_served_to_everybody_and_nothing_beside_it_is() {
    let (server, _) = TestServer::with_acme().await;
    let size = events(&server).await;
    let log = ServedLog::with(&server.client, size).await;
    let size = log.checkpoint.unverified().size;
    let tile = format!("tile/0/000.p/{size}");
    let bundle = format!("tile/entries/000.p/{size}");
    let text = "text/plain; charset=utf-8";
    let bytes = "application/octet-stream";
    let for_ever = "public, max-age=31536000, immutable";
    for (path, kind, cache) in [
        ("checkpoint", text, "public, max-age=1"),
        ("keys", text, "public, max-age=1"),
        (&tile, bytes, for_ever),
        (&bundle, bytes, for_ever),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let request = server.client.request(method, &format!("/audit/log/{path}"));
            let reply = request.send().await.unwrap();
            assert_eq!(reply.status(), 200, "{path}");
            assert_eq!(reply.headers()["content-type"], kind, "{path}");
            assert_eq!(reply.headers()["cache-control"], cache, "{path}");
        }
        let request = server
            .client
            .request(Method::PUT, &format!("/audit/log/{path}"));
        assert_eq!(Reply::to(request).await.status, 405, "{path}");
    }
    for path in [
        "",
        "cursor",
        "tile",
        "tile/0",
        "tile/0/001",
        "tile/0/000.p/255",
        "tile/00/000",
        "tile/entries/..%2f..%2fcheckpoint",
        "tile/..%2f..%2f..%2fmaster.key",
        "tile/%2fetc%2fpasswd",
        "tile/0/000.p%2f..%2f..%2f..%2fcursor",
    ] {
        let _ = server
            .client
            .get(&format!("/audit/log/{path}"))
            .await
            .expect(404);
    }
}

/// A witness whose answer to everything is a signature that nobody made.
async fn liar() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async || "\u{2014} liar.example AAAA\n");
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let key = Witness::named("liar.example").await.key().clone();
    format!("{key} http://{address}")
}

#[tokio::test]
async fn witnesses_sign_what_has_only_grown_and_hold_nobody_up() {
    let [one, other, silent] = [
        Witness::named("one.example").await,
        Witness::named("other.example").await,
        Witness::named("silent.example").await,
    ];
    let mut settings = [&one, &other, &silent]
        .map(|witness| witness.setting.clone())
        .to_vec();
    settings.push(liar().await);
    let settings: Vec<_> = settings
        .iter()
        .map(|witness| witness.parse().unwrap())
        .collect();
    let (server, acme) = TestServer::with_acme_and(move |flags| {
        flags.witnesses = Some(settings.clone());
    })
    .await;
    // The third never hears of the log, so it answers that it does not know it.
    let log = ServedLog::with(&server.client, events(&server).await).await;
    for witness in [&one, &other] {
        witness.knows(log.keys.clone());
    }
    let server = server.restart_after(|_| ()).await;
    let ada = server.client.same_session(&acme.ada);
    let mut keys = log.keys.clone();
    keys.extend([&one, &other, &silent].map(|witness| witness.key().clone()));
    for who in ["grace", "hedy"] {
        let _ = server.invite(&ada, &acme.id, who, "member").await;
        let size = events(&server).await;
        let log = ServedLog::with(&server.client, size).await;
        let (now, witnesses) = log.checkpoint.verify(&keys).unwrap();
        assert_eq!(witnesses, [one.key(), other.key()]);
        let kept = one.newest().unwrap();
        assert_eq!(kept.unverified(), now);
    }
}
