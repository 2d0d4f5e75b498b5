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
mod datasets;
mod documents;
mod erasing;
mod erasing_carried_on;
mod exporting;
mod exports_for_tools;
mod first_administrator;
mod invitation_list;
mod invitations;
mod machines;
mod managing_people;
mod my_devices;
mod no_authority_without_the_policy;
mod notices;
mod one_way;
mod outside;
mod own_sessions;
mod password_rules;
mod passwords;
mod people_search;
mod permissions;
mod reactions;
mod recovery_codes;
mod reset;
mod retries;
mod service;
mod session_limits;
mod set_up_link;
mod strangers;
mod throttle;
mod walk;
