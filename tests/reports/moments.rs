//! The beginnings of a log: what it held at some moment, as if it held no more.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use eventstore::keyring::Keyring;
use eventstore::{
    AppendError, Appended, Direction, EventStore, ExpectedRevision, StoreError, Subscription,
};
use eventstore_schema::{
    Event, NewEvent, OrganizationId, Position, Recorded, RecordedEvent, StreamName,
};
use futures::{StreamExt as _, stream};
use pawl::audit::{history::History, personal::Names};

/// A log that cannot grow.
#[derive(Clone)]
pub struct Beginning(pub Vec<RecordedEvent>);

impl Beginning {
    /// All that this log holds by now.
    pub async fn whole(log: &dyn EventStore) -> Self {
        let (mut events, mut after) = (Vec::new(), Position::START);
        loop {
            let page = log.read_all(after, Direction::Forwards, 500).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.position;
            events.extend(page);
        }
        Self(events)
    }

    /// What it held before the first event of the organization that was recorded after this time.
    pub fn as_of(&self, organization: OrganizationId, time: DateTime<Utc>) -> Self {
        let is_later = |event: &&RecordedEvent| {
            let metadata = event.read_metadata().unwrap();
            metadata.organization_id == Some(organization) && metadata.recorded_at > time
        };
        let cut = self.0.iter().find(is_later).map(|event| event.position);
        let mut events = self.0.clone();
        events.retain(|event| cut.is_none_or(|cut| event.position < cut));
        Self(events)
    }

    /// The times at which something was recorded.
    pub fn times(&self) -> Vec<DateTime<Utc>> {
        let time = |event: &RecordedEvent| event.read_metadata().unwrap().recorded_at;
        self.0.iter().map(time).collect()
    }

    /// Its events in the organization.
    pub fn of(&self, organization: OrganizationId) -> impl Iterator<Item = &RecordedEvent> {
        self.0.iter().filter(move |event| {
            event.read_metadata().unwrap().organization_id == Some(organization)
        })
    }

    /// The organization, replayed.
    pub fn replayed(&self, organization: OrganizationId, keyring: &Keyring) -> History {
        let mut history = History::of(organization);
        for stored in self.of(organization) {
            let names = Names::opened(keyring, stored).unwrap();
            let event: Recorded<Event> = stored.clone().decode().unwrap();
            history.take(&event, &names).unwrap();
        }
        history
    }
}

#[async_trait]
impl EventStore for Beginning {
    async fn append(
        &self,
        _: &StreamName,
        _: ExpectedRevision,
        _: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        unimplemented!("it cannot grow")
    }

    async fn read_stream(
        &self,
        _: &StreamName,
        _: u64,
        _: Direction,
        _: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        unimplemented!("read models are built from the whole log")
    }

    async fn read_all(
        &self,
        from: Position,
        _: Direction,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let after = self.0.iter().filter(|event| event.position > from);
        Ok(after.take(limit).cloned().collect())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.0.last().map_or(Position::START, |last| last.position))
    }

    fn subscribe(&self, _: Position) -> Subscription {
        stream::empty().boxed()
    }
}
