//! Where the entries of a part of an audit trail are. Whatever is asked for, what is looked through is a
//! range of an index, or some of them side by side, and never the whole trail of an organization.

use super::{
    AuditEntry, days,
    number::{self, Owner},
};
use crate::{
    DatabaseError, Page, Readers,
    readers::View,
    sql::{Row, SqlError, params, value::Whole},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, EventId, OrganizationId, Position, StreamName, UserId};
use std::collections::BTreeSet;

/// Which entries are asked for: those that meet everything that stands here.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what they caused.
    pub actor: Option<Actor>,
    /// Only what this person caused, and what is about them.
    pub person: Option<UserId>,
    /// Only events of these types; of no type, where there is none among them.
    pub types: Option<Vec<String>>,
    /// Only those recorded then or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those recorded before then.
    pub until: Option<DateTime<Utc>>,
    /// Only those recorded by then.
    pub as_of: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether this entry is one of those that are asked for.
    #[must_use]
    pub fn meets(&self, entry: &AuditEntry) -> bool {
        let about = |id| entry.actor == Actor::User(id) || entry.subject == StreamName::user(id);
        let types = self.types.as_ref();
        self.actor.is_none_or(|actor| entry.actor == actor)
            && self.person.is_none_or(about)
            && types.is_none_or(|types| types.contains(&entry.event_type))
            && self.from.is_none_or(|from| entry.recorded_at >= from)
            && self.until.is_none_or(|until| entry.recorded_at < until)
            && self.as_of.is_none_or(|as_of| entry.recorded_at <= as_of)
    }
}

/// Where an event is that may be meant. Whether it is, only the event itself can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its place in the log.
    pub position: Position,
    /// The index of its leaf in the audit log.
    pub leaf_index: u64,
}

fn found_in(row: &Row<'_>) -> Result<Found, SqlError> {
    Ok(Found {
        position: Position(row.get::<Whole>("position")?.0),
        leaf_index: row.get::<Whole>("leaf_index")?.0,
    })
}

/// Where the events of an organization are behind the position `after`, in the order of the log.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Position,
    limit: u32,
) -> Result<Page<Found, Position>, DatabaseError> {
    let range = (as_column(after), i64::MAX);
    readers.read(|view| {
        let search = Search::new(view, organization_id, filter, range, Order::OldestFirst)?;
        search.page(view, limit)
    })
}

/// Where the events of an organization are before the position `before`, the newest first.
pub fn latest(
    readers: &Readers,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<Position>,
    limit: u32,
) -> Result<Page<Found, Position>, DatabaseError> {
    let range = (0, before.map_or(i64::MAX, |before| as_column(before) - 1));
    readers.read(|view| {
        let search = Search::new(view, organization_id, filter, range, Order::NewestFirst)?;
        search.page(view, limit)
    })
}

/// Where the event of this id is, and any others whose ids have the same number, whoever's they are.
pub fn by_event(readers: &Readers, event_id: EventId) -> Result<Vec<Found>, DatabaseError> {
    readers.read(|view| {
        let sql = "SELECT position, leaf_index FROM audit_trail WHERE event = ?1 ORDER BY position";
        Ok(view.all(sql, params![number::of_event(event_id)], found_in)?)
    })
}

/// How many leaves the audit log has once it holds every event that is here.
pub fn leaves(readers: &Readers) -> Result<u64, DatabaseError> {
    readers.read(|view| {
        let leaves = view.first("SELECT leaves FROM audit_leaves", &[], |row| {
            row.at::<Whole>(0)
        })?;
        Ok(leaves.map_or(0, |leaves| leaves.0))
    })
}

fn as_column(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    OldestFirst,
    NewestFirst,
}

/// A range of the table or of an index, in which entries stand in the order of the log: those whose
/// number in this column is this one.
struct Lane(&'static str, i64);

impl Lane {
    /// A statement for each lane, so that the database has no better choice. Postgres must be told the type
    /// of what may be nothing.
    fn sql(&self, order: Order) -> String {
        let Self(column, _) = self;
        let direction = match order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst => "DESC",
        };
        format!(
            "SELECT position, leaf_index FROM audit_trail
             WHERE {column} = ?1 AND position > ?2 AND position <= ?3
                 AND recorded_at >= ?4 AND recorded_at <= ?5
                 AND (CAST(?6 AS BIGINT) IS NULL OR actor = ?6)
                 AND (CAST(?7 AS TEXT) IS NULL OR ?7 LIKE '%,' || CAST(type AS TEXT) || ',%')
             ORDER BY position {direction} LIMIT ?8"
        )
    }
}

/// A filter, with what it means for the columns.
struct Search<'a> {
    owner: Owner,
    filter: &'a Filter,
    order: Order,
    /// Positions behind the first and up to the second.
    range: (i64, i64),
    /// Times in microseconds, both included.
    recorded: (i64, i64),
}

