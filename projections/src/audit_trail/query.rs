//! Parts of an audit trail. Whatever is asked for, what is looked through is a range of an index, or
//! some of them side by side, and never the whole trail of an organization.

use super::{AuditEntry, days, entry_from};
use crate::{
    DatabaseError, Page, Readers,
    readers::View,
    sql::{
        params,
        value::{Text, Whole, actor_columns},
    },
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

/// The events of an organization behind the position `after`, in the order of the log.
pub fn page(
    readers: &Readers,
    organization_id: OrganizationId,
    filter: &Filter,
    after: Position,
    limit: u32,
) -> Result<Page<AuditEntry, Position>, DatabaseError> {
    let range = (as_column(after), i64::MAX);
    readers.read(|view| {
        let search = Search::new(view, organization_id, filter, range, Order::OldestFirst)?;
        search.page(view, limit)
    })
}

/// The events of an organization before the position `before`, the newest first.
pub fn latest(
    readers: &Readers,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<Position>,
    limit: u32,
) -> Result<Page<AuditEntry, Position>, DatabaseError> {
    let range = (0, before.map_or(i64::MAX, |before| as_column(before) - 1));
    readers.read(|view| {
        let search = Search::new(view, organization_id, filter, range, Order::NewestFirst)?;
        search.page(view, limit)
    })
}

/// The event of this id, where it belongs to the organization.
pub fn by_event(
    readers: &Readers,
    organization_id: OrganizationId,
    event_id: EventId,
) -> Result<Option<AuditEntry>, DatabaseError> {
    readers.read(|view| {
        Ok(view.first(
            "SELECT * FROM audit_trail 
                 WHERE event_id = ?1 AND organization_id = ?2",
            params![Text(event_id), Text(organization_id)],
            entry_from,
        )?)
    })
}

/// How many leaves the audit log has once it holds every event that is here.
pub fn leaves(readers: &Readers) -> Result<u64, DatabaseError> {
    readers.read(|view| {
        let last = "SELECT leaf_index + 1 FROM audit_trail ORDER BY position DESC LIMIT 1";
        let leaves = view.first(last, &[], |row| row.at::<Whole>(0))?;
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

/// A range of an index, in which the entries stand in the order of the log. Each is a statement of
/// its own, so that the database has no better choice: the index of everything is open only to a
/// statement that says, superfluously, that positions are above 0. Postgres must be told the type of what
/// may be nothing.
enum Lane {
    Everything,
    Actor(&'static str, Option<String>),
    Subject(String),
    Type(String),
}

impl Lane {
    fn sql(&self, order: Order) -> String {
        let key = match self {
            Self::Everything => {
                "position > 0 AND CAST(?9 AS TEXT) IS NULL AND CAST(?10 AS TEXT) IS NULL"
            }
            Self::Actor(..) => "actor_kind = ?9 AND actor_id IS NOT DISTINCT FROM ?10",
            Self::Subject(_) => "subject = ?9 AND CAST(?10 AS TEXT) IS NULL",
            Self::Type(_) => "type = ?9 AND CAST(?10 AS TEXT) IS NULL",
        };
        let direction = match order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst => "DESC",
        };
        format!(
            "SELECT position FROM audit_trail
             WHERE organization_id = ?1 AND {key} AND position > ?2 AND position <= ?3
                 AND recorded_at >= ?4 AND recorded_at <= ?5
                 AND (CAST(?6 AS TEXT) IS NULL OR (actor_kind = ?6 AND actor_id IS NOT DISTINCT FROM ?7))
                 AND (CAST(?8 AS TEXT) IS NULL OR ?8 LIKE '%,' || type || ',%')
             ORDER BY position {direction} LIMIT ?11"
        )
    }

    /// What stands in the columns of its index, behind the organization.
    fn key(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Everything => (None, None),
            Self::Actor(kind, id) => (Some(kind), id.as_deref()),
            Self::Subject(key) | Self::Type(key) => (Some(key), None),
        }
    }
}

/// A filter, with what it means for the columns.
struct Search<'a> {
    organization_id: OrganizationId,
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
            organization_id,
            filter,
            order,
            range: (behind, up_to),
            recorded,
        })
    }

    /// The lanes in which all that is asked for stands, perhaps among other entries.
    fn lanes(&self) -> Vec<Lane> {
        let by = |actor| {
            let (kind, id) = actor_columns(actor);
            Lane::Actor(kind, id)
        };
        let filter = self.filter;
        match (filter.person, filter.actor, &filter.types) {
            (Some(person), ..) => {
                let about = StreamName::user(person).to_string();
                vec![by(Actor::User(person)), Lane::Subject(about)]
            }
            (None, Some(actor), _) => vec![by(actor)],
            (None, None, Some(types)) => types.iter().cloned().map(Lane::Type).collect(),
            (None, None, None) => vec![Lane::Everything],
        }
    }

    fn page(
        mut self,
        view: &mut View<'_>,
        limit: u32,
    ) -> Result<Page<AuditEntry, Position>, DatabaseError> {
        let wanted = limit as usize + 1;
        let mut found = BTreeSet::new();
        for lane in self.lanes() {
            found.extend(self.positions(view, &lane, wanted)?);
            self.narrow(&mut found, wanted);
        }
        let mut rows = Vec::with_capacity(found.len());
        for position in found {
            let sql = "SELECT * FROM audit_trail WHERE position = ?1";
            rows.extend(view.first(sql, params![position], entry_from)?);
        }
        if self.order == Order::NewestFirst {
            rows.reverse();
        }
        Ok(Page::cut(rows, limit, |entry| entry.position))
    }

    fn positions(
        &self,
        view: &mut View<'_>,
        lane: &Lane,
        wanted: usize,
    ) -> Result<Vec<i64>, DatabaseError> {
        let (actor_kind, actor_id) = self.filter.actor.map(actor_columns).unzip();
        let types = self.filter.types.as_ref();
        let (first, second) = lane.key();
        let positions = view.all(
            &lane.sql(self.order),
            params![
                Text(self.organization_id),
                self.range.0,
                self.range.1,
                self.recorded.0,
                self.recorded.1,
                actor_kind,
                actor_id.flatten(),
                types.map(|types| format!(",{},", types.join(","))),
                first,
                second,
                Whole(wanted as u64)
            ],
            |row| row.at(0),
        )?;
        Ok(positions)
    }

    /// Lets go of what is too much, and looks no further than what is left.
    fn narrow(&mut self, found: &mut BTreeSet<i64>, wanted: usize) {
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
            (Order::OldestFirst, _, Some(last)) => self.range.1 = *last,
            (Order::NewestFirst, Some(first), _) => self.range.0 = first - 1,
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
            (Lane::Everything, "0__0 (organization_id=?"),
            (
                Lane::Actor("operator", None),
                "2__0 (organization_id=? AND actor_kind=? AND actor_id=?",
            ),
            (
                Lane::Subject(String::new()),
                "3__0 (organization_id=? AND subject=?",
            ),
            (
                Lane::Type(String::new()),
                "1__0 (organization_id=? AND type=?",
            ),
        ];
        for (lane, index) in &lanes {
            for order in [Order::OldestFirst, Order::NewestFirst] {
                let plan = readers.read(|view| {
                    let sql = format!("EXPLAIN QUERY PLAN {}", lane.sql(order));
                    let nothing: [&dyn ToColumn; 11] = [&None::<i64>; 11];
                    let steps = view.all(&sql, &nothing, |row| row.at::<String>(3))?;
                    Ok(steps.join("\n"))
                });
                let plan = plan.unwrap();
                let search = format!(
                    "SEARCH audit_trail USING INDEX audit_trail_{index} \
                     AND position>? AND position<?)"
                );
                assert!(plan.contains(&search), "{plan}");
                assert!(!plan.contains("SCAN audit_trail"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }
}
