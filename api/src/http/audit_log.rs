//! The audit log for everybody: its newest checkpoint, its tiles and its public keys, as the files say.
//! Nobody signs in for them, and they wait for nothing; what a path may name, `Tile::at` alone decides.

use super::problem::{Problem, ProblemBody};
use crate::application::{Failure, Pawl};
use audit_log::{Tile, TileSource as _};
use axum::{
    extract::{Path as FromPath, State},
    http::header,
    response::{IntoResponse, Response},
};
use domain::Rejection;
use std::{fs, io, path::PathBuf};
use utoipa::ToSchema;

/// What changes is kept for no longer than it takes the next to come.
const MOMENTARY: &str = "public, max-age=1";
/// A tile never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The bytes of a tile.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes the answer")]
pub struct TileBytes(Vec<u8>);

/// See the newest checkpoint of the audit log
///
/// Open to everybody (C2SP `tlog-checkpoint`): how many records there are and the root of their tree,
/// signed by the log, and by its witnesses where there are any. It covers an event within about a second.
#[utoipa::path(
    get, path = "/audit/log/checkpoint", tag = "Audit",
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 404, body = ProblemBody, description = "`not-found`: there is none yet"),
    ),
)]
pub async fn checkpoint(State(pawl): State<Pawl>) -> Result<Response, Problem> {
    text(pawl.audit_log().checkpoint_file()).await
}

/// See the public keys of the audit log
///
/// One a line, as C2SP `signed-note` writes them. Believe those that you were given by somebody you
/// trust, not these.
#[utoipa::path(
    get, path = "/audit/log/keys", tag = "Audit",
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 404, body = ProblemBody, description = "`not-found`: there are none yet"),
    ),
)]
pub async fn keys(State(pawl): State<Pawl>) -> Result<Response, Problem> {
    text(pawl.audit_log().keys_file()).await
}

/// See a tile of the audit log
///
/// Open to everybody (C2SP `tlog-tiles`): hashes of the tree at `<L>/<N>[.p/<W>]`, leaves at
/// `entries/<N>[.p/<W>]`, where an index is written in parts of three digits (`x001/x234/067`).
#[utoipa::path(
    get, path = "/audit/log/tile/{path}", tag = "Audit",
    params(("path" = String, Path, description = "Which tile", example = "entries/000.p/5")),
    responses(
        (status = 200, content_type = "application/octet-stream", body = TileBytes),
        (status = 404, body = ProblemBody, description = "`not-found`: there is no such tile"),
    ),
)]
pub async fn tile(
    State(pawl): State<Pawl>,
    FromPath(path): FromPath<String>,
) -> Result<Response, Problem> {
    let tile = Tile::at(&format!("tile/{path}")).ok_or(Rejection::NotFound)?;
    let bytes = read(move || pawl.audit_log().read(&tile).ok()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    Ok((headers, bytes).into_response())
}

async fn text(file: PathBuf) -> Result<Response, Problem> {
    let text = read(move || match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => Some(read),
    });
    let text = text.await?.map_err(Failure::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, MOMENTARY),
    ];
    Ok((headers, text).into_response())
}

/// Reads what may not be there, off the async threads.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Option<T> + Send + 'static,
) -> Result<T, Problem> {
    let found = tokio::task::spawn_blocking(work).await;
    Ok(found
        .map_err(Failure::internal)?
        .ok_or(Rejection::NotFound)?)
}
