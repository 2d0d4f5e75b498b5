//! What stands in a page's address. What cannot be read names no page.

use super::detour::Detour;
use crate::http::extract::invalid;
use axum::{
    extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery},
    http::request::Parts,
};
use domain::Rejection;
use serde::de::DeserializeOwned;

/// The variable parts of the path.
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detour> {
        let path = AxumPath::<T>::from_request_parts(parts, state).await;
        path.map(|AxumPath(path)| Self(path))
            .map_err(|_| Rejection::NotFound.into())
    }
}

/// What stands behind the question mark.
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detour> {
        let query = AxumQuery::<T>::from_request_parts(parts, state).await;
        query
            .map(|AxumQuery(query)| Self(query))
            .map_err(|_| invalid("The address of the page cannot be read.").into())
    }
}
