//! Searches, reports and exports: what takes long holds up nobody else, and is held in memory by parts.

use crate::support::{Bearer, Browser, TestServer, both_engines};
use axum::http::{Request, request::Parts};
use candor::{
    domain::{audit::Door, incident::IncidentFilter, report::ReportFilter, role::allowed},
    server::{
        access::{Scope, SignedIn, accounts::check_password, device::Device, security_log::Method, session},
        clock, incidents, reports,
    },
};
use futures_util::{StreamExt, poll};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tower_sessions::Session;

both_engines!(
    searches_wait_for_each_other_and_others_do_not,
    an_export_is_under_way_until_it_is_sent,
    searches_find_what_is_written_whatever_its_characters,
    searches_of_the_directory_are_limited,
    incidents_are_exported_in_parts,
);

/// What the person of this name may read in this organization.
async fn scope(server: &TestServer, name: &str, organization: &str) -> Scope<allowed::Read> {
    let (address, password) = (format!("{name}@example.com"), crate::support::PASSWORD.to_owned());
    let proof = check_password(server.app.clone(), [127, 0, 0, 1].into(), None, address, password).await.unwrap();
    let session = Session::new(None, Arc::new(session::Sessions::new(&server.app.db)), None);
    session::begin(&server.app, &session, &proof, &Device::default(), Method::Password, Some(clock::now()))
        .await
        .unwrap();
    let (mut parts, ()): (Parts, ()) = Request::new(()).into_parts();
    parts.extensions.insert(session);
    SignedIn::from_request(&server.app, &parts, Door::Account).await.unwrap().scope(organization).await.unwrap()
}

async fn report(owner: &Browser, title: &str, body: &str) {
    let input = json!({ "title": title, "body": body });
    owner.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await.right();
}

fn search(words: &str) -> IncidentFilter {
    IncidentFilter { words: words.to_owned(), ..IncidentFilter::default() }
}

async fn searches_wait_for_each_other_and_others_do_not(server: TestServer) {
    let owner = server.owner("northwind").await;
    report(&owner, "Slow", "Needle").await;
    let (mine, other) = (scope(&server, "owner-northwind", "northwind").await, server.owner("southwind").await);
    let other = (scope(&server, "owner-southwind", "southwind").await, other);
    let reading = mine.read_long().await.unwrap();
    let mut second = Box::pin(incidents::list(mine.clone(), search("needle")));
    assert!(poll!(second.as_mut()).is_pending(), "one at a time for one person");
    assert_eq!(incidents::list(mine.clone(), search("")).await.unwrap().incidents.len(), 1, "a list is not a search");
    assert!(incidents::list(other.0.clone(), search("needle")).await.unwrap().incidents.is_empty());
    assert_eq!(owner.get("/dashboard/northwind/incidents").await.status, 200);
    assert!(poll!(second.as_mut()).is_pending());
    drop(reading);
    assert_eq!(second.await.unwrap().incidents.len(), 1);
}

async fn an_export_is_under_way_until_it_is_sent(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let scope = scope(&server, "owner-northwind", "northwind").await;
    let first = reports::csv(scope.clone(), ReportFilter::default()).await.unwrap();
    let mut second = Box::pin(incidents::export::csv(scope.clone(), IncidentFilter::default()));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), second.as_mut()).await.is_err(),
        "the first is not sent yet"
    );
    let mut parts = first.into_data_stream();
    let mut text = Vec::new();
    while let Some(part) = parts.next().await {
        text.extend(part.unwrap());
    }
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 91);
    drop(parts);
    let _second = second.await.unwrap();
}

async fn searches_find_what_is_written_whatever_its_characters(server: TestServer) {
    let owner = server.owner("northwind").await;
    report(&owner, "100 % slow", "a_b and c\\d").await;
    report(&owner, "100 days", "axb").await;
    let token = Bearer::of(&server, &owner, "northwind", "viewer").await;
    for (words, count) in
        [("100 %25", 1), ("a_b", 1), ("c%5Cd", 1), ("100", 2), ("SLOW", 1), ("%25", 1), ("nothing", 0)]
    {
        let list = token.get(&format!("/incidents?words={words}")).await;
        assert_eq!(list.json()["data"].as_array().unwrap().len(), count, "{words}");
    }
}

async fn searches_of_the_directory_are_limited(server: TestServer) {
    server.owner("northwind").await;
    let visitor = server.browser();
    let mut refused = None;
    for _ in 0..40 {
        let answer = visitor.get("/?q=north").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    assert_eq!(visitor.get("/").await.status, 200, "the directory itself is not limited");
}

async fn incidents_are_exported_in_parts(server: TestServer) {
    let owner = server.owner("northwind").await;
    for number in 0..45 {
        report(&owner, &format!("Number {number}"), "Slow").await;
    }
    let text = owner.get("/dashboard/northwind/incidents.csv").await.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 46);
    let mut titles: Vec<&str> = lines[1..].iter().map(|line| line.split('"').nth(1).unwrap()).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), 45, "each once");
}
