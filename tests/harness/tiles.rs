//! A reader of the audit log who has nothing but its address.

use crate::Client;
use audit_log::{Bundle, Leaf, PublicKey, SignedCheckpoint, Tile, TileSource, Unreadable};
use reqwest::Method;
use std::collections::HashMap;

/// The audit log as it is served: a checkpoint, and all tiles of its tree.
pub struct ServedLog {
    /// The public keys that are served.
    pub keys: Vec<PublicKey>,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    tiles: HashMap<String, Vec<u8>>,
}

impl ServedLog {
    /// The log once its checkpoint covers so many events.
    pub async fn with(client: &Client, events: u64) -> Self {
        crate::eventually("the checkpoint covers the events", async || {
            let log = Self::now(client).await?;
            (log.checkpoint.unverified().size >= events).then_some(log)
        })
        .await
    }

    /// The log as it is now, if there is a checkpoint.
    pub async fn now(client: &Client) -> Option<Self> {
        let checkpoint = text(client, "checkpoint").await?;
        let keys = text(client, "keys").await?;
        let keys = keys.lines().map(|key| key.parse().unwrap()).collect();
        let checkpoint = SignedCheckpoint::parse(&checkpoint).unwrap();
        let size = checkpoint.unverified().size;
        let mut tiles = HashMap::new();
        for tile in tiles_of(size) {
            let path = tile.path();
            let reply = client.request(Method::GET, &format!("/audit/log/{path}"));
            let reply = reply.send().await.unwrap();
            assert_eq!(reply.status(), 200, "{path}");
            tiles.insert(path, reply.bytes().await.unwrap().to_vec());
        }
        Some(Self {
            keys,
            checkpoint,
            tiles,
        })
    }

    /// Every leaf.
    #[must_use]
    pub fn leaves(&self) -> Vec<Leaf> {
        let size = self.checkpoint.unverified().size;
        let bundles = (0..size)
            .step_by(256)
            .map(|first| Tile::bundle(first, size));
        bundles
            .flat_map(|tile| {
                let bundle = Bundle::parse(self.read(&tile).unwrap()).unwrap();
                bundle.leaves().collect::<Vec<_>>()
            })
            .collect()
    }
}

impl TileSource for ServedLog {
    fn read(&self, tile: &Tile) -> Result<Vec<u8>, Unreadable> {
        let found = self.tiles.get(&tile.path()).cloned();
        found.ok_or_else(|| Unreadable(format!("{tile} is not there")))
    }
}

async fn text(client: &Client, name: &str) -> Option<String> {
    let reply = client.request(Method::GET, &format!("/audit/log/{name}"));
    let reply = reply.send().await.unwrap();
    (reply.status() == 200).then_some(reply.text().await.unwrap())
}

/// Every tile and bundle of a tree of this size.
fn tiles_of(size: u64) -> Vec<Tile> {
    let mut tiles: Vec<_> = (0..size)
        .step_by(256)
        .map(|first| Tile::bundle(first, size))
        .collect();
    let mut level = 0;
    while size >> (8 * u32::from(level)) > 0 {
        let full = size >> (8 * (u32::from(level) + 1));
        tiles.extend((0..full).map(|index| Tile::full(level, index)));
        tiles.extend(Tile::partial(level, size));
        level += 1;
    }
    tiles
}
