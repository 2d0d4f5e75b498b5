//! Analytics: what datasets there are, and their rows, page by page or as one file. Everything is made
//! from [`DATASETS`]: no dataset is known here by its name.
//!
//! The path says which organization it is about, so that the column `organization_id` is left out.
//! Nobody is named in a dataset, and a look at one is not remembered as a look at the audit trail is.

mod file;
mod parameters;

pub use file::{Form, document};
pub use parameters::RowsQuery;

use super::{
    answer::Answer,
    extract::{CaughtUp, Mandated, bearer},
    page::Page,
    path::{DatasetPath, OrganizationPath},
    problem::{self, Problem, ProblemBody},
};
use crate::application::Pawl;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use domain::{Permission, Rejection};
use parameters::Cursor;
use projections::analytics::{self, Column, DATASETS, Dataset, Kind, Value};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A dataset.
#[derive(Serialize, ToSchema)]
pub struct DatasetView {
    /// Its name in the path.
    #[schema(example = "sign_ins")]
    name: &'static str,
    /// What people call it.
    #[schema(example = "Sign-ins")]
    title: &'static str,
    /// What it counts and what it leaves out, in Markdown.
    description: &'static str,
    /// The column on which `from` and `until` look; null where rows are about no day.
    #[schema(example = "hour")]
    time: Option<&'static str>,
    /// The columns by which rows are put in order and told apart.
    order: &'static [&'static str],
    /// Its columns.
    columns: Vec<ColumnView>,
}

/// A column of a dataset.
#[derive(Serialize, ToSchema)]
pub struct ColumnView {
    /// Its name.
    #[schema(example = "attempts")]
    name: &'static str,
    /// `id`, `date`, `time`, `text`, `count` or `seconds`. The last two are whole numbers, the others
    /// text: a UUID, a day in UTC (`YYYY-MM-DD`), a time in UTC (RFC 3339), words.
    #[schema(example = "count")]
    kind: &'static str,
    /// What it means, in Markdown.
    #[schema(example = "how often, 1 or more")]
    description: &'static str,
}

/// A row: each column of the dataset with its value, which is null where it is not known.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({
    "hour": "2026-11-26T13:00:00Z", "factor": "otp", "outcome": "signed_in", "attempts": 12
}))]
pub struct RowView(Labelled);

/// Values, and the columns that they are in.
struct Labelled {
    columns: &'static [Column],
    values: Vec<Value>,
}

impl Serialize for RowView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = self.0.columns.iter().map(|column| column.name);
        serializer.collect_map(names.zip(&self.0.values))
    }
}

impl RowView {
    /// A row as it was read.
    fn of(dataset: &'static Dataset, mut values: Vec<Value>) -> Self {
        // It begins with the organization, which is not shown.
        values.drain(..values.len().min(1));
        Self(Labelled {
            columns: shown(dataset),
            values,
        })
    }
}

/// The columns that are shown: all but that of the organization, which is the first.
fn shown(dataset: &'static Dataset) -> &'static [Column] {
    dataset.columns.get(1..).unwrap_or_default()
}

/// The columns by which the rows of one organization are put in order.
fn order(dataset: &'static Dataset) -> &'static [&'static str] {
    dataset.order.get(1..).unwrap_or_default()
}

/// The dataset of this name.
pub fn named(name: &str) -> Result<&'static Dataset, Problem> {
    analytics::named(name).ok_or_else(|| {
        Problem::new(
            problem::NOT_FOUND,
            "There is no dataset of this name. GET /v1/organizations/{org}/analytics lists those that \
             there are.",
        )
    })
}

/// What can be analysed?
///
/// Every dataset, with what its columns mean. `docs/analytics.md` says the same, and how each is counted.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/analytics", tag = "Analytics",
    params(("org" = Uuid, Path, description = "The organization")),
    security(("session" = []), ("oauth2" = ["analytics:read"])),
    responses(
        (status = 200, body = Page<DatasetView>),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
    ),
)]
pub async fn list(
    Mandated(mandate): Mandated,
    OrganizationPath(organization): OrganizationPath,
) -> Result<Answer<Page<DatasetView>>, Problem> {
    mandate.permit(Permission::ReadAnalytics, organization)?;
    Ok(Answer::ok(Page {
        items: DATASETS.iter().map(view).collect(),
        next: None,
    }))
}

/// Read a dataset
///
/// Its rows about this organization, in their order, page by page. With `Accept: text/csv` it is one
/// file with a row of names at its head, and takes no `cursor` and no `limit`; a text that a spreadsheet
/// would take for a formula begins with an apostrophe there. Where the connection breaks off, the file is
/// not whole.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/analytics/{dataset}", tag = "Analytics",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("dataset" = String, Path, description = "The name of the dataset", example = "sign_ins"),
        RowsQuery,
    ),
    security(("session" = []), ("oauth2" = ["analytics:read"])),
    responses(
        (status = 200, content(
            (Page<RowView> = "application/json"),
            (String = "text/csv", example = "hour,factor,outcome,attempts\r\n2026-11-26T13:00:00Z,otp,signed_in,12\r\n"),
        )),
        (status = 400, body = ProblemBody, description = "`invalid-parameter`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn rows(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(mandate): Mandated,
    DatasetPath(organization, dataset): DatasetPath,
    query: RowsQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    mandate.permit(Permission::ReadAnalytics, organization)?;
    let dataset = named(&dataset)?;
    let question = query.question(dataset, organization, pawl.now())?;
    if wants_csv(&headers) {
        query.asks_for_everything()?;
        let token = bearer(&headers).ok_or(Rejection::Unauthenticated)?;
        return Ok(document(pawl, token, Form::Csv, dataset, question).await?);
    }
    let after = query.after(dataset, organization)?;
    let limit = query.limit();
    let page = pawl
        .query(dataset.projection, move |readers| {
            analytics::page(readers, dataset, &question, after.as_deref(), limit)
        })
        .await?;
    let rows = page.items.into_iter();
    Ok(Answer::ok(Page {
        items: rows.map(|row| RowView::of(dataset, row)).collect(),
        next: page.next.map(|key| Cursor::before(&key).to_string()),
    })
    .into_response())
}

/// Whether the rows are asked for as a file for spreadsheets.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/csv"))
}

fn view(dataset: &'static Dataset) -> DatasetView {
    let column = |column: &'static Column| ColumnView {
        name: column.name,
        kind: word(column.kind),
        description: column.says,
    };
    DatasetView {
        name: dataset.name,
        title: dataset.title,
        description: dataset.says,
        time: dataset.time,
        order: order(dataset),
        columns: shown(dataset).iter().map(column).collect(),
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "id",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::Text => "text",
        Kind::Count => "count",
        Kind::Seconds => "seconds",
    }
}
