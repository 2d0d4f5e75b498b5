//! The audit trail of an organization, as something that people look at: who did is remembered.
//! Nothing else of it is decided here: what the trail says are the events themselves, and what proves
//! them, the audit log, is none of this crate's business.

mod export;
mod read;

pub use export::ExportAudit;
pub use read::{ReadAudit, SAME_LOOK};

use crate::decider::Decider;
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, AuditEvent, AuditRead, Recorded};
use std::collections::VecDeque;

/// Looks that are remembered at most. Whoever asks more questions than that at a time is recorded
/// again when they repeat one.
const LOOKS: usize = 256;

/// Who looked at an audit trail lately, and what they asked for.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The oldest first.
    looks: VecDeque<Look>,
}

#[derive(Clone, Debug)]
struct Look {
    by: Actor,
    question: AuditRead,
    at: DateTime<Utc>,
}

impl Decider for Audit {
    type Event = AuditEvent;

    fn evolve(&mut self, event: &Recorded<AuditEvent>) {
        let AuditEvent::AuditRead(question) = &event.data else {
            return;
        };
        let at = event.metadata.recorded_at;
        self.looks.retain(|look| look.is_recent(at));
        if self.looks.len() == LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(Look {
            by: event.metadata.actor,
            question: question.clone(),
            at,
        });
    }
}

impl Look {
    /// Whether it goes on at this time. One that a clock ahead of its time recorded does not go on
    /// until then.
    fn is_recent(&self, now: DateTime<Utc>) -> bool {
        (now - self.at).abs() < SAME_LOOK
    }
}
