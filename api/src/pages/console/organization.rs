//! Configuration, organization: its name, its color and its logo.

use super::super::{
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    sign_in::{Done, Nothing},
    upload::Upload,
    visitor::SignedIn,
};
use crate::application::{Failure, RequestContext};
use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::BASE64;
use domain::{
    Permission,
    organization::{AccentColor, ChangeAppearance, Logo},
    value::OrganizationName,
};
use serde::Deserialize;

/// What the color field shows where the organization has no color of its own.
const DEFAULT_COLOR: &str = "#3547b5";

#[derive(Template)]
#[template(path = "console/organization.html")]
struct Page {
    frame: Frame,
    look: Look,
    logo: Option<String>,
    refusal: Option<Refusal>,
}

/// How the organization looks.
pub async fn show(signed_in: SignedIn, Query(query): Query<Done>) -> Result<Response, Detour> {
    page(&signed_in, query.done.as_deref(), None, None).await
}

async fn page(
    signed_in: &SignedIn,
    done: Option<&str>,
    typed: Option<Look>,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let id = signed_in.authority.holder().organization();
    signed_in
        .authority
        .permit(Permission::ManageOrganization, id)?;
    let organization = signed_in.visitor.pawl.organization(id).await?;
    let color = organization.accent_color().map(|color| color.to_string());
    let look = typed.unwrap_or_else(|| Look {
        name: organization.name().unwrap_or_default().to_owned(),
        own_color: color.as_ref().map(|_| String::new()),
        color: color.unwrap_or_else(|| DEFAULT_COLOR.to_owned()),
    });
    let frame = signed_in.frame().await?;
    let page = Page {
        look,
        logo: frame.brand.logo.clone(),
        frame: frame.at("/console/organization").noticing(done),
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Look {
    name: String,
    /// There if the box is ticked.
    own_color: Option<String>,
    color: String,
}

/// Changes name and color.
pub async fn change(
    signed_in: SignedIn,
    Form { fields, context }: Form<Look>,
) -> Result<Response, Detour> {
    let attempt = async {
        let color = fields.own_color.is_some().then_some(&fields.color);
        let change = ChangeAppearance {
            name: Some(OrganizationName::parse(&fields.name)?),
            accent_color: Some(color.map(|color| AccentColor::parse(color)).transpose()?),
            logo: None,
        };
        carry_out(&signed_in, &change, &context).await
    };
    let outcome = attempt.await;
    answer(&signed_in, Some(fields), outcome).await
}

async fn carry_out(
    signed_in: &SignedIn,
    change: &ChangeAppearance,
    context: &RequestContext,
) -> Result<(), Failure> {
    let (pawl, authority) = (&signed_in.visitor.pawl, &signed_in.authority);
    let id = authority.holder().organization();
    pawl.change_appearance(id, change, None, authority, context)
        .await?;
    Ok(())
}

async fn answer(
    signed_in: &SignedIn,
    typed: Option<Look>,
    outcome: Result<(), Failure>,
) -> Result<Response, Detour> {
    match outcome {
        Ok(()) => Ok(Redirect::to("/console/organization?done=look-changed").into_response()),
        Err(failure) => {
            let visitor = &signed_in.visitor;
            let refusal = Refusal::of(failure, visitor)?;
            page(signed_in, None, typed, Some(refusal)).await
        }
    }
}

/// Takes another logo.
pub async fn change_logo(signed_in: SignedIn, upload: Upload) -> Result<Response, Detour> {
    let attempt = async {
        let change = ChangeAppearance {
            name: None,
            accent_color: None,
            logo: Some(Some(Logo::parse(&BASE64.encode(&upload.content))?)),
        };
        carry_out(&signed_in, &change, &upload.context).await
    };
    answer(&signed_in, None, attempt.await).await
}

/// Takes the logo away.
pub async fn remove_logo(
    signed_in: SignedIn,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let change = ChangeAppearance {
        name: None,
        accent_color: None,
        logo: Some(None),
    };
    let outcome = carry_out(&signed_in, &change, &context).await;
    answer(&signed_in, None, outcome).await
}
