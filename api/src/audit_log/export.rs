//! An export, line by line: the records of an organization out of the log, each held against the leaf
//! that was signed for it, and the leaves of everybody else. It keeps one page of the log and one
//! bundle in memory, however long both are, and never writes a line that would not verify: it is
//! refused where log and leaves differ.

use super::{TileFiles, owner};
use audit_log::{
    Bundle, BundleError, Leaf, SignedCheckpoint, TagKey, Tile, TileSource as _, Tree, Unreadable,
    WIDTH,
    export::{End, FORMAT, Header, Line, Others, Record, opened_digest},
    leaf_hash, record_digest,
};
use data_encoding::{BASE64, HEXLOWER};
use eventstore::{Direction, EventStore, StoreError};
use eventstore_schema::{EventId, OrganizationId, Position, RecordedEvent};
use serde_json::Value;
use std::{collections::VecDeque, error::Error, io, sync::Arc};

/// Events read from the log at a time.
const PAGE: usize = 500;

/// What opens the personal data in the content of an event, such as
/// [`open_content`](crate::application::open_content) with a keyring.
pub type Opener = Box<dyn Fn(&str) -> Result<Value, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Whose records an export has.
#[derive(Clone, Debug)]
pub enum Whose {
    /// Those of one organization, whose leaves are recognised by this key.
    Organization(OrganizationId, TagKey),
    /// Everybody's, for whoever runs the server.
    Everybody,
}

/// An export that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing has been signed.
    #[error("the audit log in {0} has no checkpoint yet; a running server makes one")]
    NoCheckpoint(String),
    /// The checkpoint is there and cannot be used.
    #[error("the checkpoint of the audit log cannot be read: {0}")]
    Checkpoint(#[from] io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bundle of leaves cannot be read.
    #[error("the audit log cannot be read: {0}")]
    Tile(#[from] Unreadable),
    /// A bundle is damaged.
    #[error("{0}: {1}")]
    Bundle(Tile, BundleError),
    /// The log and the leaves differ.
    #[error(
        "the record at position {position} (index {index}, {event_type} {event_id}) is not the one \
         that was signed"
    )]
    Differs {
        /// Where it stands in the log.
        position: Position,
        /// The index of the leaf.
        index: u64,
        /// The event.
        event_id: EventId,
        /// The name of its type.
        event_type: String,
    },
    /// The log is shorter than what was signed.
    #[error("the log ends after {found} records, and {signed} were signed")]
    Ends {
        /// Records in the log.
        found: u64,
        /// Leaves in the tree.
        signed: u64,
    },
    /// The bundles are not those of the checkpoint.
    #[error("the leaves in the audit log do not make up the tree of {0} leaves that was signed")]
    Root(u64),
    /// The keyring failed.
    #[error("the personal data at position {0} cannot be opened: {1}")]
    Opening(Position, Box<dyn Error + Send + Sync>),
}

/// An export in the making.
pub struct Exporter {
    store: Arc<dyn EventStore>,
    tiles: TileFiles,
    whose: Whose,
    open: Opener,
    checkpoint: SignedCheckpoint,
    tree: Tree,
    after: Position,
    page: std::vec::IntoIter<RecordedEvent>,
    leaves: std::vec::IntoIter<Leaf>,
    /// Leaves of others that have not been written yet, and the index of the first.
    others: (u64, Vec<u8>),
    records: u64,
    ready: VecDeque<Line>,
    ended: bool,
}

impl Exporter {
    /// Begins an export up to the newest checkpoint.
    pub fn begin(
        store: Arc<dyn EventStore>,
        tiles: TileFiles,
        whose: Whose,
        open: Opener,
    ) -> Result<Self, ExportError> {
        let folder = || tiles.folder().display().to_string();
        let checkpoint = tiles.checkpoint()?;
        let checkpoint = checkpoint.ok_or_else(|| ExportError::NoCheckpoint(folder()))?;
        let (organization_id, tag_key) = match &whose {
            Whose::Organization(id, key) => (Some(*id), Some(HEXLOWER.encode(key.expose()))),
            Whose::Everybody => (None, None),
        };
        let header = Line::Header(Header {
            format: FORMAT.to_owned(),
            organization_id,
            tag_key,
            checkpoint: checkpoint.to_string(),
        });
        Ok(Self {
            store,
            tiles,
            whose,
            open,
            checkpoint,
            tree: Tree::default(),
            after: Position::START,
            page: Vec::new().into_iter(),
            leaves: Vec::new().into_iter(),
            others: (0, Vec::new()),
            records: 0,
            ready: VecDeque::from([header]),
            ended: false,
        })
    }