impl<'a> Search<'a> {
    fn new(
        view: &mut View<'_>,
        organization_id: OrganizationId,
        filter: &'a Filter,
        (mut behind, mut up_to): (i64, i64),
        order: Order,
    ) -> Result<Self, DatabaseError> {
        let mut recorded = (i64::MIN, i64::MAX);
        if let Some(from) = filter.from {
            // Times in the log have no nanoseconds.
            let fraction = from.timestamp_subsec_nanos() % 1_000 != 0;
            recorded.0 = from.timestamp_micros() + i64::from(fraction);
            behind = behind.max(days::first_since(view, organization_id, recorded.0)? - 1);
        }
        let until = filter.until.map(|until| {
            let fraction = until.timestamp_subsec_nanos() % 1_000 != 0;
            until.timestamp_micros() - i64::from(!fraction)
        });
        let as_of = filter.as_of.map(|time| time.timestamp_micros());
        if let Some(last) = until.into_iter().chain(as_of).min() {
            recorded.1 = last;
            up_to = up_to.min(days::last_by(view, organization_id, last)?);
        }
        Ok(Self {
            owner: Owner::of(Some(organization_id)),
            filter,
            order,
            range: (behind, up_to),
            recorded,
        })
    }

    /// The lanes in which all that is asked for stands, perhaps among other entries.
    fn lanes(&self) -> Vec<Lane> {
        let by = |actor| Lane("actor", self.owner.actor(actor));
        let filter = self.filter;
        match (filter.person, filter.actor, &filter.types) {
            (Some(person), ..) => {
                let about = Lane("person", self.owner.person(person));
                vec![by(Actor::User(person)), about]
            }
            (None, Some(actor), _) => vec![by(actor)],
            (None, None, Some(types)) => {
                let of = |name: &String| Lane("type", self.owner.event_type(name));
                types.iter().map(of).collect()
            }
            (None, None, None) => vec![Lane("organization", self.owner.0)],
        }
    }

    fn page(
        mut self,
        view: &mut View<'_>,
        limit: u32,
    ) -> Result<Page<Found, Position>, DatabaseError> {
        let wanted = limit as usize + 1;
        let mut found = BTreeSet::new();
        for lane in self.lanes() {
            found.extend(self.look(view, &lane, wanted)?);
            self.narrow(&mut found, wanted);
        }
        let mut found: Vec<_> = found.into_iter().collect();
        if self.order == Order::NewestFirst {
            found.reverse();
        }
        Ok(Page::cut(found, limit, |found| found.position))
    }

    fn look(
        &self,
        view: &mut View<'_>,
        lane: &Lane,
        wanted: usize,
    ) -> Result<Vec<Found>, DatabaseError> {
        let types = self.filter.types.as_ref().map(|types| {
            let numbers = types.iter();
            let numbers = numbers.map(|name| self.owner.event_type(name).to_string());
            format!(",{},", numbers.collect::<Vec<_>>().join(","))
        });
        let found = view.all(
            &lane.sql(self.order),
            params![
                lane.1,
                self.range.0,
                self.range.1,
                self.recorded.0,
                self.recorded.1,
                self.filter.actor.map(|actor| self.owner.actor(actor)),
                types,
                Whole(wanted as u64)
            ],
            found_in,
        )?;
        Ok(found)
    }

    /// Lets go of what is too much, and looks no further than what is left.
    fn narrow(&mut self, found: &mut BTreeSet<Found>, wanted: usize) {
        while found.len() > wanted {
            match self.order {
                Order::OldestFirst => found.pop_last(),
                Order::NewestFirst => found.pop_first(),
            };
        }
        if found.len() < wanted {
            return;
        }
        let (first, last) = (found.first(), found.last());
        match (self.order, first, last) {
            (Order::OldestFirst, _, Some(last)) => self.range.1 = as_column(last.position),
            (Order::NewestFirst, Some(first), _) => {
                self.range.0 = as_column(first.position) - 1;
            }
            (_, _, None) | (_, None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sql::ToColumn,
        testing::{History, readers_of},
    };

    #[test]
    fn every_lane_is_a_range_of_its_index_in_the_order_of_the_log() {
        let (_directory, readers) = readers_of(&History::default());
        let lanes = [
            ("organization", "PRIMARY KEY"),
            ("type", "INDEX audit_trail_0__0"),
            ("actor", "INDEX audit_trail_1__0"),
            ("person", "INDEX audit_trail_2__0"),
        ];
        for (column, index) in lanes {
            for order in [Order::OldestFirst, Order::NewestFirst] {
                let plan = readers.read(|view| {
                    let sql = format!("EXPLAIN QUERY PLAN {}", Lane(column, 0).sql(order));
                    let nothing: [&dyn ToColumn; 8] = [&None::<i64>; 8];
                    let steps = view.all(&sql, &nothing, |row| row.at::<String>(3))?;
                    Ok(steps.join("\n"))
                });
                let plan = plan.unwrap();
                let search = format!(
                    "SEARCH audit_trail USING {index} ({column}=? AND position>? AND position<?)"
                );
                assert!(plan.contains(&search), "{plan}");
                assert!(!plan.contains("SCAN audit_trail"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }
}
