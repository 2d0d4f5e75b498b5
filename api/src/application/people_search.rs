//! Finding people by name or e-mail address. Both are sealed on disk, so what is searched is kept in
//! memory: an index for each organization in which somebody searches, made at the first search,
//! brought up to date before each, and dropped when nobody searches any more.

use super::{
    Failure, Pawl,
    people_index::{PeopleIndex, fold},
};
use domain::value::SearchText;
use eventstore_schema::{OrganizationId, UserId};
use projections::{
    Page, Readers,
    users::{self, User, Users},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Bytes that all indexes together take at most: more than a million people.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// An index is dropped when nobody has searched for so long.
const IDLE: Duration = Duration::from_mins(10);
/// How often to look for idle indexes, at least.
const TURN: Duration = Duration::from_mins(1);
/// How long to let changes gather before the indexes take them in.
const PAUSE: Duration = Duration::from_millis(100);

type Shared = Arc<tokio::sync::Mutex<PeopleIndex>>;

/// The indexes of the organizations in which people are searched for.
#[derive(Default)]
pub(super) struct PeopleIndexes(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    indexes: HashMap<OrganizationId, Entry>,
    /// Whether somebody looks after them.
    tended: bool,
}

struct Entry {
    index: Shared,
    bytes: usize,
    used: Instant,
}

impl PeopleIndexes {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index of an organization, empty where there was none, and whether somebody has to begin
    /// to look after the indexes.
    fn of(&self, organization: OrganizationId, now: Instant) -> (Shared, bool) {
        let mut kept = self.kept();
        let entry = kept.indexes.entry(organization).or_insert_with(|| Entry {
            index: Shared::default(),
            bytes: 0,
            used: now,
        });
        entry.used = now;
        let index = entry.index.clone();
        (index, !std::mem::replace(&mut kept.tended, true))
    }

    /// Notes how large an index has become, and drops those that were used longest ago until all
    /// have room.
    fn weigh(&self, organization: OrganizationId, bytes: usize, room: usize) {
        let mut kept = self.kept();
        if let Some(entry) = kept.indexes.get_mut(&organization) {
            entry.bytes = bytes;
        }
        while kept
            .indexes
            .values()
            .map(|entry| entry.bytes)
            .sum::<usize>()
            > room
        {
            let oldest = kept.indexes.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(organization, _)| *organization) else {
                return;
            };
            kept.indexes.remove(&oldest);
        }
    }

    fn drop_idle(&self, now: Instant) {
        let idle = |entry: &Entry| now.saturating_duration_since(entry.used) >= IDLE;
        self.kept().indexes.retain(|_, entry| !idle(entry));
    }

    fn drop_of(&self, organization: OrganizationId) {
        self.kept().indexes.remove(&organization);
    }

    /// All of them. Where there are none, nobody has to look after them any more.
    fn all(&self) -> Option<Vec<(OrganizationId, Shared)>> {
        let mut kept = self.kept();
        kept.tended = !kept.indexes.is_empty();
        let all = kept.indexes.iter();
        let all = all.map(|(id, entry)| (*id, entry.index.clone()));
        kept.tended.then(|| all.collect())
    }
}

