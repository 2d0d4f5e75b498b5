//! The person's own account.

use super::{
    detour::Detour,
    frame::{self, Frame},
    sign_in::Done,
    visitor::Reader,
};
use askama::Template;
use axum::{extract::Query, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use projections::users::{self, Users};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    devices: Vec<Device>,
}

struct Device {
    name: String,
    confirmed_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

/// Who I am, and with what I sign in.
pub async fn show(Reader(reader): Reader, Query(query): Query<Done>) -> Result<Response, Detour> {
    let pawl = &reader.visitor.pawl;
    let id = reader.authority.holder().user();
    let user = pawl
        .query(&Users, move |readers| users::by_id(readers, id))
        .await?;
    let mut devices = Vec::new();
    for device in user.map(|user| user.devices).unwrap_or_default() {
        let name = pawl.open_personal("device_name", &device.name.0)?;
        devices.push(Device {
            name: name.or_placeholder(),
            confirmed_at: device.confirmed_at,
            last_used_at: device.last_used_at.unwrap_or(device.confirmed_at),
        });
    }
    let frame = reader.frame().await?.at("/account");
    let frame = frame.noticing(query.done.as_deref());
    frame::show(StatusCode::OK, &Page { frame, devices })
}
