//! The read models in Postgres: a schema of their own in a database, for several nodes and for other
//! programs.
//!
//! Values never stand in the text of a statement. All connections of the process are driven by one
//! thread, so that whoever asks only waits for the answer, on whatever thread that is.

mod server;
mod values;

pub use server::PostgresServer;

use super::{Columns, Connection, Parameters, Purpose, Row, SqlError, ToColumn, Value};
use crate::{Table, catalog::CATALOG};
use futures::{FutureExt as _, StreamExt as _, executor::block_on, future::BoxFuture};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio_postgres::{Client, Error, Statement, error::SqlState};
use values::Parameter;

/// The schema with everything of Pawl's.
const SCHEMA: &str = "pawl";
/// "PAWP" in ASCII: the advisory lock of whoever writes, for the length of a transaction.
const WRITING: i64 = 0x5041_5750;
/// "PAWL" in ASCII: the advisory lock of the node that follows the log, for the length of its connection.
const LEADING: i64 = 0x5041_574C;
/// How long putting tables in the place of others waits for those who read them. New readers wait behind
/// it meanwhile.
const SWAP_WAITS: &str = "250ms";

/// A connection to the database.
pub(crate) struct Postgres {
    client: Arc<Client>,
    /// Statements as they were prepared, by their text.
    prepared: HashMap<String, Vec<Statement>>,
    /// Statements under way, oldest first.
    sent: VecDeque<Sent>,
}

/// A statement under way.
struct Sent {
    must_change: bool,
    answer: BoxFuture<'static, Result<u64, Error>>,
}

impl Postgres {
    /// Opens the database to read and write it, and makes the schema where there is none.
    pub(crate) fn open_writable(server: &PostgresServer) -> Result<Self, SqlError> {
        let mut opened = Self::open(server)?;
        // Rows and checkpoint go back together when the database loses its last moments, and are
        // projected again.
        opened.script("SET synchronous_commit TO off")?;
        opened.begin(Purpose::Writing)?;
        let connection: &mut dyn Connection = &mut opened;
        let there = "SELECT 1 FROM pg_namespace WHERE nspname = ?1";
        let there = connection.first(there, super::params![SCHEMA], |row| row.at::<i64>(0))?;
        if there.is_none() {
            opened.script(&format!("CREATE SCHEMA {SCHEMA}"))?;
        }
        opened.script("COMMIT")?;
        Ok(opened)
    }

    /// Opens the database to read it only.
    pub(crate) fn open_read_only(server: &PostgresServer) -> Result<Self, SqlError> {
        let mut opened = Self::open(server)?;
        opened.script("SET default_transaction_read_only TO on")?;
        let there = "SELECT 1 FROM pg_tables WHERE schemaname = ?1 AND tablename = ?2";
        let connection: &mut dyn Connection = &mut opened;
        let parameters = super::params![SCHEMA, CATALOG];
        match connection.first(there, parameters, |row| row.at::<i64>(0))? {
            Some(_) => Ok(opened),
            None => Err(SqlError::Empty),
        }
    }

    fn open(server: &PostgresServer) -> Result<Self, SqlError> {
        let client = server.connect()?;
        let mut opened = Self {
            client: Arc::new(client),
            prepared: HashMap::new(),
            sent: VecDeque::new(),
        };
        opened.script(&format!(
            "SET client_min_messages TO warning; SET search_path TO {SCHEMA}"
        ))?;
        Ok(opened)
    }

