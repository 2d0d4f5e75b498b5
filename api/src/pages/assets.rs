//! The stylesheet, the script and the icon, from the binary itself.

use crate::http::problem::Problem;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use domain::Rejection;
use sha2::{Digest, Sha256};

const ASSETS: [(&str, &str, &str); 3] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/style.css"),
    ),
    (
        "pawl.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/pawl.js"),
    ),
    (
        "pawl.svg",
        "image/svg+xml",
        include_str!("../../assets/pawl.svg"),
    ),
];

/// One of them. Browsers ask each time whether it has changed, and mostly get a short answer.
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let (_, kind, content) = ASSETS
        .into_iter()
        .find(|(known, ..)| *known == name)
        .ok_or(Rejection::NotFound)?;
    let digest = Sha256::digest(content.as_bytes());
    let etag = format!("\"{}\"", HEXLOWER.encode(&digest[..8]));
    let known = headers.get(header::IF_NONE_MATCH);
    let unchanged = known.is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let about = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_TYPE, kind.to_owned()),
    ];
    Ok(if unchanged {
        (StatusCode::NOT_MODIFIED, about).into_response()
    } else {
        (about, content).into_response()
    })
}
