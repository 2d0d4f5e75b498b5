//! The files of the audit log are the same however often they are lost, and never those of another log.

use super::*;
use audit_log::{
    Authenticated, Bundle, Leaf, SignedCheckpoint, Tile, TileSource as _, consistency_proof,
    leaf_hash, verify_consistency,
};
use eventstore::{
    Direction, ExpectedRevision,
    embedded::{DataDir, EmbeddedStore},
    keyring::MasterKey,
};
use eventstore_schema::{EventId, NewEvent, Position, StreamName};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// An installation whose log is written by hand.
struct Installation {
    source: Source,
    folder: TempDir,
    /// Which history is written.
    history: u128,
    _directory: DataDir,
}

impl Installation {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let directory = DataDir::lock(folder.path()).unwrap();
        let master = MasterKey::load_or_create(&folder.path().join("master.key"), true).unwrap();
        Self {
            source: Source {
                store: Arc::new(EmbeddedStore::open(&directory).unwrap()),
                keyring: Keyring::open(&folder.path().join("keyring.db"), &master).unwrap(),
            },
            folder,
            history: 0,
            _directory: directory,
        }
    }

    /// The keys of this one, and another log.
    fn with_another_log(&self, history: u128) -> (Self, Source) {
        let other = Self {
            history,
            ..Self::new()
        };
        let source = Source {
            store: other.source.store.clone(),
            keyring: self.source.keyring.clone(),
        };
        (other, source)
    }

    /// Appends until the log has so many events of ours, with some of others between.
    async fn write(&self, until: u64) {
        let found = Growth::whole(&self.source).await.unwrap().size();
        for number in found..until {
            let event = |id: u128| NewEvent {
                id: EventId(Uuid::from_u128(id)),
                event_type: "Something".into(),
                metadata: "{}".into(),
                data: format!(r#"{{"number": {number}}}"#),
            };
            let append = async |stream: String, id| {
                let stream = StreamName::named(stream);
                let appended =
                    self.source
                        .store
                        .append(&stream, ExpectedRevision::Any, vec![event(id)]);
                appended.await.unwrap();
            };
            let id = (self.history << 64) + u128::from(number) * 2 + 1;
            append(format!("user-{}", number % 7), id).await;
            if number % 10 == 0 {
                append("foreign-1".into(), id + 1).await;
            }
        }
    }

    fn files(&self) -> TileFiles {
        TileFiles::new(self.folder.path().join(AUDIT_LOG_FOLDER))
    }

    async fn open(&self) -> AuditLog {
        AuditLog::open(self.source.clone(), self.files())
            .await
            .unwrap()
    }

    async fn build(&self) -> SignedCheckpoint {
        let mut opened = self.open().await;
        while opened.inspect().await.unwrap() {}
        let (mut keepers, stop) = (Keepers::default(), CancellationToken::new());
        opened.catch_up(&mut keepers, &stop).await.unwrap();
        self.files().checkpoint().unwrap().unwrap()
    }
}

/// Every file below a folder, by its path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[tokio::test]
async fn the_tree_is_the_same_in_one_go_and_step_by_step() {
    let log = Installation::new();
    let mut steps = log.open().await;
    let stop = CancellationToken::new();
    let mut earlier: Option<SignedCheckpoint> = None;
    for size in [0, 1, 100, 255, 256, 257, 600, 770] {
        log.write(size).await;
        assert!(
            steps
                .catch_up(&mut Keepers::default(), &stop)
                .await
                .unwrap(),
            "{size}"
        );
        assert!(
            !steps
                .catch_up(&mut Keepers::default(), &stop)
                .await
                .unwrap(),
            "{size}"
        );
        let now = log.files().checkpoint().unwrap().unwrap();
        assert_eq!(now.unverified().size, size);
        if let Some(earlier) = earlier.replace(now.clone()) {
            let (earlier, now) = (earlier.unverified(), now.unverified());
            let proof = consistency_proof(earlier.size, now, &log.files()).unwrap();
            verify_consistency(&proof, earlier, now).unwrap();
        }
    }
    let files = contents(log.files().folder());
    let there = |path: &str| files.contains_key(path);
    // Those of the checkpoint before are kept; the others are full.
    assert!(there("tile/0/003.p/2") && there("tile/0/002.p/88") && there("tile/entries/003.p/2"));
    assert!(!there("tile/0/000.p/100") && !there("tile/0/001.p/1") && there("tile/1/000.p/1"));

    fs::remove_dir_all(log.files().folder()).unwrap();
    let at_once = log.build().await;
    assert_eq!(Some(at_once), earlier);
    let anew = contents(log.files().folder());
    for (path, content) in &anew {
        assert!(
            path == "cursor" || files.get(path) == Some(content),
            "{path}"
        );
    }
    assert!(files["cursor"].ends_with(&anew["cursor"]));
}

#[tokio::test]
async fn every_record_is_a_leaf_and_no_other() {
    let log = Installation::new();
    log.write(300).await;
    let checkpoint = log.build().await;
    let signers = Signers::of(&log.source.keyring).unwrap();
    let keys = fs::read_to_string(log.files().keys_file()).unwrap();
    assert_eq!(keys.lines().count(), 1);
    assert_eq!(keys.trim().parse(), Ok(signers.newest().unwrap()));
    let (checkpoint, _) = checkpoint.verify(&signers.public()).unwrap();
    let files = log.files();
    let tiles = Authenticated::open(&files, checkpoint).unwrap();
    let log_events = log
        .source
        .store
        .read_all(Position::START, Direction::Forwards, 1_000);
    let records = log_events
        .await
        .unwrap()
        .into_iter()
        .filter(|event| event.stream.is_ours());
    let key = tag_key(&log.source.keyring, None);
    let mut count = 0;
    for (index, record) in (0..).zip(records) {
        let bundle = files.read(&Tile::bundle(index, 300)).unwrap();
        let within = usize::try_from(index % 256).unwrap();
        let found = Bundle::parse(bundle).unwrap().leaves().nth(within).unwrap();
        assert_eq!(found, Leaf::of(&record, index, &key));
        let hashes = tiles.tile(0, index / 256).unwrap();
        assert_eq!(hashes[within], leaf_hash(&found.to_bytes()));
        count += 1;
    }
    assert_eq!(count, 300);
}

