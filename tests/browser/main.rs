//! The pages, in a real browser, as the people meet them for whom they are made.

#![expect(clippy::unwrap_used, clippy::panic, reason = "it is all test")]

mod account;
mod analytics;
mod at_once;
mod audit;
mod credentials;
mod erasing;
mod forms;
mod life;
mod lists;
mod looks;
mod people;
mod set_up_link;
mod without_scripts;
