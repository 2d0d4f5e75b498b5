//! Pawl: an identity backend in which enforcing two-factor authentication cannot be undone.
//!
//! `http` takes a request and calls `application`, which loads the state of a stream, lets `domain`
//! decide and appends the events; `projections` and `reactions` follow the log.

pub mod admin;
mod analytics;
pub mod application;
pub mod audit;
pub mod audit_log;
pub mod cli;
pub mod clock;
mod config_check;
mod csv_row;
pub mod erasure;
mod event_words;
pub mod files;
pub mod http;
pub mod log_copy;
pub mod mail;
pub mod outside;
pub mod pages;
pub mod permission_table;
mod progress;
pub mod reactions;
pub mod server;
pub mod settings;
pub mod siem;
pub mod storage;
pub mod telemetry;
mod words;

/// What every binary of Pawl takes its memory from. The one of the C library is slow where one thread gives
/// back what another has taken, as between those who read events and those who write what becomes of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
