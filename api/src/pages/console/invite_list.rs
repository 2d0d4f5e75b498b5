//! Inviting everybody on a list. The page that answers grows while the list is worked through.

use super::super::{
    detour::Detour,
    form::{Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    upload::Upload,
    visitor::SignedIn,
    words::Language,
};
use crate::{
    application::{Bearer, Failure, LineFault, List, ListProgress, ListReport, RefusedLine},
    http::problem::{self, Problem},
};
use askama::Template;
use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use domain::Permission;
use futures::{StreamExt as _, stream};
use std::convert::Infallible;
use tokio::sync::mpsc;

/// Where in the page its steps go.
const STEPS: &str = "<!--steps-->";

#[derive(Template)]
#[template(path = "console/invite_list.html")]
struct Page {
    frame: Frame,
    refusal: Option<Refusal>,
    lines: Vec<Line>,
}

/// A line that is wrong.
struct Line {
    number: u64,
    reason: String,
}

impl Line {
    fn of(refused: RefusedLine, language: Language) -> Self {
        let sentence = |name: &str| language.say(name).to_string();
        let reason = match refused.fault {
            LineFault::Twice { first } => {
                language.say("list-twice").with("line", first).to_string()
            }
            LineFault::Fields => sentence("list-fields"),
            LineFault::Rejected(rejection) => {
                Refusal::rule(&rejection, language).unwrap_or_else(|| {
                    let problem = Problem::from(rejection);
                    sentence(&format!("problem-{}", problem.kind().slug))
                })
            }
        };
        Self {
            number: refused.line,
            reason,
        }
    }

    fn all(refused: Vec<RefusedLine>, language: Language) -> Vec<Self> {
        let lines = refused.into_iter();
        lines.map(|line| Self::of(line, language)).collect()
    }
}

/// The form.
pub async fn show(signed_in: SignedIn) -> Result<Response, Detour> {
    let organization = signed_in.authority.holder().organization();
    signed_in
        .authority
        .permit(Permission::InviteUsers, organization)?;
    page(&signed_in, None, vec![]).await
}

async fn page(
    signed_in: &SignedIn,
    refusal: Option<Refusal>,
    lines: Vec<Line>,
) -> Result<Response, Detour> {
    let page = Page {
        frame: signed_in.frame().await?.at("/console/users"),
        refusal,
        lines,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// Invites everybody on the list, or says what is wrong with it.
pub async fn invite(signed_in: SignedIn, upload: Upload) -> Result<Response, Detour> {
    let (visitor, authority) = (&signed_in.visitor, &signed_in.authority);
    let organization = authority.holder().organization();
    let checked = async {
        let list = List::read(&upload.content)?;
        visitor
            .pawl
            .check_list(organization, list, authority, &upload.context)
            .await
    };
    match checked.await {
        Ok(Ok(checked)) => {
            let token = session_cookie::token(&visitor.jar).ok_or(Detour::SignIn)?;
            let token = Bearer::Session(token);
            let progress = visitor
                .pawl
                .invite_many(organization, checked, token, upload.context);
            let frame = signed_in.frame().await?.at("/console/users");
            growing_page(frame, progress)
        }
        Ok(Err(lines)) => {
            let lines = Line::all(lines, visitor.language);
            let refusal = Refusal {
                status: problem::INVALID_LIST.status,
                text: visitor.language.say("problem-invalid-list").to_string(),
            };
            page(&signed_in, Some(refusal), lines).await
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, visitor)?;
            page(&signed_in, Some(refusal), vec![]).await
        }
    }
}

#[derive(Template)]
#[template(path = "console/invite_list_progress.html")]
struct ProgressPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "console/invite_list_step.html")]
struct Step {
    done: usize,
    total: usize,
    text: String,
}

#[derive(Template)]
#[template(path = "console/invite_list_report.html")]
struct Report {
    frame: Frame,
    invited: u64,
    already_there: u64,
    stopped: Option<String>,
    lines: Vec<Line>,
}

impl Report {
    fn of(report: ListReport, language: Language) -> Self {
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        let stopped = report.stopped.map(|failure: Failure| {
            let slug = Problem::from(failure).kind().slug;
            language.say(&format!("problem-{slug}")).to_string()
        });
        Self {
            frame: Frame::new(language),
            invited: count(report.invited),
            already_there: count(report.already_there),
            stopped,
            lines: Line::all(report.refused, language),
        }
    }
}

/// A page that is sent in pieces: what stands before the steps, each step, and the rest.
fn growing_page(frame: Frame, progress: mpsc::Receiver<ListProgress>) -> Result<Response, Detour> {
    let language = frame.language;
    let whole = ProgressPage { frame }.render()?;
    let (before, after) = whole.split_once(STEPS).unwrap_or((&whole, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    let steps = stream::unfold(progress, async |mut progress| {
        Some((progress.recv().await?, progress))
    });
    let steps = steps.map(move |step| match step {
        ListProgress::Running { done, total } => {
            let text = language.say("list-running");
            let text = text.with("done", done).with("total", total).to_string();
            Step { done, total, text }.render().unwrap_or_default()
        }
        ListProgress::Finished(report) => Report::of(report, language).render().unwrap_or_default(),
    });
    let pieces = stream::iter([before])
        .chain(steps)
        .chain(stream::iter([after]));
    let pieces = pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let body = Html(Body::from_stream(pieces));
    Ok((StatusCode::OK, no_store, body).into_response())
}