    /// How many leaves it will have.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.checkpoint.unverified().size
    }

    /// How many leaves it has come past.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.tree.size()
    }

    /// The next line, `None` after the last one. After an error it is over: what was written until
    /// then is no export.
    pub async fn next(&mut self) -> Result<Option<Line>, ExportError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            if self.done() == self.size() {
                self.end()?;
            } else {
                let event = self.event().await?;
                self.take(event)?;
            }
        }
    }

    /// The next event of the log that has a leaf.
    async fn event(&mut self) -> Result<RecordedEvent, ExportError> {
        loop {
            if let Some(event) = self.page.find(|event| event.stream.is_ours()) {
                return Ok(event);
            }
            let page = self.store.read_all(self.after, Direction::Forwards, PAGE);
            let page = page.await?;
            let Some(last) = page.last() else {
                return Err(ExportError::Ends {
                    found: self.done(),
                    signed: self.size(),
                });
            };
            self.after = last.position;
            self.page = page.into_iter();
        }
    }

    /// The leaf that was signed for the next event.
    fn leaf(&mut self) -> Result<Leaf, ExportError> {
        if let Some(leaf) = self.leaves.next() {
            return Ok(leaf);
        }
        let tile = Tile::bundle(self.done(), self.size());
        let bundle = Bundle::parse(self.tiles.read(&tile)?);
        let bundle = bundle.map_err(|error| ExportError::Bundle(tile, error))?;
        if bundle.width() != tile.width() {
            let (found, wanted) = (bundle.width(), tile.width());
            let short = format!("{tile} has {found} leaves in place of {wanted}");
            return Err(Unreadable(short).into());
        }
        let leaves = bundle.leaves().collect::<Vec<_>>();
        self.leaves = leaves.into_iter();
        self.leaf()
    }

    fn take(&mut self, event: RecordedEvent) -> Result<(), ExportError> {
        let index = self.done();
        let leaf = self.leaf()?;
        let (ours, tagged) = match &self.whose {
            Whose::Everybody => (true, true),
            Whose::Organization(id, key) => {
                (owner(&event) == Some(*id), key.tag(index) == leaf.tag)
            }
        };
        if record_digest(&event) != leaf.digest || ours != tagged {
            return Err(ExportError::Differs {
                position: event.position,
                index,
                event_id: event.id,
                event_type: event.event_type,
            });
        }
        let hash = leaf_hash(&leaf.to_bytes());
        self.tree.append(hash);
        if ours {
            self.flush_others();
            let opened = (self.open)(&event.data)
                .map_err(|error| ExportError::Opening(event.position, error))?;
            let content = serde_json::from_str(&event.data)
                .map_err(|error| ExportError::Opening(event.position, error.into()))?;
            self.records += 1;
            self.ready.push_back(Line::Record(Record {
                index,
                leaf: BASE64.encode(&hash.0),
                tag: matches!(self.whose, Whose::Everybody).then(|| HEXLOWER.encode(&leaf.tag.0)),
                stream: event.stream,
                revision: event.revision,
                event_id: event.id,
                event_type: event.event_type,
                metadata: event.metadata,
                data: event.data,
                opened_digest: opened_digest(&content, &opened),
                opened,
            }));
            return Ok(());
        }
        let (first, entries) = &mut self.others;
        if entries.is_empty() {
            *first = index;
        }
        entries.extend(leaf.to_bytes());
        if entries.len() == WIDTH * leaf.to_bytes().len() {
            self.flush_others();
        }
        Ok(())
    }

    fn flush_others(&mut self) {
        let (index, entries) = &mut self.others;
        if !entries.is_empty() {
            self.ready.push_back(Line::Others(Others {
                index: *index,
                entries: BASE64.encode(entries),
            }));
            entries.clear();
        }
    }

    fn end(&mut self) -> Result<(), ExportError> {
        if self.tree.root() != self.checkpoint.unverified().root {
            return Err(ExportError::Root(self.size()));
        }
        self.flush_others();
        self.ended = true;
        self.ready.push_back(Line::End(End {
            records: self.records,
            leaves: self.done(),
        }));
        Ok(())
    }
}
