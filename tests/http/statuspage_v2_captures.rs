//! Captured pages of Statuspage, imported and read again through the compatible API: field by field,
//! with a list of what may differ, and why.
//!
//! Captures are read from the folder that `CANDOR_CAPTURES` names; without it the test says that it is
//! skipped.

use super::{
    import::{captures_folder, import_all},
    statuspage_v2::path,
};
use crate::support::{TestServer, aloud, both_engines};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};

both_engines!(captured_pages_read_as_they_did);

/// Where two documents differ: which place, what is there, what was to be.
struct Difference {
    place: String,
    was: Option<Value>,
    is: Option<Value>,
}

fn compare(place: &str, was: Option<&Value>, is: Option<&Value>, found: &mut Vec<Difference>) {
    match (was, is) {
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for key in keys {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                compare(&place, was.get(key), is.get(key), found);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) => {
            for number in 0..was.len().max(is.len()) {
                let group = was.get(number).is_some_and(|one| one["group"] == true);
                let place = format!("{place}[{}]", if group { "group" } else { "" });
                compare(&place, was.get(number), is.get(number), found);
            }
        }
        _ if was == is => {}
        _ => found.push(Difference { place: place.to_owned(), was: was.cloned(), is: is.cloned() }),
    }
}

/// Why a document may differ here from what was imported; `None`: it may not.
fn explained(Difference { place, was, is }: &Difference, url: &str, imitation: bool) -> Option<&'static str> {
    let ends = |ending: &str| place.ends_with(ending);
    let of_a_component = ["components[].", "components[group]."].iter().any(|part| place.contains(part));
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let moment = |value: &Option<Value>| chrono::DateTime::parse_from_rfc3339(&text(value)).ok();
    if place == "page.url" && text(is).starts_with(url) {
        return Some("the page is here now");
    }
    if ends(".shortlink") && text(is).starts_with(url) {
        return Some("permanent addresses are here");
    }
    if place == "page.updated_at" {
        return Some("the page changed when it was imported");
    }
    if of_a_component && ends("].updated_at") && moment(is).is_some() {
        return Some("a component changed when it was imported");
    }
    if place == "components[group].created_at" && moment(is).is_some() {
        return Some("a group was made when it was imported");
    }
    if of_a_component && [".showcase", ".start_date", ".only_show_if_degraded"].into_iter().any(ends) {
        return Some("how a page draws its components is no setting here");
    }
    if of_a_component && ends("].position") && is.as_ref().is_some_and(Value::is_i64) {
        return Some("numbers have no gaps here: components that the page hid took some (the order is compared)");
    }
    if of_a_component && ends("].description") && text(was).replace("\r\n", "\n") == text(is) {
        return Some("a line ends with a line feed alone here");
    }
    if ends("].body") && text(is).replace("&lt;", "<") == text(was).replace("&lt;", "<") {
        return Some("a tag that does more than mark text is text here");
    }
    if ends("].tweet_id") && *is == Some(Value::Null) {
        return Some("nothing is posted elsewhere from here");
    }
    if ends("].reminder_intervals") && was.is_none() && *is == Some(Value::Null) {
        return Some("older bodies lack what newer ones say");
    }
    if imitation {
        if was.is_none() {
            return Some("another vendor leaves keys out");
        }
        if moment(was).is_some() && moment(was) == moment(is) {
            return Some("another vendor writes the same moment without milliseconds");
        }
        if place == "status.description" {
            return Some("another vendor has words of its own");
        }
    }
    None
}

/// Every text that is an id of ours, as the file has it.
fn with_ids_of_the_file(value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = ids.get(text) {
                text.clone_from(id);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| with_ids_of_the_file(value, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|value| with_ids_of_the_file(value, ids)),
        _ => {}
    }
}

/// Neighbours that are scheduled for the same moment, by their ids: no order is told there.
fn settle(document: &mut Value) {
    let Some(all) = document.get_mut("scheduled_maintenances").and_then(Value::as_array_mut) else { return };
    let alike = |one: &Value, other: &Value| {
        let moment = |value: &Value| chrono::DateTime::parse_from_rfc3339(value["scheduled_for"].as_str().unwrap());
        one["status"] == "scheduled" && other["status"] == "scheduled" && moment(one) == moment(other)
    };
    all.chunk_by_mut(alike).for_each(|some| some.sort_by_key(|one| one["id"].as_str().unwrap().to_owned()));
}

fn captured_summaries() -> Vec<PathBuf> {
    let Some(folder) = captures_folder() else {
        aloud("SKIPPED: CANDOR_CAPTURES is not set, so no captured page is compared here");
        return Vec::new();
    };
    let mut found = Vec::new();
    for page in std::fs::read_dir(folder.join("statuspage")).unwrap() {
        let files = std::fs::read_dir(page.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        found.extend(files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with("summary")));
    }
    found.sort();
    assert!(!found.is_empty(), "no captures in {}", folder.display());
    found
}

/// "What differs must be explained; component statuses, indicator and description, incidents, updates
/// and their times are equal for every capture".
async fn captured_pages_read_as_they_did(server: TestServer) {
    for (number, file) in captured_summaries().into_iter().enumerate() {
        let name = file.strip_prefix(captures_folder().unwrap()).unwrap().display().to_string();
        let mut was: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let slug = format!("page-{number}");
        import_all(&server, &[file], &slug).await;
        let answer = server.browser().get_with(&path(&slug, "summary"), &[]).await;
        let mut is = answer.right();
        let mut ids: HashMap<String, String> = HashMap::new();
        for table in
            ["services", "service_groups", "incidents", "incident_updates", "maintenances", "maintenance_updates"]
        {
            let query = format!(
                "select t.id || ' ' || t.source_id from {table} t join organizations o on o.id = t.organization_id
                 where o.slug = '{slug}' and t.source_id is not null"
            );
            for row in server.texts(&query).await {
                let (id, source_id) = row.split_once(' ').unwrap();
                ids.insert(id.to_owned(), source_id.to_owned());
            }
        }
        let (page, theirs) = (&is["page"]["id"], &was["page"]["id"]);
        ids.insert(page.as_str().unwrap().to_owned(), theirs.as_str().unwrap().to_owned());
        with_ids_of_the_file(&mut is, &ids);
        [&mut was, &mut is].into_iter().for_each(settle);
        let mut found = Vec::new();
        compare("", Some(&was), Some(&is), &mut found);
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for difference in &found {
            match explained(difference, &server.url, name.contains("incidentio")) {
                Some(reason) => *reasons.entry(reason).or_default() += 1,
                None => wrong.push(format!("{}: {:?} became {:?}", difference.place, difference.was, difference.is)),
            }
        }
        for (reason, count) in reasons {
            aloud(&format!("{name}: {count} differ: {reason}"));
        }
        assert!(wrong.is_empty(), "{name}: {} differences are not explained:\n{}", wrong.len(), wrong.join("\n"));
        let positions: Vec<_> =
            is["components"].as_array().unwrap().iter().map(|one| one["position"].as_i64()).collect();
        assert!(positions.is_sorted(), "{name}: {positions:?}");
        assert!(answer.headers.contains_key("etag"));
    }
}
