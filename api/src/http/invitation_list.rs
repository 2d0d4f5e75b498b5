//! Inviting everybody on a list.

use super::{
    body::CsvCommand,
    extract::{Mandated, bearer},
    path::OrganizationPath,
    problem::{LineProblem, Problem, ProblemBody},
};
use crate::application::{ListProgress, ListReport, Pawl};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use domain::Rejection;
use futures::stream;
use serde::Serialize;
use std::convert::Infallible;
use utoipa::ToSchema;

/// How far a list has come: a line of the answer.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ListState {
    /// It goes on.
    Running {
        /// Lines that are done.
        done: usize,
        /// Lines that there are.
        total: usize,
    },
    /// That was all.
    Finished(ListResult),
    /// It broke off. Send the list again: who is invited already is passed over.
    Stopped {
        /// Why.
        problem: ProblemBody,
        #[serde(flatten)]
        result: ListResult,
    },
}

/// What came of a list.
#[derive(Serialize, ToSchema)]
pub struct ListResult {
    /// How many people were invited.
    invited: usize,
    /// How many had been invited before, or belonged to the organization.
    already_there: usize,
    /// Who could not be invited: their address is taken elsewhere, or somebody else was faster.
    refused: Vec<LineProblem>,
    /// The position of the last invitation, for `Pawl-Min-Position`.
    position: Option<u64>,
}

impl From<ListProgress> for ListState {
    fn from(progress: ListProgress) -> Self {
        match progress {
            ListProgress::Running { done, total } => Self::Running { done, total },
            ListProgress::Finished(report) => Self::from(report),
        }
    }
}

impl From<ListReport> for ListState {
    fn from(report: ListReport) -> Self {
        let result = ListResult {
            invited: report.invited,
            already_there: report.already_there,
            refused: report.refused.iter().map(LineProblem::of).collect(),
            position: report.position.map(|position| position.0),
        };
        match report.stopped {
            None => Self::Finished(result),
            Some(failure) => Self::Stopped {
                problem: Problem::from(failure).body(),
                result,
            },
        }
    }
}

/// Invite everybody on a list
///
/// The list is a CSV file (RFC 4180) of 10,000 people at most. Its first line names the columns:
/// `email`, `name` and, where not everybody is to be a `member`, `role`. It is checked as a whole: where
/// a line is wrong nobody is invited, and the problem's `lines` says why, line by line. Who was invited
/// before, or belongs to the organization, is passed over, so a list can be sent again.
///
/// The answer comes line by line (`application/x-ndjson`): how far it is, and at last what came of it.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/invitations/list", tag = "Invitations",
    params(("org" = Uuid, Path, description = "The organization")),
    request_body(
        content = String, content_type = "text/csv",
        example = "email,name,role\ngrace@example.org,Grace Hopper,auditor\n",
    ),
    security(("session" = []), ("oauth2" = ["users:invite"])),
    responses(
        (status = 200, body = ListState, content_type = "application/x-ndjson"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 413, body = ProblemBody, description = "`body-too-large`"),
        (status = 415, body = ProblemBody, description = "`unsupported-media-type`"),
        (status = 422, body = ProblemBody, description = "`invalid-list`, `invalid-field`"),
    ),
)]
pub async fn invite(
    State(pawl): State<Pawl>,
    Mandated(mandate): Mandated,
    OrganizationPath(organization): OrganizationPath,
    headers: HeaderMap,
    CsvCommand { list, context }: CsvCommand,
) -> Result<Response, Problem> {
    let token = bearer(&headers).ok_or(Rejection::Unauthenticated)?;
    let checked = pawl.check_list(organization, list, &mandate, &context);
    let checked = checked
        .await?
        .map_err(|refused| Problem::with_lines(&refused))?;
    let progress = pawl.invite_many(organization, checked, token, context);
    let lines = stream::unfold(progress, async |mut progress| {
        let state = ListState::from(progress.recv().await?);
        // Numbers, texts and lists of them are always JSON.
        let mut line = serde_json::to_vec(&state).unwrap_or_default();
        line.push(b'\n');
        Some((Ok::<_, Infallible>(Bytes::from(line)), progress))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
