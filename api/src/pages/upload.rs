//! Forms with a file in them.

use super::{detour::Detour, form::caller};
use crate::{
    application::{Pawl, RequestContext},
    http::{
        extract::{keyed_command, request_context},
        problem::{self, Problem},
    },
};
use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, Multipart, Request},
};
use uuid::Uuid;

/// A file that was sent.
pub struct Upload {
    /// What is in it.
    pub content: Bytes,
    /// What identifies the command.
    pub context: RequestContext,
}

impl<S> FromRequest<S> for Upload
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request(request: Request, state: &S) -> Result<Self, Detour> {
        let unreadable = || Problem::new(problem::INVALID_BODY, "The form could not be read.");
        let (parts, body) = request.into_parts();
        let copy = Request::from_parts(parts.clone(), body);
        let form = Multipart::from_request(copy, state).await;
        let mut form = form.map_err(|_| unreadable())?;
        let (mut key, mut file) = (None, Bytes::new());
        while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
            let name = field.name().map(str::to_owned);
            let content = field.bytes().await.map_err(|_| unreadable())?;
            match name.as_deref() {
                Some("command") => key = Uuid::try_parse_ascii(&content).ok(),
                Some("file") => file = content,
                _ => {}
            }
        }
        let pawl = Pawl::from_ref(state);
        let key = key.ok_or_else(unreadable)?;
        let command = keyed_command(&pawl, &parts, caller(&parts).as_bytes(), key.as_bytes());
        // The file, not the body: its boundaries differ when it is sent twice.
        let context = request_context(&pawl, &parts, &file, Some(command));
        Ok(Self {
            content: file,
            context,
        })
    }
}
