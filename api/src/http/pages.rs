//! The few plain pages of this version: what the links lead to. They hold no rule and no script.

use axum::response::Html;

/// What the link of the first start leads to.
pub async fn set_up() -> Html<&'static str> {
    Html(include_str!("pages/setup.html"))
}

/// What the link of an invitation leads to.
pub async fn invitation() -> Html<&'static str> {
    Html(include_str!("pages/invitation.html"))
}

/// What the link to choose a new password leads to.
pub async fn password_reset() -> Html<&'static str> {
    Html(include_str!("pages/password-reset.html"))
}
