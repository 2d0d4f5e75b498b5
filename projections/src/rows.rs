//! The rows of a read model, inside the transaction that also moves the checkpoint.
//!
//! What events do to a row is put together in memory, and written once, at the end of the batch: a
//! session begins, shows a code, is signed in and ends in one statement. Statements that stand in a read
//! model as SQL see everything that came before them.

mod pending;

use crate::{
    ProjectionError, Table,
    sql::{Connection, Parameters, Row, SqlError, ToColumn, names::Names},
};
use pending::{Entry, Pending, What};

/// Values for some columns of a row.
pub(crate) type Values<'v> = &'v [(&'static str, &'v dyn ToColumn)];

/// Values for some columns of a row.
macro_rules! values {
    ($($column:ident = $value:expr),* $(,)?) => {
        &[$((stringify!($column), &$value as &dyn $crate::sql::ToColumn)),*]
            as $crate::rows::Values<'_>
    };
}
pub(crate) use values;

/// The rows of a read model. A row is named by its table and the values of its key.
pub struct Rows<'transaction> {
    connection: &'transaction mut dyn Connection,
    names: &'transaction mut Names,
    /// The event at hand, counted from 0; after a failure, the one to blame.
    event: usize,
    /// The event that each statement under way was for.
    sent: Vec<usize>,
    pending: Pending,
}

impl<'transaction> Rows<'transaction> {
    pub(crate) fn new(
        connection: &'transaction mut dyn Connection,
        names: &'transaction mut Names,
    ) -> Self {
        Self {
            connection,
            names,
            event: 0,
            sent: Vec::new(),
            pending: Pending::default(),
        }
    }

    /// What comes next is for the event with this index.
    pub(crate) fn begin(&mut self, event: usize) {
        self.event = event;
    }

    /// The event at hand; where something has just failed, the one that it was for.
    pub(crate) fn event(&self) -> usize {
        self.event
    }

    /// Writes what is left and waits for the end of all statements; otherwise for which event the first
    /// was that failed, and why.
    pub(crate) fn finish(mut self) -> Result<(), (usize, ProjectionError)> {
        let written = self.write();
        let event = self.event;
        self.wait().map_err(|error| (self.event, error))?;
        written.map_err(|error| (event, error))
    }

    /// Waits for the end of all statements that are under way.
    fn wait(&mut self) -> Result<(), ProjectionError> {
        let sent = std::mem::take(&mut self.sent);
        self.connection.finish().map_err(|(number, error)| {
            self.event = sent.get(number).copied().unwrap_or(self.event);
            error.into()
        })
    }