    /// The statement, prepared for parameters of these types.
    fn prepare(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Statement, SqlError> {
        let fits = |statement: &&Statement| {
            let mut pairs = parameters.iter().zip(statement.params());
            pairs.all(|(parameter, kind)| parameter.fits(kind))
        };
        let known = self.prepared.get(sql);
        if let Some(statement) = known.and_then(|known| known.iter().find(fits)) {
            return Ok(statement.clone());
        }
        let kinds: Vec<_> = parameters.iter().map(Parameter::kind).collect();
        let text = values::numbered(sql);
        let statement = block_on(self.client.prepare_typed(&text, &kinds))?;
        let same = self.prepared.entry(sql.to_owned()).or_default();
        same.push(statement.clone());
        Ok(statement)
    }
}

impl Connection for Postgres {
    fn execute(&mut self, sql: &str, parameters: Parameters<'_>) -> Result<usize, SqlError> {
        self.finish().map_err(|(_, error)| error)?;
        let parameters = values::of(parameters)?;
        let statement = self.prepare(sql, &parameters)?;
        let changed = block_on(self.client.execute_raw(&statement, parameters))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn send(
        &mut self,
        sql: &str,
        rows: &mut dyn Iterator<Item = Vec<&dyn ToColumn>>,
        must_change: bool,
    ) -> Result<(), SqlError> {
        for parameters in rows {
            let parameters = values::of(&parameters)?;
            let statement = self.prepare(sql, &parameters)?;
            let client = Arc::clone(&self.client);
            let mut answer =
                async move { client.execute_raw(&statement, parameters).await }.boxed();
            // Being asked for the first time is what sends it. Where the answer is there already, an
            // outage has cut it short.
            let answer = match (&mut answer).now_or_never() {
                Some(answered) => futures::future::ready(answered).boxed(),
                None => answer,
            };
            self.sent.push_back(Sent {
                must_change,
                answer,
            });
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), (usize, SqlError)> {
        for (number, sent) in std::mem::take(&mut self.sent).into_iter().enumerate() {
            match block_on(sent.answer) {
                Ok(0) if sent.must_change => return Err((number, SqlError::NothingChanged)),
                Ok(_) => {}
                Err(error) => return Err((number, error.into())),
            }
        }
        Ok(())
    }

    fn query(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        self.finish().map_err(|(_, error)| error)?;
        let parameters = values::of(parameters)?;
        let statement = self.prepare(sql, &parameters)?;
        let rows = block_on(self.client.query_raw(&statement, parameters))?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = block_on(rows.next()) {
            if !each(&Row(&row?))? {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), SqlError> {
        self.finish().map_err(|(_, error)| error)?;
        Ok(block_on(self.client.batch_execute(sql))?)
    }

    fn begin(&mut self, purpose: Purpose) -> Result<(), SqlError> {
        let begun = self.script(&match purpose {
            // The lock comes before the first look: whoever puts other tables in place waits for
            // those who have it, and what is seen afterwards is one state of the same tables.
            Purpose::Reading => format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                 LOCK TABLE {CATALOG} IN ACCESS SHARE MODE"
            ),
            Purpose::Writing => format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITING})"
            ),
            // Nobody waits for long behind one who waits for a long query.
            Purpose::Replacing => format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITING});
                 SET LOCAL lock_timeout TO '{SWAP_WAITS}';
                 LOCK TABLE {CATALOG} IN ACCESS EXCLUSIVE MODE"
            ),
        });
        if begun.is_err() && !self.is_broken() {
            // It began, and failed at a lock.
            self.script("ROLLBACK")?;
        }
        begun
    }

    fn create_table(&self, name: &str, table: &Table) -> String {
        let key = table.key.join(", ");
        // By bytes, as SQLite compares, whatever the language of the database.
        let columns = table.columns.replace(" TEXT", " TEXT COLLATE \"C\"");
        format!("CREATE TABLE {name} ({columns}, PRIMARY KEY ({key}))")
    }

    fn now(&self) -> &'static str {
        "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    }

    fn tables(&mut self) -> Result<Vec<String>, SqlError> {
        let connection: &mut dyn Connection = self;
        connection.all(
            "SELECT tablename FROM pg_tables WHERE schemaname = ?1 ORDER BY tablename",
            super::params![SCHEMA],
            |row| row.at(0),
        )
    }

    fn has_column(&mut self, table: &str, column: &str) -> Result<bool, SqlError> {
        let connection: &mut dyn Connection = self;
        let found = connection.first(
            "SELECT 1 FROM information_schema.columns
             WHERE table_schema = ?1 AND table_name = ?2 AND column_name = ?3",
            super::params![SCHEMA, table, column],
            |row| row.at::<i64>(0),
        );
        Ok(found?.is_some())
    }

    fn views(&mut self) -> Result<Vec<String>, SqlError> {
        let connection: &mut dyn Connection = self;
        connection.all(
            "SELECT viewname FROM pg_views WHERE schemaname = ?1 ORDER BY viewname",
            super::params![SCHEMA],
            |row| row.at(0),
        )
    }

    fn view_grants(&mut self, view: &str) -> Result<Vec<String>, SqlError> {
        let connection: &mut dyn Connection = self;
        connection.all(
            "SELECT format('GRANT SELECT ON %I TO %s', relname,
                           CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
             FROM pg_class, aclexplode(relacl)
             WHERE relnamespace = CAST(?1 AS regnamespace) AND relname = ?2 AND relkind = 'v'
                 AND privilege_type = 'SELECT' AND grantee <> relowner",
            super::params![SCHEMA, view],
            |row| row.at(0),
        )
    }

    fn lead(&mut self) -> Result<bool, SqlError> {
        let connection: &mut dyn Connection = self;
        let lock = "SELECT pg_try_advisory_lock(?1)";
        let taken = connection.first(lock, super::params![LEADING], |row| row.at(0))?;
        Ok(taken.unwrap_or_default())
    }

    fn is_broken(&self) -> bool {
        self.client.is_closed()
    }

    fn settle(&mut self) -> Result<(), SqlError> {
        Ok(())
    }
}