impl Pawl {
    /// The people of an organization in whose name or e-mail address the text stands, by their ids,
    /// from after `after` on. The right to see them has been asked for before.
    pub async fn search_users(
        &self,
        organization: OrganizationId,
        text: &SearchText,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Page<User, UserId>, Failure> {
        let (index, untended) = self.0.people.of(organization, Instant::now());
        if untended {
            tokio::spawn(self.clone().tend_people());
        }
        // Who comes while it is being made waits here, and not on a thread.
        let mut index = index.lock_owned().await;
        let (pawl, folded, limit) = (self.clone(), fold(text.as_str()), limit as usize);
        let mut search = move |readers: &Readers| -> Result<_, Failure> {
            pawl.bring_up_to_date(&mut index, organization, readers)?;
            let mut found = index.find(&folded, after, limit + 1);
            let more = found.len() > limit;
            found.truncate(limit);
            Ok(Page {
                next: found.last().copied().filter(|_| more),
                items: users::by_ids(readers, &found)?,
            })
        };
        self.query(&Users, move |readers| Ok(search(readers)))
            .await?
    }

    fn bring_up_to_date(
        &self,
        index: &mut PeopleIndex,
        organization: OrganizationId,
        readers: &Readers,
    ) -> Result<(), Failure> {
        index.catch_up(organization, readers, |values| {
            self.open_all_personal(values)
        })?;
        self.0.people.weigh(organization, index.bytes(), MOST_BYTES);
        Ok(())
    }

    /// Looks after the indexes as long as there are any: who is erased leaves them whether somebody
    /// searches or not.
    async fn tend_people(self) {
        let stopping = self.stopping();
        tokio::select! {
            () = self.follow_people() => {}
            () = stopping => {}
        }
    }

    async fn follow_people(&self) {
        loop {
            let head = self.store().head().await.unwrap_or_default();
            // In vain is fine: it is time to look for idle indexes.
            let _ = self.projections().wait_for(head, TURN).await;
            self.0.people.drop_idle(Instant::now());
            let Some(all) = self.0.people.all() else {
                return;
            };
            for (organization, index) in all {
                let mut index = index.lock_owned().await;
                let pawl = self.clone();
                let caught_up = self.query(&Users, move |readers| {
                    Ok(pawl.bring_up_to_date(&mut index, organization, readers))
                });
                if let Err(error) = caught_up.await.and_then(|caught_up| caught_up) {
                    // What cannot be brought up to date may show who has been erased.
                    tracing::warn!(%error, %organization, "an index of people was dropped");
                    self.0.people.drop_of(organization);
                }
            }
            tokio::time::sleep(PAUSE).await;
            let next = eventstore_schema::Position(head.0 + 1);
            let _ = self.projections().wait_for(next, TURN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn organization(n: u128) -> OrganizationId {
        OrganizationId(Uuid::from_u128(n))
    }

    fn kept(indexes: &PeopleIndexes) -> Vec<u128> {
        let all = indexes.all().unwrap_or_default();
        let mut all: Vec<_> = all.iter().map(|(id, _)| id.0.as_u128()).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn an_index_is_dropped_when_nobody_has_searched_for_a_while() {
        let (indexes, begin) = (PeopleIndexes::default(), Instant::now());
        let (_, untended) = indexes.of(organization(1), begin);
        assert!(untended);
        let (_, untended) = indexes.of(organization(2), begin + IDLE / 2);
        assert!(!untended);
        indexes.drop_idle(begin + IDLE / 2);
        assert_eq!(kept(&indexes), [1, 2]);
        indexes.of(organization(1), begin + IDLE);
        indexes.drop_idle(begin + IDLE / 2 + IDLE);
        assert_eq!(kept(&indexes), [1]);
        indexes.drop_idle(begin + IDLE + IDLE);
        assert_eq!(kept(&indexes), [0; 0]);
        // Whoever looked after them has gone.
        assert!(indexes.of(organization(1), begin).1);
    }

    #[test]
    fn all_indexes_together_stay_within_bounds() {
        let (indexes, begin) = (PeopleIndexes::default(), Instant::now());
        for n in 1..=3 {
            let used = begin + Duration::from_secs(n);
            indexes.of(organization(n.into()), used);
            indexes.weigh(organization(n.into()), 40, 100);
        }
        assert_eq!(kept(&indexes), [2, 3]);
        // One that is too large by itself serves its search, and goes.
        indexes.of(organization(4), begin + Duration::from_secs(4));
        indexes.weigh(organization(4), 101, 100);
        assert_eq!(kept(&indexes), [0; 0]);
    }
}
