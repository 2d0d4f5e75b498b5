//! Problems as people read them. Every answer that is a problem becomes a page where the browser
//! asks for one.

use super::{
    frame::{self, Frame},
    words::Language,
};
use crate::http::problem::Problem;
use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    frame: Frame,
    title: String,
    text: String,
}

/// Shows problems as pages to whoever asks for pages.
pub async fn dress(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let for_people = wants_a_page(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if for_people => page(problem, language).unwrap_or(response),
        _ => response,
    }
}

fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn page(problem: &Problem, language: Language) -> Option<Response> {
    let kind = problem.kind();
    let title = if kind.status.is_server_error() {
        "problem-ours"
    } else {
        "problem-yours"
    };
    let page = Page {
        frame: Frame::new(language),
        title: language.say(title).to_string(),
        text: language
            .say(&format!("problem-{}", kind.slug))
            .count("minutes", &problem.minutes())
            .to_string(),
    };
    frame::show(kind.status, &page).ok()
}
