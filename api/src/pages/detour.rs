//! Why a browser gets something else than the page that it asked for: another page comes first, or
//! something went wrong.

use crate::{
    application::Failure,
    http::problem::{self, Problem},
};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{NextStep, Rejection};
use url::form_urlencoded;

/// A way around.
#[derive(Debug)]
pub enum Detour {
    /// Nobody is signed in here, or no longer.
    SignIn,
    /// The session has something else to do first.
    Step(NextStep),
    /// The second factor was shown too long ago: show it again, and come back to this page.
    ShowAgain(String),
    /// The form was not sent from one of Pawl's pages.
    CrossSite,
    /// Something went wrong. The browser is shown a page that says so.
    Problem(Problem),
}

/// The page on which a session does what it has to do next.
#[must_use]
pub fn page_of(step: NextStep) -> &'static str {
    match step {
        NextStep::Done => "/",
        NextStep::Otp => "/sign-in/code",
        NextStep::OtpSetUp => "/authenticator",
    }
}

impl IntoResponse for Detour {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::Step(step) => Redirect::to(page_of(step)).into_response(),
            Self::ShowAgain(to) => {
                let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
                Redirect::to(&format!("/sign-in/again?to={to}")).into_response()
            }
            Self::CrossSite => Problem::new(
                problem::CROSS_SITE,
                "This form was not sent from one of Pawl's own pages.",
            )
            .into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl From<Problem> for Detour {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Failure> for Detour {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(Rejection::Unauthenticated) => Self::SignIn,
            Failure::Rejected(Rejection::FreshSecondFactorRequired) => {
                Self::ShowAgain("/account".to_owned())
            }
            failure => Self::Problem(failure.into()),
        }
    }
}

impl From<Rejection> for Detour {
    fn from(rejection: Rejection) -> Self {
        Failure::from(rejection).into()
    }
}

impl From<askama::Error> for Detour {
    fn from(error: askama::Error) -> Self {
        Failure::Internal(error.to_string()).into()
    }
}
