//! The verifiers of this folder, which share no code with Pawl, judge what a real server shows: they
//! accept a history as it is, and reject whatever was done to it.
//!
//! `cargo xtask test` installs them beside the build.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is all test")]

mod export;
mod forgery;
mod history;
mod log;
mod proof;
mod verdict;
mod walk;
