//! The API as it was promised: the document that the routes make is the committed copy, so that a change of
//! the API is seen in review.
#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

use candor::server::rest::openapi;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

const METHODS: &[&str] = &["get", "put", "post", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(&openapi::text().unwrap()).unwrap()
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let known = METHODS.iter().filter(|method| item.get(**method).is_some());
        known.map(|method| (format!("{method} {path}"), (*method).to_owned(), path.clone())).collect::<Vec<_>>()
    };
    let names: Vec<_> = paths.iter().flat_map(of_path).collect();
    names.into_iter().map(|(name, method, path)| (name, &document["paths"][&path][&method])).collect()
}

#[test]
fn the_committed_copy_is_the_document() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == openapi::text().unwrap(),
        "the API is not what docs/openapi.json says. If that is meant, write it anew and look at what changed:\n\n    \
         target/debug/candor openapi > docs/openapi.json\n"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let operations = operations(&document);
    assert!(operations.len() > 50, "{}", operations.len());
    let mut ids = BTreeSet::new();
    for (name, operation) in operations {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id), "{name}: {id} is there twice");
        let tag = operation["tags"][0].as_str().unwrap_or_else(|| panic!("{name} has no tag"));
        assert!(tags.contains(&tag), "{name}: {tag} is not described");
        assert!(operation["summary"].as_str().is_some_and(|words| words.len() > 5), "{name} has no summary");
        assert_eq!(operation["responses"]["default"]["$ref"], "#/components/responses/Problem", "{name}");
        let public = name.contains(" /api/v1/status/");
        let bearer =
            operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one.get("bearer").is_some()));
        assert_eq!(bearer, !public, "{name}: a token, or public reading");
        assert!(!public || name.starts_with("get "), "{name}: the public only reads");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("leads away: {reference}"));
                    assert!(document.pointer(pointer).is_some(), "leads nowhere: {reference}");
                }
                fields.values().for_each(|value| walk(value, document));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn words_and_ids_are_told_exactly() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let statuses = ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
    assert_eq!(schemas["ServiceStatus"]["enum"], serde_json::json!(statuses));
    assert_eq!(schemas["Role"]["enum"][1], "status_reporter");
    assert_eq!(
        (&schemas["ServiceId"]["type"], &schemas["ServiceId"]["pattern"]),
        (&"string".into(), &"^[a-z0-9]{12}$".into())
    );
    assert_eq!((&schemas["Time"]["type"], &schemas["Time"]["format"]), (&"string".into(), &"date-time".into()));
    for (name, schema) in schemas.as_object().unwrap() {
        assert!(!name.contains("::"), "{name}: {schema}");
    }
}
