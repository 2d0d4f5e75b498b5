//! Signing in, step by step, and out.

use super::{
    address::Query,
    detour::{Detour, page_of},
    first_link::go_on,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    visitor::Visitor,
};
use crate::{application::ShownFactor, http::sign_in::Secret};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{
    NextStep, Permission, Rejection, SessionHolder, Showing,
    otp::{OtpCode, RecoveryCode},
    permission::allows,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

/// What has just been done.
#[derive(Deserialize)]
pub struct Done {
    /// The name of a sentence.
    pub done: Option<String>,
}

/// Leads to where the session belongs: its next step, the console, or the person's own account.
pub async fn home(visitor: Visitor) -> Result<Redirect, Detour> {
    let authority = visitor.authority().await?;
    let console = allows(authority.holder().role(), Permission::ReadAdoption);
    Ok(Redirect::to(if console { "/console" } else { "/account" }))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct PasswordPage {
    frame: Frame,
    email: String,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Credentials {
    email: String,
    password: Secret,
}

/// The form for e-mail address and password. Whoever is signed in already goes on.
pub async fn show(visitor: Visitor, Query(query): Query<Done>) -> Result<Response, Detour> {
    match visitor.holder(None).await {
        Ok(holder) => Ok(Redirect::to(page_of(holder.next())).into_response()),
        Err(Detour::SignIn) => {
            let page = PasswordPage {
                frame: visitor.frame().noticing(query.done.as_deref()),
                email: String::new(),
                refusal: None,
            };
            frame::show(status_of(None), &page)
        }
        Err(detour) => Err(detour),
    }
}

/// Takes the password.
pub async fn sign_in(
    visitor: Visitor,
    Form { fields, context }: Form<Credentials>,
) -> Result<Response, Detour> {
    let password = Zeroizing::new(fields.password.0.expose_secret().as_bytes().to_vec());
    match visitor
        .pawl
        .sign_in(&fields.email, password, &context)
        .await
    {
        Ok(grant) => Ok(go_on(visitor, &grant)),
        Err(failure) => {
            let page = PasswordPage {
                frame: visitor.frame(),
                email: fields.email,
                refusal: Some(Refusal::of(failure, &visitor)?),
            };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    /// Whether a recovery code is asked for in place of the authenticator's.
    recovery: bool,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Code {
    code: String,
}

/// The form for the code.
pub async fn show_code(visitor: Visitor) -> Result<Response, Detour> {
    code_page(&visitor, false).await
}

/// The form for a recovery code.
pub async fn show_recovery_code(visitor: Visitor) -> Result<Response, Detour> {
    code_page(&visitor, true).await
}

async fn code_page(visitor: &Visitor, recovery: bool) -> Result<Response, Detour> {
    let holder = visitor.holder(None).await?;
    if holder.next() != NextStep::Otp {
        return Err(Detour::Step(holder.next()));
    }
    let page = CodePage {
        frame: visitor.frame_for(&holder).await?,
        recovery,
        refusal: None,
    };
    frame::show(status_of(None), &page)
}

/// Takes the code.
pub async fn verify(visitor: Visitor, form: Form<Code>) -> Result<Response, Detour> {
    let shown = OtpCode::parse(&form.fields.code).map(ShownFactor::Code);
    second_factor(visitor, form, shown, false).await
}

/// Takes a recovery code.
pub async fn recover(visitor: Visitor, form: Form<Code>) -> Result<Response, Detour> {
    let shown = RecoveryCode::parse(&form.fields.code).map(ShownFactor::RecoveryCode);
    second_factor(visitor, form, shown, true).await
}

async fn second_factor(
    visitor: Visitor,
    Form { context, .. }: Form<Code>,
    shown: Result<ShownFactor, Rejection>,
    recovery: bool,
) -> Result<Response, Detour> {
    let holder: SessionHolder = visitor.holder(Some(context.command_id)).await?;
    if holder.next() == NextStep::OtpSetUp {
        return Err(Detour::Step(holder.next()));
    }
    let showing = Showing::to_sign_in(holder.clone());
    let attempt = async {
        visitor
            .pawl
            .show_second_factor(&showing, &shown?, &context)
            .await
    };
    match attempt.await {
        Ok(grant) => Ok(go_on(visitor, &grant)),
        // Another tab was first.
        Err(_) if holder.next() == NextStep::Done => Err(Detour::Step(NextStep::Done)),
        Err(failure) => {
            let page = CodePage {
                frame: visitor.frame_for(&holder).await?,
                recovery,
                refusal: Some(Refusal::of(failure, &visitor)?),
            };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}

/// What a form holds that is a button only.
#[derive(Deserialize)]
pub struct Nothing {}

/// Ends the session, if there is one.
pub async fn sign_out(
    visitor: Visitor,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    match visitor.holder(None).await {
        Ok(holder) => {
            visitor.pawl.sign_out(&holder, &context).await?;
        }
        Err(Detour::SignIn) => {}
        Err(detour) => return Err(detour),
    }
    let jar = session_cookie::forget(visitor.jar);
    Ok((jar, Redirect::to("/sign-in?done=signed-out")).into_response())
}
