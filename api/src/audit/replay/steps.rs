//! A history event by event, as tables or as one JSON object. It is written as it is read.

use super::{
    super::{history::History, moment::Moment, source::Entry, words},
    Asked,
};
use crate::storage::StartError;
use eventstore_schema::Actor;
use serde_json::json;
use std::io::Write;

/// Writes the steps.
pub struct Steps<W> {
    asked: Asked,
    json: bool,
    written: u64,
    to: W,
}

impl<W: Write> Steps<W> {
    /// Before the first one.
    pub fn new(asked: Asked, json: bool, to: W) -> Self {
        Self {
            asked,
            json,
            written: 0,
            to,
        }
    }

    /// Writes one, from the state after it, unless it concerns somebody else.
    pub fn show(&mut self, history: &History, entry: &Entry) -> Result<(), StartError> {
        let event = &entry.event;
        let actor = event.metadata.actor;
        let about = words::about(history, &event.data, &event.stream);
        let concerned = |id| about == Some(id) || actor == Actor::User(id);
        if !self.asked.person.is_none_or(concerned) {
            return Ok(());
        }
        let who = words::actor(history, actor);
        let subject = words::subject(history, entry);
        let change = words::change(&event.data, &entry.names);
        let (event_type, _) = event.data.event_type();
        if self.json {
            let before = if self.written == 0 {
                self.begin()
            } else {
                ",\n".to_owned()
            };
            let step = json!({
                "index": entry.index,
                "event_id": event.id,
                "recorded_at": event.metadata.recorded_at,
                "type": event_type,
                "actor": actor,
                "actor_name": who,
                "stream": event.stream,
                "subject": subject,
                "change": change,
            });
            write!(self.to, "{before}{step}")?;
        } else {
            let (index, at) = (entry.index, words::time(event.metadata.recorded_at));
            writeln!(
                self.to,
                "{index:>8}  {at}  {event_type:<26}  {who:<24}  {subject:<24}  {change}"
            )?;
        }
        self.written += 1;
        Ok(())
    }

    fn begin(&self) -> String {
        let head = json!({
            "organization_id": self.asked.organization,
            "as_of": self.asked.as_of.map(Moment::time),
            "person_id": self.asked.person,
        });
        let head = head.to_string();
        format!("{},\"steps\":[\n", head.trim_end_matches('}'))
    }

    /// After the last one.
    pub fn finish(mut self) -> Result<(), StartError> {
        if self.json {
            let begin = if self.written == 0 {
                self.begin()
            } else {
                String::new()
            };
            writeln!(self.to, "{begin}\n]}}")?;
        }
        self.to.flush()?;
        Ok(())
    }
}