    /// Makes a row that must not be there. What is not given is NULL.
    pub(crate) fn insert(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        values: Values<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Insert, (&[], values))
    }

    /// Gives a row that must be there these values. Where there is none, the history is not one that the
    /// read model understands, and going on would make the rows wrong in silence.
    pub(crate) fn update(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        values: Values<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Update, (&[], values))
    }

    /// Gives a row these values, whether or not it is there. One that was not gets those of a new one,
    /// too. They are the same columns each time.
    pub(crate) fn put(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        new: Values<'_>,
        values: Values<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Put, (new, values))
    }

    /// Adds these numbers to those of a row, which begins with zeros. They are the same columns each time.
    pub(crate) fn add(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        numbers: Values<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Add, (&[], numbers))
    }

    /// Takes away a row that must be there.
    pub(crate) fn delete(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Delete, (&[], &[]))
    }

    /// Takes away a row, if it is there.
    pub(crate) fn remove(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.put_down(table, key, What::Remove, (&[], &[]))
    }

    /// What `read` makes of the row, if it is there. A read model that asks for a row makes it with all
    /// its columns.
    pub(crate) fn find<T>(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        read: impl FnOnce(&Row<'_>) -> Result<T, SqlError>,
    ) -> Result<Option<T>, ProjectionError> {
        let key = pending::kept(key).map_err(SqlError::from)?;
        if let Some(entry) = self.pending.of(table).get(&key) {
            if matches!(entry.what, What::Delete | What::Remove) {
                return Ok(None);
            }
            if entry.is_whole {
                return Ok(Some(read(&Row(entry))?));
            }
        }
        if let Some(entry) = self.pending.of(table).remove(&key) {
            self.send_entry(table, &key, &entry)?;
        }
        // The connection would wait, too, but not tell for which event a statement was.
        self.wait()?;
        let sql = pending::select(table, self.names.of(table.name));
        let parameters: Vec<_> = key.iter().map(|value| value as _).collect();
        let event = self.event;
        let found = self
            .connection
            .first(&sql, &parameters, |row| Entry::read(table, event, row))?;
        let Some(entry) = found else {
            return Ok(None);
        };
        let found = read(&Row(&entry))?;
        self.pending.of(table).insert(key, entry);
        Ok(Some(found))
    }

    /// Runs a statement, prepared once. How many rows it changes is not known yet when this returns, nor,
    /// in Postgres, whether it fails: the next ones are under way meanwhile.
    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.write()?;
        self.send(sql, parameters, false)
    }

    /// Makes a row of these values, one for each column, which nothing asks for or changes afterwards.
    pub(crate) fn append(
        &mut self,
        table: &'static Table,
        values: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        let row = pending::kept(values).map_err(SqlError::from)?;
        self.pending.append(table, (self.event, row));
        Ok(())
    }

    /// Runs a statement that must change a row, as [`update`](Self::update) must.
    pub(crate) fn change(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<(), ProjectionError> {
        self.write()?;
        self.send(sql, parameters, true)
    }

    fn send(
        &mut self,
        sql: &'static str,
        parameters: Parameters<'_>,
        must_change: bool,
    ) -> Result<(), ProjectionError> {
        let sql = self.names.in_statement(sql);
        self.sent.push(self.event);
        let row = parameters.to_vec();
        let mut row = std::iter::once(row);
        Ok(self.connection.send(sql, &mut row, must_change)?)
    }

    /// Puts a change to what is to be written of the row. What cannot be put together is written first.
    fn put_down(
        &mut self,
        table: &'static Table,
        key: Parameters<'_>,
        what: What,
        (new, values): (Values<'_>, Values<'_>),
    ) -> Result<(), ProjectionError> {
        let key = pending::kept(key).map_err(SqlError::from)?;
        let entries = self.pending.of(table);
        if let Some(entry) = entries.get_mut(&key) {
            if entry.takes(what) {
                return Ok(entry.take(what, values).map_err(SqlError::from)?);
            }
            if let Some(entry) = entries.remove(&key) {
                self.send_entry(table, &key, &entry)?;
            }
        }
        let mut entry = Entry::new(what, self.event, new).map_err(SqlError::from)?;
        entry.take(what, values).map_err(SqlError::from)?;
        self.pending.of(table).insert(key, entry);
        Ok(())
    }

    /// Writes one row.
    fn send_entry(
        &mut self,
        table: &'static Table,
        key: &pending::Key,
        entry: &Entry,
    ) -> Result<(), ProjectionError> {
        match entry.statement(table, self.names.of(table.name)) {
            Some(sql) => self.send_alike(&sql, &[(key, entry)]),
            None => Ok(()),
        }
    }

    /// Writes everything that waits, table by table in the order of the keys. Nothing is known of any row
    /// afterwards.
    fn write(&mut self) -> Result<(), ProjectionError> {
        let Pending { appended, changed } = std::mem::take(&mut self.pending);
        for (table, rows) in appended {
            let sql = pending::insert(table, self.names.of(table.name));
            let rows = rows
                .iter()
                .map(|(event, row)| (*event, row.iter().map(|value| value as _).collect()));
            self.send_all(&sql, rows, false)?;
        }
        for (table, entries) in changed {
            for rows in pending::alike(&entries) {
                if let Some(sql) = rows[0].1.statement(table, self.names.of(table.name)) {
                    self.send_alike(&sql, &rows)?;
                }
            }
        }
        Ok(())
    }

    /// Writes rows by the one statement that writes them all.
    fn send_alike(
        &mut self,
        sql: &str,
        rows: &[(&pending::Key, &Entry)],
    ) -> Result<(), ProjectionError> {
        let must_change = rows[0].1.what.must_change();
        let rows = rows
            .iter()
            .map(|(key, entry)| (entry.event, entry.parameters(key)));
        self.send_all(sql, rows, must_change)
    }

    /// Runs a statement for each of these rows, which are each for an event.
    fn send_all<'r>(
        &mut self,
        sql: &str,
        rows: impl Iterator<Item = (usize, Vec<&'r dyn ToColumn>)>,
        must_change: bool,
    ) -> Result<(), ProjectionError> {
        let at_hand = self.event;
        let mut rows = rows.map(|(event, row)| {
            self.event = event;
            self.sent.push(event);
            row
        });
        self.connection.send(sql, &mut rows, must_change)?;
        self.event = at_hand;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
