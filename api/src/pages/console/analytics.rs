//! Overview, analytics: what was counted, as pictures, with the same figures as tables behind them. All of
//! it is read from datasets; nothing is counted here but what they have counted.

mod adoption;
mod codes;
mod credentials;
mod devices;
mod enforcement;
mod invitations;
mod period;
mod section;
mod sign_ins;

use super::super::{
    address::{Path, Query},
    charts,
    detour::Detour,
    frame::{self, Frame},
    session_cookie,
    visitor::Reader,
};
use crate::{
    application::Bearer,
    http::analytics::{Form, RowsQuery, document, named},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use domain::{Permission, Rejection};
use eventstore_schema::OrganizationId;
use period::{Period, PeriodQuery, USUAL};
use section::{Look, Section};

#[derive(Template)]
#[template(path = "console/analytics.html")]
struct Page {
    frame: Frame,
    period: Period,
    /// Whether what was asked for is no period.
    refused: bool,
    /// Each beneath the one before it, or beside it.
    sections: Vec<Section>,
}

fn permitted(reader: &Reader) -> Result<OrganizationId, Rejection> {
    let authority = &reader.0.authority;
    let organization = authority.holder().organization();
    authority.permit(Permission::ReadAnalytics, organization)?;
    Ok(organization)
}

/// The pictures.
pub async fn show(reader: Reader, Query(query): Query<PeriodQuery>) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let Reader(reader, _) = reader;
    let pawl = &reader.visitor.pawl;
    let now = pawl.now();
    let asked = Period::asked(&query, now.date_naive());
    let look = Look {
        pawl,
        language: reader.visitor.language,
        organization,
        period: asked.unwrap_or_else(|| Period::usual(now.date_naive())),
        now,
    };
    let page = Page {
        frame: reader.frame().await?.at("/console/analytics"),
        period: look.period,
        refused: asked.is_none(),
        sections: vec![
            adoption::section(&look).await?,
            sign_ins::section(&look).await?,
            codes::section(&look).await?,
            enforcement::section(&look).await?,
            devices::section(&look).await?,
            invitations::section(&look).await?,
            credentials::section(&look).await?,
        ],
    };
    let status = if page.refused {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    frame::show(status, &page)
}

/// A dataset as a file: `sign_ins.csv`, `sign_ins.json`.
pub async fn file(
    reader: Reader,
    Path(file): Path<String>,
    query: RowsQuery,
) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let (name, extension) = file.rsplit_once('.').ok_or(Rejection::NotFound)?;
    let forms = [Form::Csv, Form::Json];
    let form = forms.into_iter().find(|form| form.extension() == extension);
    let form = form.ok_or(Rejection::NotFound)?;
    let dataset = named(name)?;
    let visitor = reader.0.visitor;
    let question = query.question(dataset, organization, visitor.pawl.now())?;
    query.asks_for_everything()?;
    let token = session_cookie::token(&visitor.jar).ok_or(Detour::SignIn)?;
    let token = Bearer::Session(token);
    Ok(document(visitor.pawl, token, form, dataset, question).await?)
}
