//! Forms are taken from Pawl's own pages only. Browsers say where a request comes from
//! (`Sec-Fetch-Site`, and `Origin` in those before 2023); a request that says neither is no form of
//! a browser, and is refused as well.

use super::detour::Detour;
use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};

/// Refuses what changes something and was not sent from here.
pub async fn require(request: Request, next: Next) -> Result<Response, Detour> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_same_origin(request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(Detour::CrossSite)
    }
}

/// Whether a browser says that another site's page sent this. What is no browser says nothing.
#[must_use]
pub fn is_of_another_site(headers: &HeaderMap) -> bool {
    let names_its_origin = ["sec-fetch-site", header::ORIGIN.as_str()];
    let says = names_its_origin.map(|name| headers.contains_key(name));
    says.contains(&true) && !is_same_origin(headers)
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    match (origin, text(header::HOST.as_str())) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn a_form_of_another_site_is_told_apart() {
        for (headers, ours) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[("host", "id.example"), ("origin", "https://id.example")],
                true,
            ),
            (
                &[("host", "id.example"), ("origin", "https://evil.example")],
                false,
            ),
            (
                &[
                    ("host", "id.example"),
                    ("origin", "https://id.example.evil"),
                ],
                false,
            ),
            (&[("host", "id.example"), ("origin", "null")], false),
            (&[("host", "id.example")], false),
            // What the browser says weighs more than an Origin that anybody can write.
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("host", "a.b"),
                    ("origin", "https://a.b"),
                ],
                false,
            ),
        ] {
            let pairs = headers.iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            assert_eq!(is_same_origin(&pairs.collect()), ours, "{headers:?}");
        }
    }
}
