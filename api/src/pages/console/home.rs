//! Where the console begins: how far the organization has come.

use super::super::{
    detour::Detour,
    frame::{self, Frame},
    visitor::Reader,
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Permission, Rejection};
use projections::{
    adoption::{self, Adoption, Day},
    organization_security::{self, OrganizationSecurity, Security},
};
use std::fmt::Write as _;

#[derive(Template)]
#[template(path = "console/home.html")]
struct Page {
    frame: Frame,
    security: Security,
    /// Of a hundred people, so many have an authenticator.
    percent: u64,
    curve: Option<Curve>,
    days: Vec<Day>,
}

/// How a second factor spread, drawn into a box of [`Curve::WIDTH`] by [`Curve::HEIGHT`].
struct Curve {
    /// The people, as an SVG path.
    people: String,
    /// Those with an authenticator.
    with_device: String,
    /// Where it was enforced.
    enforced: Option<i64>,
    first: NaiveDate,
    last: NaiveDate,
    most: u64,
}

impl Curve {
    const WIDTH: i64 = 600;
    const HEIGHT: i64 = 180;

    /// The curve from the first day to today; one day is no curve yet.
    fn of(days: &[Day], today: NaiveDate, enforced_at: Option<DateTime<Utc>>) -> Option<Self> {
        let first = days.first()?.date;
        let last = days.last()?.date.max(today);
        let span = (last - first).num_days();
        let most = days.iter().map(|day| day.people).max()?.max(1);
        if span == 0 {
            return None;
        }
        let x = |date: NaiveDate| (date - first).num_days() * Self::WIDTH / span;
        let y = |count: u64| {
            let height = u128::from(Self::HEIGHT.unsigned_abs());
            let up = u128::from(count) * height / u128::from(most);
            Self::HEIGHT - i64::try_from(up).unwrap_or(0)
        };
        let path = |count: fn(&Day) -> u64| {
            let mut path = format!("M0 {}", Self::HEIGHT);
            for day in days {
                let _ = write!(path, "H{}V{}", x(day.date), y(count(day)));
            }
            let _ = write!(path, "H{}V{}Z", Self::WIDTH, Self::HEIGHT);
            path
        };
        Some(Self {
            people: path(|day| day.people),
            with_device: path(|day| day.with_device),
            enforced: enforced_at.map(|at| x(at.date_naive())),
            first,
            last,
            most,
        })
    }
}

/// The figures.
pub async fn show(Reader(reader, _): Reader) -> Result<Response, Detour> {
    let pawl = &reader.visitor.pawl;
    let organization = reader.authority.holder().organization();
    reader
        .authority
        .permit(Permission::ReadAdoption, organization)?;
    let security = pawl
        .query(&OrganizationSecurity, move |readers| {
            organization_security::by_id(readers, organization)
        })
        .await?
        .ok_or(Rejection::NotFound)?;
    let days = pawl
        .query(&Adoption, move |readers| {
            adoption::curve(readers, organization, None)
        })
        .await?;
    let enforced_at = security.enforcement.map(|enforcement| enforcement.at);
    let page = Page {
        frame: reader.frame().await?.at("/console"),
        percent: security.people_with_device * 100 / security.people_active.max(1),
        curve: Curve::of(&days, pawl.now().date_naive(), enforced_at),
        security,
        days,
    };
    frame::show(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32, people: u64, with_device: u64) -> Day {
        Day {
            date: NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default(),
            people,
            with_device,
        }
    }

    #[test]
    fn the_curve_goes_in_steps_from_the_first_day_to_today() {
        let days = [day(1, 2, 0), day(4, 4, 1)];
        let curve = Curve::of(&days, day(7, 0, 0).date, None).unwrap();
        assert_eq!(curve.people, "M0 180H0V90H300V0H600V180Z");
        assert_eq!(curve.with_device, "M0 180H0V180H300V135H600V180Z");
        assert_eq!(curve.most, 4);
    }

    #[test]
    fn one_day_is_no_curve() {
        let days = [day(1, 2, 0)];
        assert!(Curve::of(&days, days[0].date, None).is_none());
        assert!(Curve::of(&[], days[0].date, None).is_none());
    }
}
