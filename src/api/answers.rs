//! What the document says of answers that have the same reason everywhere: each is a problem document, and one place
//! knows which routes can give it.

use utoipa::{
    ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{error::ProblemDocument, examples, gate, scopes};
use crate::domain::access::is_costly;

/// What problem documents are sent as.
const PROBLEM: &str = "application/problem+json";

/// Writes into the document what any route may answer when it does not do what it is asked.
pub fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let is_api = path.starts_with("/api");
        let is_seen = item.get.is_some();
        for (method, operation) in scopes::operations(item) {
            operation.operation_id = Some(name(method, path));
            name_problems(operation);
            if is_api {
                usual(method, operation).into_iter().for_each(|(status, words)| add(operation, status, words));
                limited(method, path, operation);
                tagged(method, is_seen, operation);
                named(method, path, operation);
            }
            examples::show(operation);
        }
    }
}

/// A header of a request that every route knows where it makes sense.
fn header(operation: &mut Operation, name: &str, words: &str) {
    let known = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.name.eq_ignore_ascii_case(name));
    let parameters = operation.parameters.get_or_insert_default();
    if !parameters.iter().any(known) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(words)).schema(Some(text));
        parameters.push(header.build().into());
    }
}

/// A header of an answer.
fn says(answer: &mut RefOr<Response>, name: &str, words: &str) {
    if let RefOr::T(answer) = answer {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().schema(Some(text)).description(Some(words)).build();
        answer.headers.entry(name.to_owned()).or_insert_with(|| header.into());
    }
}

/// Whoever asks for too much has to wait.
fn limited(method: &str, path: &str, operation: &mut Operation) {
    let words = if is_costly(method, path) {
        "This caller has asked for too much to be made, or for too much at all."
    } else {
        "This caller has asked for too much."
    };
    add(operation, "429", words);
    if let Some(answer) = operation.responses.responses.get_mut("429") {
        says(answer, "Retry-After", "Seconds to wait.");
    }
}

/// What is stored has tags; only what can be seen can have been seen.
fn tagged(method: &str, is_seen: bool, operation: &mut Operation) {
    let words = "The tag of what was seen: when it was changed since, nothing is changed now.";
    match method {
        "GET" => {
            let Some(answer) = operation.responses.responses.get_mut("200") else { return };
            if !matches!(answer, RefOr::T(Response { content, .. }) if content.contains_key("application/json")) {
                return;
            }
            says(answer, "ETag", "Changes with what is answered.");
            header(operation, "If-None-Match", "A tag of before: when nothing was changed, 304 is answered without a body.");
            let same = ResponseBuilder::new().description("It is as the caller has it.").build();
            operation.responses.responses.entry("304".to_owned()).or_insert_with(|| same.into());
        }
        "PUT" | "PATCH" | "DELETE" if is_seen => {
            header(operation, "If-Match", words);
            add(operation, "412", "It was changed in the meantime.");
        }
        _ => {}
    }
    for (status, name, words) in [
        ("201", "Location", "Where it is now."),
        ("202", "Location", "Where to see how it goes on."),
        ("202", "Preference-Applied", "`respond-async`, when that was wished for."),
    ] {
        if let Some(answer) = operation.responses.responses.get_mut(status) {
            says(answer, name, words);
        }
    }
}

/// What is sent may be sent again.
fn named(method: &str, path: &str, operation: &mut Operation) {
    if method != "POST" {
        return;
    }
    header(operation, "Idempotency-Key", "The same key and body within 24 hours are answered as they were answered first.");
    if operation.responses.responses.contains_key("202") || gate::LEDGERS.contains(&path) {
        header(operation, "Prefer", "`respond-async` answers 202 at once, and does not wait.");
    }
    add(operation, "413", "The body is too large.");
    add(operation, "422", "A rule is broken, or the `Idempotency-Key` was used for another request; `errors` says by which field.");
    for (status, answer) in &mut operation.responses.responses {
        if status.starts_with('2') {
            says(answer, "Idempotent-Replayed", "`true` when this was answered before.");
        }
    }
}

/// As in `getCharactersById`: no two are alike, which those who make clients from the document go by.
fn name(method: &str, path: &str) -> String {
    let mut name = method.to_lowercase();
    let parts = path.split(['/', '-']).filter(|part| !part.is_empty() && *part != "api");
    for part in parts {
        let bare = part.trim_matches(['{', '}']);
        let by = if bare.len() < part.len() { "By" } else { "" };
        let words = bare.split(['_', '.']).map(|word| word[..1].to_uppercase() + &word[1..]);
        name.push_str(by);
        name.extend(words);
    }
    name
}

/// Problems are listed as JSON where they are made, and sent as what they are.
fn name_problems(operation: &mut Operation) {
    let refusals = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5']));
    for (_, answer) in refusals {
        if let RefOr::T(Response { content, .. }) = answer
            && let Some(content_of) = content.shift_remove("application/json")
        {
            content.insert(PROBLEM.to_owned(), content_of);
        }
    }
}

fn usual(method: &str, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let mut usual = vec![
        ("400", "The address, the query or the body cannot be read."),
        ("401", "A token is needed, or this is none."),
        ("403", "The token may not do this, or a page of another site has asked."),
        ("421", "This server is not known by that name."),
    ];
    let parameters = operation.parameters.iter().flatten();
    let is_in_path = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Path, .. }));
    if parameters.into_iter().any(is_in_path) {
        usual.push(("404", "There is no such thing."));
    }
    if method != "GET" {
        usual.extend([
            ("404", "Something it is about is not there."),
            ("409", "It does not go with what is stored."),
            ("503", "The store can only be read, or a service that is needed is not set up or cannot be reached."),
            ("507", "The disk is full."),
        ]);
    }
    if operation.request_body.is_some() {
        usual.extend([
            ("408", "The body stood still for too long."),
            ("413", "The body is too large."),
            ("415", "The body is of a kind that is not read."),
            ("422", "A rule is broken; `errors` says by which field."),
        ]);
    }
    usual
}

fn add(operation: &mut Operation, status: &str, words: &str) {
    let answers = &mut operation.responses.responses;
    if !answers.contains_key(status) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDocument::name()))).build();
        answers.insert(status.to_owned(), ResponseBuilder::new().description(words).content(PROBLEM, content).build().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_have_names_of_their_own() {
        assert_eq!(name("GET", "/api/characters/{id}"), "getCharactersById");
        assert_eq!(name("POST", "/api/post-to-instagram"), "postPostToInstagram");
        assert_eq!(name("GET", "/api/lora/logs/{log_file}"), "getLoraLogsByLogFile");
        assert_eq!(name("GET", "/metrics"), "getMetrics");
    }
}
