//! Which rows of a dataset somebody asks for.

use super::order;
use crate::http::{extract::invalid, page, problem::Problem};
use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::BASE64URL_NOPAD;
use eventstore_schema::OrganizationId;
use projections::analytics::{Dataset, Question, Value};
use serde::Deserialize;
use std::{fmt, str::FromStr};
use utoipa::IntoParams;

/// Which rows of a dataset.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    /// Only rows about this day (UTC) or later, where the dataset has days.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// Only rows about days before this one (UTC), where the dataset has days. Not before `from`.
    #[param(value_type = Option<String>, format = Date, example = "2026-12-01")]
    until: Option<String>,
    /// Where to go on: the `next` of the page before.
    cursor: Option<String>,
    /// Rows on a page: 1 to 500, 100 unless said.
    limit: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for RowsQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

impl RowsQuery {
    /// Which rows, wherever the page begins.
    pub fn question(
        &self,
        dataset: &Dataset,
        organization: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<Question, Problem> {
        let from = day("from", self.from.as_deref())?;
        let until = day("until", self.until.as_deref())?;
        if dataset.time.is_none() && (from.is_some() || until.is_some()) {
            return Err(invalid("from, until: this dataset has no days."));
        }
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            return Err(invalid("from, until: the first is after the second."));
        }
        Ok(Question {
            organization_id: Some(organization),
            from,
            until,
            now,
        })
    }

    /// A file is whole.
    pub fn asks_for_everything(&self) -> Result<(), Problem> {
        if self.cursor.is_some() || self.limit.is_some() {
            return Err(invalid("cursor, limit: CSV is not cut into pages."));
        }
        Ok(())
    }

    /// The key of the row after which the page begins.
    pub(super) fn after(
        &self,
        dataset: &'static Dataset,
        organization: OrganizationId,
    ) -> Result<Option<Vec<Value>>, Problem> {
        let cursor = page::cursor::<Cursor>(self.cursor.as_deref())?;
        cursor
            .map(|cursor| cursor.key(dataset, organization))
            .transpose()
    }

    /// Rows on a page.
    pub(super) fn limit(&self) -> u32 {
        page::limit(self.limit)
    }
}

/// A day as datasets have them. No other way to write it is taken: text is compared with text.
fn day(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let day = text
        .parse::<NaiveDate>()
        .ok()
        .filter(|day| day.to_string() == text && text.len() == 10);
    let wrong = || invalid(&format!("{name}: a day, such as 2026-11-26."));
    day.map(Some).ok_or_else(wrong)
}

/// The key of a row among those of its organization.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor(Vec<Value>);

impl Cursor {
    /// The place behind the row with this key, which begins with the organization.
    pub(super) fn before(key: &[Value]) -> Self {
        Self(key.get(1..).unwrap_or_default().to_vec())
    }

    /// The whole key, if the dataset has keys of this form.
    fn key(
        self,
        dataset: &'static Dataset,
        organization: OrganizationId,
    ) -> Result<Vec<Value>, Problem> {
        let columns = order(dataset);
        let fits = |(name, value): (&&str, &Value)| {
            let column = dataset.columns.iter().find(|column| column.name == *name);
            column.is_some_and(|column| match value {
                Value::Nothing => false,
                Value::Number(_) => column.kind.is_number(),
                // Postgres has no text with this character in it.
                Value::Text(text) => !column.kind.is_number() && !text.contains('\0'),
            })
        };
        if columns.len() != self.0.len() || !columns.iter().zip(&self.0).all(fits) {
            return Err(invalid("cursor: not one that was given for this dataset."));
        }
        let organization = Value::Text(organization.to_string());
        Ok([organization].into_iter().chain(self.0).collect())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64URL_NOPAD.encode(&json))
    }
}

/// The text is no cursor.
#[derive(Debug)]
pub(super) struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let json = BASE64URL_NOPAD.decode(text.as_bytes());
        let json = json.map_err(|_| NoCursor)?;
        serde_json::from_slice(&json)
            .map(Self)
            .map_err(|_| NoCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::analytics::sign_ins;

    #[test]
    fn a_day_is_written_in_one_way() {
        let parsed = |text| day("from", Some(text)).ok().flatten();
        assert_eq!(parsed("2026-11-26"), NaiveDate::from_ymd_opt(2026, 11, 26));
        for wrong in [
            "",
            "2026-11-31",
            "2026-1-2",
            "26-11-26",
            "+12026-11-26",
            "-001-01-01",
            "2026-11-26T00:00:00Z",
            " 2026-11-26",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_cursor_is_taken_by_the_dataset_that_gave_it() {
        let organization = OrganizationId(uuid::Uuid::nil());
        let text = |text: &str| Value::Text(text.to_owned());
        let key = [
            text(&organization.to_string()),
            text("2026-11-26T13:00:00Z"),
            text("otp"),
            text("wrong"),
        ];
        let cursor: Cursor = Cursor::before(&key).to_string().parse().unwrap();
        assert_eq!(cursor.key(&sign_ins::DATASET, organization).unwrap(), key);
        for wrong in [
            vec![],
            vec![text("2026-11-26T13:00:00Z"), text("otp")],
            vec![text("2026"), text("otp"), Value::Number(1)],
            vec![text("2026"), text("otp"), Value::Nothing],
            vec![text("2026"), text("otp"), text("a\0")],
        ] {
            assert!(Cursor(wrong).key(&sign_ins::DATASET, organization).is_err());
        }
    }
}
