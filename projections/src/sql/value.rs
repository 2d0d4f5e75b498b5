//! How values are kept in columns.

use super::{BadValue, FromColumn, Row, SqlError, ToColumn, Value};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, ApiCredentialId, UserId};
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt::Display, str::FromStr};

fn bad(problem: impl Display) -> BadValue {
    BadValue(problem.to_string())
}

impl<'a> Value<'a> {
    fn text(self) -> Result<Cow<'a, str>, BadValue> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Integer(_) => Err(bad("it is a number, not a text")),
            Self::Null => Err(bad("it is empty")),
        }
    }

    fn integer(&self) -> Result<i64, BadValue> {
        match self {
            Self::Integer(number) => Ok(*number),
            Self::Text(_) => Err(bad("it is a text, not a number")),
            Self::Null => Err(bad("it is empty")),
        }
    }
}

impl Value<'_> {
    /// The same for as long as one likes.
    pub(crate) fn kept(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(text.into_owned().into()),
        }
    }

    pub(crate) fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
        }
    }

    /// Adds a number to this one.
    pub(crate) fn add(&mut self, more: &Value<'_>) {
        if let (Self::Integer(number), Value::Integer(more)) = (self, more) {
            *number += more;
        }
    }
}

impl ToColumn for Value<'_> {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(self.borrowed())
    }
}

impl<T: ToColumn + ?Sized> ToColumn for &T {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        (**self).to_column()
    }
}

impl<T: ToColumn> ToColumn for Option<T> {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        self.as_ref().map_or(Ok(Value::Null), ToColumn::to_column)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        match value {
            Value::Null => Ok(None),
            value => T::from_column(value).map(Some),
        }
    }
}

impl ToColumn for str {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Text(self.into()))
    }
}

impl ToColumn for String {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Text(self.into()))
    }
}

impl FromColumn for String {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        Ok(value.text()?.into_owned())
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl ToColumn for $integer {
            fn to_column(&self) -> Result<Value<'_>, BadValue> {
                Ok(Value::Integer(i64::from(*self)))
            }
        }

        impl FromColumn for $integer {
            fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
                value.integer()?.try_into().map_err(bad)
            }
        }
    )*};
}
integers!(i8, u8, i32, u32, i64);

/// Whether something is so, as 1 or 0.
impl ToColumn for bool {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Integer(i64::from(*self)))
    }
}

impl FromColumn for bool {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        Ok(value.integer()? != 0)
    }
}

/// An id, as its text.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> ToColumn for Text<T> {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Text(self.0.to_string().into()))
    }
}

impl<T: FromStr<Err: Display>> FromColumn for Text<T> {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        value.text()?.parse().map(Self).map_err(bad)
    }
}

/// A structured value, as its JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToColumn for Json<T> {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        let text = serde_json::to_string(&self.0).map_err(bad)?;
        Ok(Value::Text(text.into()))
    }
}

impl<T: DeserializeOwned> FromColumn for Json<T> {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        serde_json::from_str(&value.text()?).map(Self).map_err(bad)
    }
}

/// One of a few words, such as a role, as the contract spells it.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> ToColumn for Word<T> {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        match serde_json::to_value(&self.0).map_err(bad)? {
            serde_json::Value::String(word) => Ok(Value::Text(word.into())),
            other => Err(bad(format!("{other} is not a word"))),
        }
    }
}

impl<T: DeserializeOwned> FromColumn for Word<T> {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        T::deserialize(serde::de::value::StrDeserializer::new(&value.text()?))
            .map(Self)
            .map_err(|error: serde::de::value::Error| bad(error))
    }
}

/// A time, as microseconds since 1970 UTC.
pub(crate) struct Micros(pub(crate) DateTime<Utc>);

impl ToColumn for Micros {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Integer(self.0.timestamp_micros()))
    }
}

impl FromColumn for Micros {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        let micros = value.integer()?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or_else(|| bad(format!("{micros} is no time")))
    }
}

/// A position, revision or number of things.
pub(crate) struct Whole(pub(crate) u64);

impl ToColumn for Whole {
    fn to_column(&self) -> Result<Value<'_>, BadValue> {
        Ok(Value::Integer(self.0.try_into().map_err(bad)?))
    }
}

impl FromColumn for Whole {
    fn from_column(value: Value<'_>) -> Result<Self, BadValue> {
        value.integer()?.try_into().map(Self).map_err(bad)
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
pub(crate) fn actor_from(row: &Row<'_>, kind: &str, id: &str) -> Result<Actor, SqlError> {
    match row.get::<String>(kind)?.as_str() {
        "user" => Ok(Actor::User(row.get::<Text<UserId>>(id)?.0)),
        "api_credential" => {
            let Text(id) = row.get::<Text<ApiCredentialId>>(id)?;
            Ok(Actor::ApiCredential(id))
        }
        "operator" => Ok(Actor::Operator),
        "anonymous" => Ok(Actor::Anonymous),
        other => Err(SqlError::Column {
            column: kind.to_owned(),
            problem: bad(format!("{other} is no kind of actor")),
        }),
    }
}
