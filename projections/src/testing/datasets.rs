//! Datasets as their tests read them.

use super::{History, at, readers_of};
use crate::analytics::{Dataset, Question, Value, each};
use chrono::{DateTime, Utc};
use eventstore_schema::OrganizationId;
use std::ops::ControlFlow;

/// Of all days, at the time of the history's beginning.
pub(crate) fn everything(organization_id: Option<OrganizationId>) -> Question {
    Question {
        organization_id,
        from: None,
        until: None,
        now: at(0),
    }
}

/// A row as a line, without its organization.
pub(crate) fn line(row: &[Value]) -> String {
    let words = row[1..].iter().map(|value| match value {
        Value::Nothing => "-".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The rows of an organization after this history, as lines.
pub(crate) fn lines(
    history: &History,
    dataset: &Dataset,
    organization_id: OrganizationId,
) -> Vec<String> {
    lines_at(history, dataset, organization_id, at(0))
}

/// The same, at this time.
pub(crate) fn lines_at(
    history: &History,
    dataset: &Dataset,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
) -> Vec<String> {
    let (_directory, readers) = readers_of(history);
    let question = Question {
        now,
        ..everything(Some(organization_id))
    };
    let mut lines = Vec::new();
    each(&readers, dataset, &question, |row| {
        lines.push(line(&row));
        ControlFlow::Continue(())
    })
    .unwrap();
    lines
}