#[tokio::test]
async fn whatever_file_is_lost_is_made_again() {
    let log = Installation::new();
    log.write(600).await;
    let checkpoint = log.build().await;
    let before = contents(log.files().folder());
    assert_eq!(before.len(), 10, "{:?}", before.keys());
    for lost in before.keys() {
        for damage in [false, true] {
            let file = log.files().folder().join(lost);
            if damage {
                fs::write(&file, "not what it was").unwrap();
            } else {
                fs::remove_file(&file).unwrap();
            }
            assert_eq!(log.build().await, checkpoint, "{lost}");
            let after = contents(log.files().folder());
            assert!(after == before, "{lost}");
        }
    }
}

#[tokio::test]
async fn it_goes_on_wherever_it_was_cut_off() {
    let log = Installation::new();
    let file = |name: &str| log.files().folder().join(name);
    log.write(250).await;
    let first = log.build().await;
    log.write(520).await;
    // Its files are there, some of them unfinished, and the checkpoint is not.
    let second = log.build().await;
    fs::write(file("checkpoint"), first.to_string()).unwrap();
    fs::write(file("checkpoint.new"), "pawl-audit").unwrap();
    fs::write(file("tile/0/001.new"), [0; 100]).unwrap();
    let opened = log.open().await;
    assert_eq!(
        opened.growth().size(),
        250,
        "it goes on where the checkpoint is"
    );
    drop(opened);
    assert_eq!(log.build().await, second);

    // The same with a place that no checkpoint ever had, whose partial tiles are of no use any more.
    fs::write(file("checkpoint"), first.to_string()).unwrap();
    log.write(800).await;
    let third = log.build().await;
    assert_eq!(third.unverified().size, 800);
    assert!(!file("tile/0/002.p").exists());
    assert_eq!(log.open().await.growth().size(), 800);
}

#[tokio::test]
async fn a_checkpoint_is_there_only_when_its_place_is_known() {
    let log = Installation::new();
    log.write(250).await;
    let first = log.build().await;
    log.write(520).await;
    let mut opened = log.open().await;
    let cursor = log.files().cursor_file();
    fs::remove_file(&cursor).unwrap();
    fs::create_dir_all(cursor.join("in-the-way")).unwrap();
    let stop = CancellationToken::new();
    let failed = opened.catch_up(&mut Keepers::default(), &stop).await;
    assert!(failed.is_err());
    assert_eq!(log.files().checkpoint().unwrap(), Some(first));
    fs::remove_dir_all(&cursor).unwrap();
    assert_eq!(log.build().await.unverified().size, 520);
}

#[tokio::test]
async fn a_checkpoint_is_never_signed_over() {
    let log = Installation::new();
    log.write(300).await;
    let published = log.build().await;
    let before = contents(log.files().folder());
    for (size, history, whole, words) in [
        (200, 0, true, "the newest 100 are missing"),
        (299, 0, false, "the newest 1 are missing"),
        (400, 1, true, "this is another history"),
    ] {
        let (other, source) = log.with_another_log(history);
        other.write(size).await;
        if !whole {
            fs::remove_file(log.files().folder().join("tile/0/000")).unwrap();
        }
        let Err(refused) = AuditLog::open(source, log.files()).await else {
            panic!("{size}: it was opened");
        };
        assert!(refused.to_string().contains(words), "{refused}");
        if !whole {
            fs::write(
                log.files().folder().join("tile/0/000"),
                &before["tile/0/000"],
            )
            .unwrap();
        }
        assert!(contents(log.files().folder()) == before);
    }
    assert_eq!(log.build().await, published);
}

#[tokio::test]
async fn generations_of_the_key_sign_together_until_the_older_is_retired() {
    let log = Installation::new();
    log.write(3).await;
    let keyring = &log.source.keyring;
    let first = log.build().await;
    assert!(
        !keyring.is_empty().is_ok_and(|empty| !empty),
        "no content has a key yet"
    );
    let old = Signers::of(keyring).unwrap();
    let both = old.clone().with_next(keyring).await.unwrap();
    assert_eq!(both.public().len(), 2);
    let second = log.build().await;
    assert_eq!(second.unverified(), first.unverified());
    for signers in [&old, &both] {
        assert!(signers.have_all_signed(&second));
    }
    assert!(!both.have_all_signed(&first));
    let keys = || fs::read_to_string(log.files().keys_file()).unwrap();
    assert_eq!(keys().lines().count(), 2);
    let new = both.clone().newest_alone(keyring).await.unwrap();
    assert_eq!(new.public(), both.public()[1..]);
    log.write(4).await;
    let third = log.build().await;
    assert!(new.have_all_signed(&third) && old.verify(&third).is_err());
    assert_eq!(keys().trim().parse(), Ok(new.newest().unwrap()));
    // What was retired is not made again.
    let fresh = new.with_next(keyring).await.unwrap();
    assert_eq!(fresh.public().len(), 2);
    assert!(!fresh.public().contains(&old.newest().unwrap()));
}
