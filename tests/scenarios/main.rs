//! The system from outside, over HTTP, told as what people do with it. Each file is about one
//! promise; what a promise is called (I1 to I9) is in `docs/threat-model.md`.

mod a_code_works_once;
mod at_once;
mod audit_trail;
mod bad_input;
mod documents;
mod invitations;
mod no_authority_without_the_policy;
mod one_way;
mod retries;
mod service;
mod strangers;
mod walk;
