//! The pages, in a real browser, as the people meet them for whom they are made.

#![expect(clippy::unwrap_used, clippy::panic, reason = "it is all test")]

mod account;
mod at_once;
mod erasing;
mod forms;
mod life;
mod looks;
mod people;
mod without_scripts;
