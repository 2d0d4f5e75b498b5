//! How values go to Postgres and come back: as text and whole numbers, in binary.

use crate::sql::{BadValue, Parameters, SqlError, Value};
use bytes::BytesMut;
use std::{borrow::Cow, error::Error, fmt};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// The parameter of a statement. It is on its way after the statement's caller has gone on, so it owns
/// what it holds.
pub(super) struct Parameter(Value<'static>);

/// The values of these parameters.
pub(super) fn of(parameters: Parameters<'_>) -> Result<Vec<Parameter>, SqlError> {
    let owned = |value: Value<'_>| match value {
        Value::Null => Value::Null,
        Value::Integer(number) => Value::Integer(number),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
    };
    let parameter = |value: Value<'_>| Parameter(owned(value));
    let values = parameters.iter().map(|value| value.to_column());
    Ok(values
        .map(|value| value.map(parameter))
        .collect::<Result<_, _>>()?)
}

impl Parameter {
    /// The type that the statement is prepared with. What is nothing can be of every type.
    pub(super) fn kind(&self) -> Type {
        match self.0 {
            Value::Null => Type::UNKNOWN,
            Value::Integer(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
        }
    }

    /// Whether a statement with a parameter of this type can take it.
    pub(super) fn fits(&self, kind: &Type) -> bool {
        self.0 == Value::Null || self.kind() == *kind
    }
}

/// Parameters are not for the eyes of a log.
impl fmt::Debug for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("_")
    }
}

impl ToSql for Parameter {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Self::Integer(bool::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::NUMERIC => Self::Integer(whole(raw)?),
            _ => Self::Text(<&str>::from_sql(kind, raw)?.into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        let numbers = [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::NUMERIC,
        ];
        numbers.contains(kind) || <&str as FromSql<'_>>::accepts(kind)
    }
}

/// The whole number in a NUMERIC, which is what sums are: how many digits to the base of 10,000 there
/// are, the weight of the first, the sign, how many decimals are shown, and the digits.
fn whole(raw: &[u8]) -> Result<i64, BadValue> {
    let bad = || BadValue("it is no whole number of 64 bits".to_owned());
    let words: Vec<_> = raw.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    let [_, weight, sign, _, digits @ ..] = &words[..] else {
        return Err(bad());
    };
    let weight = i16::from_be_bytes(*weight);
    let mut number = 0_i64;
    for index in 0..=weight {
        let digit = usize::try_from(index).ok().and_then(|at| digits.get(at));
        let digit = digit.map_or(0, |digit| i64::from(u16::from_be_bytes(*digit)));
        let next = number.checked_mul(10_000);
        number = next
            .and_then(|number| number.checked_add(digit))
            .ok_or_else(bad)?;
    }
    let has_fraction = i16::try_from(digits.len()).map_err(|_| bad())? > weight + 1;
    match u16::from_be_bytes(*sign) {
        0x0000 if !has_fraction => Ok(number),
        0x4000 if !has_fraction => Ok(-number),
        _ => Err(bad()),
    }
}

/// The statement with its parameters as Postgres numbers them: `$1` for `?1`. Quoted text stays.
pub(super) fn numbered(sql: &str) -> String {
    let pieces = sql.split('\'').enumerate();
    let pieces = pieces.map(|(number, piece)| match number % 2 {
        0 => piece.replace('?', "$"),
        _ => piece.to_owned(),
    });
    pieces.collect::<Vec<_>>().join("'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renumbered_and_quoted_text_is_not() {
        assert_eq!(
            numbered("SELECT '?', ?1 WHERE a LIKE '%?1''?2' AND b = ?12"),
            "SELECT '?', $1 WHERE a LIKE '%?1''?2' AND b = $12"
        );
    }

    #[test]
    fn sums_are_whole_numbers() {
        let numeric = |words: &[u16]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        for (words, expected) in [
            (&[0, 0, 0, 0][..], Some(0)),
            (&[1, 0, 0, 0, 7], Some(7)),
            (&[1, 1, 0, 0, 3], Some(30_000)),
            (&[2, 1, 0x4000, 0, 12, 3_456], Some(-123_456)),
            // 0.5, 1.5, what is no number, and 10^20.
            (&[1, 0xFFFF, 0, 1, 5_000], None),
            (&[2, 0, 0, 1, 1, 5_000], None),
            (&[0, 0, 0xC000, 0], None),
            (&[1, 5, 0, 0, 1], None),
        ] {
            assert_eq!(whole(&numeric(words)).ok(), expected, "{words:?}");
        }
    }
}
