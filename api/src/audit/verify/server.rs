//! A running server, by what it serves under `/audit/log/`.

use super::{Found, Trust, keys_or, parse_checkpoint, unclear};
use crate::progress;
use audit_log::{
    SignedCheckpoint, Tile, TileKind, TileSource, Unreadable, WIDTH,
    verify::{Doubt, LogVerifier, verify_growth},
};
use futures::StreamExt as _;
use reqwest::Client;
use std::{cell::RefCell, collections::HashMap, time::Duration};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, block_in_place},
};
use url::Url;

/// How long a server may take for a tile.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer at most: a full bundle has 16,896.
const LARGEST: usize = 64 * 1024;
/// Tiles that are asked for before they are needed.
const AHEAD: u64 = 8;

pub(super) async fn verify(url: &Url, trust: Trust, quick: bool) -> Result<Found, Doubt> {
    let site = Site::new(url)?;
    let text = site.get("checkpoint").await.map_err(unclear)?;
    let signed = parse_checkpoint(&text, "the answer")?;
    let place = format!("{}keys", site.base);
    let beside = if trust.keys.is_empty() {
        site.get("keys").await.ok()
    } else {
        None
    };
    let beside = beside.and_then(|text| String::from_utf8(text).ok());
    let trust = Trust {
        keys: keys_or(trust.keys, &place, beside.as_deref())?,
        ..trust
    };
    let tiles = Tiles::of(site, signed.unverified().size);
    block_in_place(|| {
        if quick {
            grew(&tiles, &signed, &trust)
        } else {
            all(&tiles, &signed, &trust)
        }
    })
}

/// Reads every leaf.
fn all(tiles: &Tiles, signed: &SignedCheckpoint, trust: &Trust) -> Result<Found, Doubt> {
    let mut verifier = LogVerifier::new(tiles, signed, &trust.since, &trust.keys)?;
    let bar = progress::bar(verifier.size(), "{pos}/{len} leaves, {per_sec}");
    while verifier.seen() < verifier.size() {
        let taken = verifier.leaf_alone();
        // What did not come does not say that anything was altered.
        tiles.unanswered()?;
        taken?;
        bar.set_position(verifier.seen());
    }
    let found = verifier.finish();
    tiles.unanswered()?;
    bar.finish_and_clear();
    Ok(found?.into())
}

/// Proves that the tree only grew, from a few tiles.
fn grew(tiles: &Tiles, signed: &SignedCheckpoint, trust: &Trust) -> Result<Found, Doubt> {
    let found = verify_growth(tiles, signed, &trust.since, &trust.keys);
    tiles.unanswered()?;
    Ok(found?.into())
}

/// What a server serves.
#[derive(Clone)]
struct Site {
    client: Client,
    base: Url,
}

impl Site {
    fn new(url: &Url) -> Result<Self, Doubt> {
        let mut base = url.clone();
        base.set_query(None);
        base.set_path(&format!("{}/audit/log/", url.path().trim_end_matches('/')));
        let client = Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(unclear)?;
        Ok(Self { client, base })
    }

    /// One of the files. The error is a sentence.
    async fn get(&self, path: &str) -> Result<Vec<u8>, String> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.get(&url).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| format!("{url}: {}", error.without_url()))?;
        let mut body = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| format!("{url}: {}", error.without_url()))?;
            body.extend(chunk);
            if body.len() > LARGEST {
                return Err(format!("{url}: the answer is larger than any tile"));
            }
        }
        Ok(body)
    }
}

/// A tile that was asked for.
type Answer = JoinHandle<Result<Vec<u8>, String>>;

/// The tiles of a server, some of which are on their way before they are needed.
struct Tiles {
    site: Site,
    size: u64,
    runtime: Handle,
    coming: RefCell<HashMap<Tile, Answer>>,
    unanswered: RefCell<Option<String>>,
}

impl Tiles {
    fn of(site: Site, leaves: u64) -> Self {
        Self {
            site,
            size: leaves,
            runtime: Handle::current(),
            coming: RefCell::default(),
            unanswered: RefCell::default(),
        }
    }

    /// The first tile that did not come, if any.
    fn unanswered(&self) -> Result<(), Doubt> {
        match self.unanswered.borrow().as_ref() {
            Some(why) => Err(unclear(why)),
            None => Ok(()),
        }
    }

    fn ask(&self, tile: Tile) -> Answer {
        let site = self.site.clone();
        self.runtime
            .spawn(async move { site.get(&tile.path()).await })
    }

    /// The full tiles of its kind that come next, if they are read one after the other.
    fn following(&self, tile: &Tile) -> impl Iterator<Item = Tile> + use<> {
        let (kind, size) = (tile.kind(), self.size);
        let full = size / WIDTH as u64;
        let next = tile.index() + 1..full.min(tile.index() + 1 + AHEAD);
        next.filter_map(move |index| match kind {
            TileKind::Entries => Some(Tile::bundle(index * WIDTH as u64, size)),
            TileKind::Hashes(0) => Some(Tile::full(0, index)),
            TileKind::Hashes(_) => None,
        })
    }
}

impl TileSource for Tiles {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let mut coming = self.coming.borrow_mut();
        let asked = coming.remove(tile).unwrap_or_else(|| self.ask(*tile));
        for next in self.following(tile) {
            coming.entry(next).or_insert_with(|| self.ask(next));
        }
        drop(coming);
        let answer = self.runtime.block_on(asked);
        let answer = answer.unwrap_or_else(|error| Err(error.to_string()));
        answer.map_err(|why| {
            self.unanswered.borrow_mut().get_or_insert(why.clone());
            Unreadable(why)
        })
    }
}
