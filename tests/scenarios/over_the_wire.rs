//! The scenarios once more, on a node whose log is elsewhere: it reaches it over KurrentDB's protocol,
//! through the official client. See `harness::elsewhere`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod a_code_works_once;
mod adoption;
mod analytics;
mod api_credentials;
mod appearance;
mod at_once;
mod audit_evidence;
mod audit_filters;
mod audit_log;
mod audit_looks;
mod audit_trail;
mod bad_input;
mod console;
mod documents;
mod erasing;
mod erasing_carried_on;
mod exporting;
mod first_administrator;
mod invitations;
mod machines;
mod managing_people;
mod my_devices;
mod no_authority_without_the_policy;
mod notices;
mod one_way;
mod own_sessions;
mod passwords;
mod people_search;
mod recovery_codes;
mod reset;
mod retries;
mod session_limits;
mod strangers;
