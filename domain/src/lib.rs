//! The decisions. A decider takes the events of one stream (`evolve`) and a command (`decide`), and
//! answers with new events or a rejection.
//!
//! This crate is pure: no I/O, no async, no clock, no randomness. Time, ids and secrets come in as
//! arguments, and so does the right to act, as a value that only this crate can make.

pub mod address;
pub mod api_credential;
pub mod audit;
pub mod authority;
pub mod decider;
pub mod installation;
mod mail_throttle;
mod normal_form;
pub mod organization;
pub mod otp;
pub mod permission;
mod rejection;
pub mod scope;
pub mod session;
pub mod user;
pub mod value;

#[cfg(test)]
mod testing;

pub use authority::{
    Acting, Anyone, Authority, Enrolment, Mandate, NextStep, OnTheServer, Operating, SessionHolder,
    SetUpLink, Showing,
};
pub use decider::{Decide, Decider, Decision, Outcome};
pub use normal_form::normal_form;
pub use permission::Permission;
pub use rejection::Rejection;
pub use scope::{Scope, Scopes};
