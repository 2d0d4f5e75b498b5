//! Reads several datasets from one state of the read models, so that they fit together.

use super::{Dataset, Question, Value, read};
use crate::{
    DatabaseError, Readers,
    readers::View,
    sql::{params, value::Whole},
};
use eventstore_schema::Position;
use std::ops::ControlFlow;

/// One state of the read models.
pub struct Snapshot<'s, 'v>(&'s mut View<'v>);

/// Lets `look` read from one state of the read models. What is written meanwhile is kept beside it, and
/// takes room until `look` has ended.
pub fn snapshot<T>(
    readers: &Readers,
    look: impl FnOnce(&mut Snapshot<'_, '_>) -> T,
) -> Result<T, DatabaseError> {
    readers.read(|view| Ok(look(&mut Snapshot(view))))
}

impl Snapshot<'_, '_> {
    /// The last event that the dataset's read model has seen; `None` where it is not there, or as another
    /// version of Pawl built it.
    pub fn position(&mut self, dataset: &Dataset) -> Result<Option<Position>, DatabaseError> {
        let model = dataset.projection;
        let position = self.0.first(
            "SELECT position FROM read_models
                 WHERE projection = ?1 AND side = 'live' AND version = ?2",
            params![model.name(), model.version()],
            |row| row.get::<Whole>("position"),
        )?;
        Ok(position.map(|position| Position(position.0)))
    }

    /// Gives every row to `take`, one at a time, until it breaks off.
    pub fn each(
        &mut self,
        dataset: &Dataset,
        question: &Question,
        take: impl FnMut(Vec<Value>) -> ControlFlow<()>,
    ) -> Result<(), DatabaseError> {
        read::each_in(self.0, dataset, question, take)
    }
}