impl Columns for tokio_postgres::Row {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> Result<Value<'_>, SqlError> {
        Ok(self.try_get::<_, Value<'_>>(index)?)
    }

    fn named(&self, name: &str) -> Result<Value<'_>, SqlError> {
        Ok(self.try_get::<_, Value<'_>>(name)?)
    }
}

/// Whether the database itself failed, so that another event would fare no better.
pub(super) fn is_outage(error: &Error) -> bool {
    // Classes of states: the connection, resources, an intervention, the system, a conflict between
    // transactions. A standby takes no writes.
    let outages = ["08", "53", "57", "58", "40", "25006", "55P03"];
    let state = error.code().map(SqlState::code);
    state.is_none_or(|state| outages.iter().any(|outage| state.starts_with(outage)))
}

/// Whether somebody else holds what is needed, so that it may be tried again.
pub(super) fn is_busy(error: &Error) -> bool {
    let busy = [
        &SqlState::LOCK_NOT_AVAILABLE,
        &SqlState::T_R_DEADLOCK_DETECTED,
    ];
    error.code().is_some_and(|state| busy.contains(&state))
}

/// What the error says, with its cause. The values of rows are not in it.
pub(super) fn sentence(error: &Error) -> String {
    let mut sentence = match error.as_db_error() {
        Some(error) => return format!("{} ({})", error.message(), error.code().code()),
        None => error.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        sentence = format!("{sentence}: {error}");
        cause = error.source();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use crate::{
        Table,
        testing::{PostgresServer, home_on},
    };

    #[test]
    fn rows_come_in_the_order_of_bytes_whatever_the_language_of_the_database() {
        let server = PostgresServer::start();
        let mut connection = home_on(&server, "pawl").open_writable().unwrap();
        let table = Table {
            name: "words",
            columns: "word TEXT NOT NULL",
            key: &["word"],
            indexes: &[],
        };
        let create = connection.create_table("words", &table);
        connection.script(&create).unwrap();
        let words = "INSERT INTO words VALUES ('b'), ('é'), ('B'), ('_'), ('a')";
        connection.script(words).unwrap();
        let sql = "SELECT word FROM words ORDER BY word";
        let words: Vec<String> = connection.all(sql, &[], |row| row.at(0)).unwrap();
        assert_eq!(words, ["B", "_", "a", "b", "é"]);
    }
}
