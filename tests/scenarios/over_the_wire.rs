//! The scenarios once more, on a node whose log is elsewhere: it reaches it over KurrentDB's protocol,
//! through the official client. See `harness::elsewhere`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod a_code_works_once;
mod at_once;
mod audit_trail;
mod bad_input;
mod documents;
mod invitations;
mod my_devices;
mod no_authority_without_the_policy;
mod one_way;
mod recovery_codes;
mod reset;
mod retries;
mod strangers;
