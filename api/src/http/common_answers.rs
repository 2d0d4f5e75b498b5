//! What every call can answer, entered in the description of each, so that none of them says it by
//! hand and none forgets it.

use super::problem::ProblemBody;
use std::collections::btree_map::Entry;
use utoipa::{
    ToSchema,
    openapi::{
        Content, OpenApi, Ref, RefOr, Required, Response,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};

const PROBLEM: &str = "application/problem+json";

/// Enters the common answers, and the header by which unsafe calls are repeated.
pub fn enter(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let reading = item.get.as_mut().into_iter();
        let writing = [
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        let writing = writing.into_iter().flatten();
        for operation in reading.chain(writing.map(take_a_key)) {
            describe_problems(operation);
            for (status, slugs) in common(operation) {
                add(operation, status, slugs);
            }
        }
    }
}

fn take_a_key(operation: &mut Operation) -> &mut Operation {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text.min_length(Some(1)).max_length(Some(255));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names the call, so that a repeat of it changes nothing",
        ))
        .schema(Some(text))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(key));
    operation
}

/// The problems of each status that a call can meet whatever it is about.
fn common(operation: &Operation) -> Vec<(&'static str, &'static [&'static str])> {
    let mut answers: Vec<(_, &[_])> = vec![
        ("500", &["internal"]),
        ("503", &["busy", "timed-out", "storage-unavailable"]),
        ("507", &["storage-full"]),
    ];
    if operation.parameters.is_some() {
        answers.push(("400", &["invalid-parameter"]));
    }
    if operation.security.is_some() {
        answers.push(("401", &["unauthenticated"]));
    }
    // What is throttled is not taken from another site's page.
    if operation.responses.responses.contains_key("429") {
        answers.push(("403", &["cross-site"]));
    }
    if operation.request_body.is_some() {
        answers.push(("400", &["malformed-json", "unknown-field"]));
        answers.push(("413", &["body-too-large"]));
        answers.push(("415", &["unsupported-media-type"]));
        answers.push(("422", &["invalid-body", "idempotency-key-reused"]));
    }
    answers
}

/// Adds these kinds of problems to what the call answers with this status.
fn add(operation: &mut Operation, status: &str, slugs: &[&str]) {
    let response = match operation.responses.responses.entry(status.to_owned()) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(place) => place.insert(RefOr::T(problem())),
    };
    let RefOr::T(response) = response else {
        return;
    };
    for slug in slugs {
        let word = format!("`{slug}`");
        if response.description.contains(&word) {
            continue;
        }
        if !response.description.is_empty() {
            response.description.push_str(", ");
        }
        response.description.push_str(&word);
    }
}

fn problem() -> Response {
    let body = RefOr::Ref(Ref::from_schema_name(ProblemBody::name()));
    let mut response = Response::new("");
    let content = Content::new(Some(body));
    response.content.insert(PROBLEM.to_owned(), content.into());
    response
}

/// The media type of the problems that a call describes itself.
fn describe_problems(operation: &mut Operation) {
    let problem = problem().content;
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        let json = response.content.get("application/json");
        if json.is_some() && json == problem.get(PROBLEM) {
            response.content.clone_from(&problem);
        }
    }
}
