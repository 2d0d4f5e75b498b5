//! Lists, a page at a time.

use super::{extract::invalid, problem::Problem};
use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this as `cursor` to go on; null at the end.
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Where to go on: the `next` of the page before.
    cursor: Option<String>,
    /// Items on a page: 1 to 500, 100 unless said.
    limit: Option<u32>,
}

impl ListQuery {
    /// Where to go on.
    pub fn cursor<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        cursor(self.cursor.as_deref())
    }

    /// Items on the page.
    pub fn limit(&self) -> u32 {
        limit(self.limit)
    }
}

pub(super) fn cursor<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|_| invalid("cursor: not one that was given."))
    })
    .transpose()
}

/// A cursor that is a place in the log, which has 2^63 places.
pub(super) fn position(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let position = cursor::<u64>(text)?;
    match position {
        Some(beyond) if i64::try_from(beyond).is_err() => {
            Err(invalid("cursor: not one that was given."))
        }
        _ => Ok(position),
    }
}

pub(super) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(100).clamp(1, 500)
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        query(parts, state).await
    }
}

/// Reads the query string, and refuses what it does not know.
pub(super) async fn query<T: serde::de::DeserializeOwned, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<T, Problem> {
    let query = Query::<T>::from_request_parts(parts, state).await;
    query
        .map(|Query(query)| query)
        .map_err(|error| invalid(&error.body_text()))
}
