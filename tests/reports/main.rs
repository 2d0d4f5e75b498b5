//! What a reviewer reads: the state at any moment of the past, and the evidence report.

#![expect(clippy::panic, clippy::unwrap_used, reason = "it is all test")]

mod as_of;
mod commands;
mod evidence;
mod exported;
mod moments;
mod printing;
mod replaying;
mod world;
