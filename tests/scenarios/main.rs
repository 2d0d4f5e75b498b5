//! The system from outside, over HTTP, told as what people do with it. Each file is about one
//! promise; what a promise is called (I1 to I9) is in `docs/threat-model.md`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is all test"
)]

mod a_code_works_once;
mod adoption;
mod appearance;
mod at_once;
mod audit_trail;
mod bad_input;
mod console;
mod documents;
mod invitations;
mod managing_people;
mod my_devices;
mod no_authority_without_the_policy;
mod notices;
mod one_way;
mod outside;
mod own_sessions;
mod passwords;
mod people_search;
mod recovery_codes;
mod reset;
mod retries;
mod service;
mod strangers;
mod walk;
