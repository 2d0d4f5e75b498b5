//! The person's own account: what they sign in with, and where they are signed in.

use super::{
    address::{Path, Query},
    detour::Detour,
    first_link::password,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    session_cookie,
    sign_in::{Done, Nothing},
    visitor::{Reader, SignedIn},
};
use crate::{
    application::{Failure, Pawl},
    http::{exports, sign_in::Secret},
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use domain::{Authority, Rejection, user::RecoveryCodes, value::DeviceName};
use eventstore_schema::{DeviceId, Factor, SessionId};
use projections::{
    sessions::{self, Session, Sessions},
    users::{self, Device, Users},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

/// Sessions that are listed at most.
const SESSIONS: u32 = 50;

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    devices: Vec<OwnDevice>,
    /// Recovery codes that are left; none where there is no authenticator.
    codes_left: Option<u64>,
    sessions: Vec<OwnSession>,
    refusal: Option<Refusal>,
}

struct OwnDevice {
    id: DeviceId,
    name: String,
    confirmed_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

impl OwnDevice {
    fn of(pawl: &Pawl, device: &Device) -> Result<Self, Failure> {
        let name = pawl.open_personal("device_name", &device.name.0)?;
        Ok(Self {
            id: device.device_id,
            name: name.or_placeholder(),
            confirmed_at: device.confirmed_at,
            last_used_at: device.last_used_at,
        })
    }
}

struct OwnSession {
    id: SessionId,
    started_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    factors: Vec<Factor>,
    /// Whether it is the one that asks.
    here: bool,
}

/// Who I am, and with what I sign in.
pub async fn show(
    Reader(reader, _): Reader,
    Query(query): Query<Done>,
) -> Result<Response, Detour> {
    page(&reader, query.done.as_deref(), None).await
}

async fn page(
    reader: &SignedIn,
    done: Option<&str>,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let (pawl, authority) = (&reader.visitor.pawl, &reader.authority);
    let id = authority.holder().user();
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?;
    let devices = user.iter().flat_map(|user| &user.devices);
    let me = pawl.myself(authority).await?;
    let left = me.recovery_codes().map(RecoveryCodes::left);
    let page = Page {
        frame: reader.frame().await?.at("/account").noticing(done),
        devices: devices
            .map(|device| OwnDevice::of(pawl, device))
            .collect::<Result<_, _>>()?,
        codes_left: left.and_then(|left| u64::try_from(left).ok()),
        sessions: own_sessions(pawl, authority).await?,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

async fn own_sessions(pawl: &Pawl, authority: &Authority) -> Result<Vec<OwnSession>, Failure> {
    let (user, here) = (authority.holder().user(), authority.holder().session());
    let at = (pawl.now(), pawl.limits().sessions.idle);
    let open = pawl
        .query(&Sessions, move |readers| {
            sessions::open_of(readers, user, at, SESSIONS)
        })
        .await?;
    let view = |session: Session| OwnSession {
        id: session.session_id,
        started_at: session.started_at,
        expires_at: session.expires_at,
        factors: session.factors,
        here: session.session_id == here,
    };
    Ok(open.into_iter().map(view).collect())
}

/// Everything about the person, as a file.
pub async fn export(
    signed_in: SignedIn,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let (pawl, by) = (&signed_in.visitor.pawl, &signed_in.authority);
    let (organization, user) = (by.holder().organization(), by.holder().user());
    let token = session_cookie::token(&signed_in.visitor.jar).ok_or(Detour::SignIn)?;
    match pawl.export_oneself(by, &context).await {
        Ok(exported) => {
            Ok(exports::document(pawl, (organization, user), token, exported.position).await?)
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &signed_in.visitor)?;
            page(&signed_in, None, Some(refusal)).await
        }
    }
}

/// What comes of a form on the page: the page again, saying what was done or why not.
async fn answer(
    signed_in: &SignedIn,
    attempt: impl Future<Output = Result<(), Failure>>,
    done: &str,
) -> Result<Response, Detour> {
    match attempt.await {
        Ok(()) => Ok(Redirect::to(&format!("/account?done={done}")).into_response()),
        Err(failure) => {
            let visitor = &signed_in.visitor;
            let refusal = Refusal::of(failure, visitor)?;
            page(signed_in, None, Some(refusal)).await
        }
    }
}

/// A new name.
#[derive(Deserialize)]
pub struct NewName {
    name: String,
}

/// Renames an authenticator.
pub async fn rename_device(
    signed_in: SignedIn,
    Path(id): Path<DeviceId>,
    Form { fields, context }: Form<NewName>,
) -> Result<Response, Detour> {
    let rename = async {
        let name = device_name(&fields.name)?;
        let pawl = &signed_in.visitor.pawl;
        pawl.rename_otp_device(id, &name, &signed_in.authority, &context)
            .await?;
        Ok(())
    };
    answer(&signed_in, rename, "device-renamed").await
}

/// What an authenticator is called, as typed.
pub fn device_name(typed: &str) -> Result<DeviceName, Rejection> {
    DeviceName::parse(typed).map_err(|_| Rejection::InvalidField {
        field: "device-name",
        rule: "between 1 and 100 characters, on one line",
    })
}

/// Removes an authenticator.
pub async fn remove_device(
    signed_in: SignedIn,
    Path(id): Path<DeviceId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let remove = async {
        let pawl = &signed_in.visitor.pawl;
        pawl.remove_otp_device(id, &signed_in.authority, &context)
            .await?;
        Ok(())
    };
    answer(&signed_in, remove, "device-removed").await
}

/// Ends another session.
pub async fn end_session(
    signed_in: SignedIn,
    Path(id): Path<SessionId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let end = async {
        let pawl = &signed_in.visitor.pawl;
        pawl.end_own_session(id, &signed_in.authority, &context)
            .await?;
        Ok(())
    };
    answer(&signed_in, end, "session-ended").await
}

#[derive(Template)]
#[template(path = "change_password.html")]
struct PasswordPage {
    frame: Frame,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Passwords {
    current: Secret,
    password: Secret,
}

/// The form for another password.
pub async fn show_password(signed_in: SignedIn) -> Result<Response, Detour> {
    let page = PasswordPage {
        frame: signed_in.frame().await?.at("/account"),
        refusal: None,
    };
    frame::show(StatusCode::OK, &page)
}

/// Changes the password. All other sessions are over.
pub async fn change_password(
    signed_in: SignedIn,
    Form { fields, context }: Form<Passwords>,
) -> Result<Response, Detour> {
    let visitor = &signed_in.visitor;
    let attempt = async {
        let new = password(&fields.password)?;
        let current = Zeroizing::new(fields.current.0.expose_secret().as_bytes().to_vec());
        visitor
            .pawl
            .change_password(current, new, &signed_in.authority, &context)
            .await
    };
    match attempt.await {
        Ok(_) => Ok(Redirect::to("/account?done=password-changed").into_response()),
        Err(failure) => {
            let page = PasswordPage {
                frame: signed_in.frame().await?.at("/account"),
                refusal: Some(Refusal::of(failure, visitor)?),
            };
            frame::show(status_of(page.refusal.as_ref()), &page)
        }
    }
}
