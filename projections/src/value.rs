//! How values are kept in columns: text and 64-bit integers, which SQLite and Postgres share.

use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, ApiCredentialId, UserId};
use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn to_sql_failure(error: impl Into<BoxError>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

fn from_sql_failure(error: impl Into<BoxError>) -> FromSqlError {
    FromSqlError::Other(error.into())
}

/// An id, as its text.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl<T: FromStr<Err: Into<BoxError>>> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(from_sql_failure)
    }
}

/// A structured value, as its JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(serde_json::to_string(&self.0)
            .map_err(to_sql_failure)?
            .into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(from_sql_failure)
    }
}

/// One of a few words, such as a role, as the contract spells it.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0).map_err(to_sql_failure)? {
            serde_json::Value::String(word) => Ok(word.into()),
            other => Err(to_sql_failure(format!("{other} is not a word"))),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        T::deserialize(serde::de::value::StrDeserializer::new(value.as_str()?))
            .map(Self)
            .map_err(|error: serde::de::value::Error| from_sql_failure(error))
    }
}

/// A time, as microseconds since 1970 UTC.
pub(crate) struct Micros(pub(crate) DateTime<Utc>);

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.timestamp_micros().into())
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or(FromSqlError::OutOfRange(micros))
    }
}

/// A position, revision or number of things.
pub(crate) struct Whole(pub(crate) u64);

impl ToSql for Whole {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).map_err(to_sql_failure)?.into())
    }
}

impl FromSql for Whole {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// An actor, as the two columns `kind` and `id`.
pub(crate) fn actor_columns(actor: Actor) -> (&'static str, Option<String>) {
    match actor {
        Actor::User(id) => ("user", Some(id.to_string())),
        Actor::ApiCredential(id) => ("api_credential", Some(id.to_string())),
        Actor::Operator => ("operator", None),
        Actor::Anonymous => ("anonymous", None),
    }
}

/// The actor in these two columns.
pub(crate) fn actor_from(row: &Row<'_>, kind: &str, id: &str) -> rusqlite::Result<Actor> {
    match row.get_ref(kind)?.as_str()? {
        "user" => Ok(Actor::User(row.get::<_, Text<UserId>>(id)?.0)),
        "api_credential" => {
            let Text(id) = row.get::<_, Text<ApiCredentialId>>(id)?;
            Ok(Actor::ApiCredential(id))
        }
        "operator" => Ok(Actor::Operator),
        "anonymous" => Ok(Actor::Anonymous),
        other => Err(from_sql_failure(format!("{other} is no kind of actor")).into()),
    }
}
