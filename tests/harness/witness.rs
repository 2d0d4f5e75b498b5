//! A witness, as C2SP `tlog-witness` describes one: it signs a checkpoint once it has been shown that the
//! log has only grown since the last that it signed, and it remembers that one on disk.

use audit_log::{
    Checkpoint, Cosignature, Hash, PublicKey, SignedCheckpoint, SigningKey, verify_consistency,
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// A running witness.
pub struct Witness {
    /// Its public key and where it is, as the settings take it.
    pub setting: String,
    key: PublicKey,
    state: Arc<Memory>,
    _folder: TempDir,
}

struct Memory {
    file: PathBuf,
    key: SigningKey,
    /// The keys of the log, once it has been told.
    log: Mutex<Vec<PublicKey>>,
}

impl Witness {
    /// A witness of this name, which has seen nothing yet.
    pub async fn named(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let seed = std::array::from_fn(|index| name.as_bytes()[index % name.len()]);
        let key = SigningKey::from_seed(name, &Zeroizing::new(seed));
        let public = Cosignature::at(key.clone(), 1).public();
        let state = Arc::new(Memory {
            file: folder.path().join("newest"),
            key,
            log: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            setting: format!("{public} http://{address}"),
            key: public,
            state,
            _folder: folder,
        }
    }

    /// What its cosignatures are verified with.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Tells it the keys of the log. Until then, it knows of no log.
    pub fn knows(&self, keys: Vec<PublicKey>) {
        *self.state.log.lock().unwrap() = keys;
    }

    /// The newest checkpoint that it signed.
    #[must_use]
    pub fn newest(&self) -> Option<SignedCheckpoint> {
        self.state.newest()
    }
}

impl Memory {
    fn newest(&self) -> Option<SignedCheckpoint> {
        let text = fs::read_to_string(&self.file).ok()?;
        Some(SignedCheckpoint::parse(&text).unwrap())
    }

    fn add(&self, body: &str) -> Result<String, (StatusCode, String)> {
        let refuse = |status: StatusCode| (status, String::new());
        let bad = || refuse(StatusCode::BAD_REQUEST);
        let (head, text) = body.split_once("\n\n").ok_or_else(bad)?;
        let mut lines = head.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old: u64 = old.and_then(|old| old.parse().ok()).ok_or_else(bad)?;
        let proof: Result<Vec<_>, _> = lines.map(Hash::parse_hash).collect();
        let proof = proof.map_err(|_| bad())?;
        let signed = SignedCheckpoint::parse(text).map_err(|_| bad())?;
        // It is held while the newest is compared and replaced.
        let keys = self.log.lock().unwrap();
        if keys
            .iter()
            .all(|key| key.name() != signed.unverified().origin)
        {
            return Err(refuse(StatusCode::NOT_FOUND));
        }
        let verified = signed.verify(&keys);
        let (now, _) = verified.map_err(|_| refuse(StatusCode::FORBIDDEN))?;
        if old > now.size {
            return Err(bad());
        }
        let newest = self.newest().map(|newest| newest.unverified().clone());
        let known = newest.as_ref().map_or(0, |newest| newest.size);
        if old != known {
            return Err((StatusCode::CONFLICT, format!("{known}\n")));
        }
        let consistent = match &newest {
            Some(newest) => is_consistent(&proof, newest, now),
            None => proof.is_empty(),
        };
        if !consistent {
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY));
        }
        fs::write(&self.file, text).unwrap();
        let by = Cosignature::at(self.key.clone(), 1_800_000_000);
        let cosigned = SignedCheckpoint::sign(now.clone(), &[&by]).unwrap();
        let cosigned = cosigned.to_string();
        Ok(cosigned.split_once("\n\n").unwrap().1.to_owned())
    }
}

fn is_consistent(proof: &Vec<Hash>, newest: &Checkpoint, now: &Checkpoint) -> bool {
    if newest.size == now.size {
        return proof.is_empty() && newest.root == now.root;
    }
    verify_consistency(proof, newest, now).is_ok()
}

async fn add_checkpoint(State(memory): State<Arc<Memory>>, body: String) -> Response {
    match memory.add(&body) {
        Ok(lines) => lines.into_response(),
        Err((StatusCode::CONFLICT, size)) => {
            let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            (StatusCode::CONFLICT, kind, size).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}
