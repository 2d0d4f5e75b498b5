//! Configuration, security: whether two-factor authentication is enforced, and the one step there is.

use super::{
    super::{
        address::Query,
        detour::Detour,
        form::{Form, Refusal, status_of},
        frame::{self, Frame},
        sign_in::Done,
        visitor::{Reader, SignedIn, Watching},
    },
    live::{Follow, Follower, follow},
};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Permission, Rejection, permission::allows};
use eventstore_schema::Position;
use projections::organization_security::{self, OrganizationSecurity, Security};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/security.html")]
struct Page {
    frame: Frame,
    security: Security,
    /// Who enforced it.
    enforced_by: String,
    /// Whether the person may enforce it.
    may_enforce: bool,
    /// Whether they are being asked if they really want to.
    asking: bool,
    refusal: Option<Refusal>,
}

/// How far the organization has come, as it is sent to pages that follow.
#[derive(Template)]
#[template(path = "console/security_progress.html")]
struct Progress<'a> {
    frame: &'a Frame,
    security: &'a Security,
}

/// How safe the reader's organization is.
pub(super) async fn read(reader: &SignedIn) -> Result<Security, Detour> {
    let organization = reader.authority.holder().organization();
    reader
        .authority
        .permit(Permission::ReadUsers, organization)?;
    let security = reader
        .visitor
        .pawl
        .query(&OrganizationSecurity, move |readers| {
            organization_security::by_id(readers, organization)
        })
        .await?;
    Ok(security.ok_or(Rejection::NotFound)?)
}

/// The state.
pub async fn show(
    Reader(reader, _): Reader,
    Query(query): Query<Done>,
) -> Result<Response, Detour> {
    page(&reader, false, query.done.as_deref(), None).await
}

/// The question.
pub async fn ask(Reader(reader, _): Reader) -> Result<Response, Detour> {
    page(&reader, true, None, None).await
}

async fn page(
    reader: &SignedIn,
    asking: bool,
    done: Option<&str>,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let security = read(reader).await?;
    let may_enforce = allows(
        reader.authority.holder().role(),
        Permission::EnforceTwoFactor,
    );
    let by = security
        .enforcement
        .as_ref()
        .map(|enforcement| enforcement.by);
    let page = Page {
        frame: reader.frame().await?.at("/console/security").noticing(done),
        enforced_by: match by {
            Some(actor) => {
                let organization = security.organization_id;
                let name = reader.visitor.name_of(actor, organization).await?;
                name.unwrap_or_default()
            }
            None => String::new(),
        },
        asking: asking && may_enforce && (by.is_none() || !security.set_up_link),
        may_enforce,
        security,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// The answer.
#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    confirm: String,
    /// There if the box is ticked; `added` where the link alone is asked for, later.
    set_up_link: Option<String>,
}

/// Enforces it, for good.
pub async fn enforce(
    signed_in: SignedIn,
    Form { fields, context }: Form<Answer>,
) -> Result<Response, Detour> {
    let visitor = &signed_in.visitor;
    let organization = signed_in.authority.holder().organization();
    let set_up_link = fields.set_up_link.is_some();
    let enforced = visitor
        .pawl
        .enforce_two_factor(
            organization,
            (&fields.confirm, set_up_link),
            None,
            &signed_in.authority,
            &context,
        )
        .await;
    match enforced {
        Ok(_) if fields.set_up_link.as_deref() == Some("added") => {
            Ok(Redirect::to("/console/security?done=link-enforced").into_response())
        }
        Ok(_) => Ok(Redirect::to("/console/security?done=enforced").into_response()),
        Err(failure) => {
            let refusal = Refusal::of(failure, visitor)?;
            page(&signed_in, true, None, Some(refusal)).await
        }
    }
}

/// How many have still to set up, as it changes.
pub async fn live(Watching(signed_in): Watching) -> Result<Response, Detour> {
    read(&signed_in).await?;
    Ok(follow(
        signed_in,
        Changes {
            last: String::new(),
        },
    )
    .into_response())
}

struct Changes {
    last: String,
}

impl Follow for Changes {
    async fn next(
        &mut self,
        reader: &Follower,
        head: Position,
    ) -> Result<(Option<String>, Position), Detour> {
        let reader = &reader.signed_in;
        let progress = Progress {
            frame: &reader.visitor.frame(),
            security: &read(reader).await?,
        };
        let piece = progress.render()?;
        let changed = piece != self.last;
        self.last.clone_from(&piece);
        Ok((changed.then_some(piece), head))
    }
}
