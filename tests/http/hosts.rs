//! A host of an organization's own: the tree of its page hangs from `/` there, and nothing else.

use crate::support::{Answer, Browser, TestServer, both_engines, eventually};
use candor::server::{clock, hosts, jobs};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, client::IntoClientRequest, http::HeaderValue},
};

both_engines!(
    the_page_stands_at_its_own_host,
    the_tree_hangs_from_the_root,
    programs_read_it_there,
    nothing_else_is_there,
    other_hosts_are_untouched,
    host_header_is_part_of_no_answer,
    a_host_shows_nothing_of_another_organization,
    a_socket_opens_there,
    a_running_server_hears_of_it,
    a_new_slug_is_followed,
    a_suspended_organization_is_not_there_either,
    a_host_belongs_to_one,
    the_operator_binds_it,
);

pub(super) const HOST: &str = "status.northwind.example";

/// Binds the host, as the operator does; the server knows of it.
pub(super) async fn bind(server: &TestServer, slug: &str, host: Option<&str>) {
    hosts::set(&server.app, &server.app.url, slug, host).await.unwrap();
    hosts::load(&server.app).await.unwrap();
}

pub(super) async fn at(browser: &Browser, host: &str, path: &str) -> Answer {
    browser.get_with(path, &[("host", host), ("accept", "text/html")]).await
}

async fn report(browser: &Browser, organization: &str, title: &str) -> String {
    let arguments = json!({ "organization": organization, "input": { "title": title, "body": "We look." } });
    browser.rpc("report_incident", arguments).await.right().as_str().unwrap().to_owned()
}

async fn the_page_stands_at_its_own_host(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "Payments", "").await;
    bind(&server, "northwind", Some(HOST)).await;
    let visitor = server.browser();
    let usual = visitor.get_with("/status/northwind", &[]).await;
    for (host, path) in [
        (HOST, "/"),
        ("Status.Northwind.Example", "/"),
        ("status.northwind.example:8443", "/"),
        ("status.northwind.example.", "/"),
        (HOST, "/status/northwind"),
    ] {
        let answer = at(&visitor, host, path).await;
        assert_eq!(answer.status, 200, "{host}{path}: {}", answer.text());
        assert_eq!(answer.body, usual.body, "the same page: {host}{path}");
        assert_eq!(answer.header("etag"), usual.header("etag"), "from memory: {host}{path}");
    }
    let head = visitor.request(Method::HEAD, "/").header("host", HOST);
    let head = visitor.send(head).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, usual.header("etag")));
    let known = visitor.get_with("/", &[("host", HOST), ("if-none-match", usual.header("etag"))]).await;
    assert_eq!(known.status, 304);
    // A change is there for the next request, also when nobody has asked at the usual address.
    owner.set_status("northwind", &[&api], "major_outage").await;
    assert!(at(&visitor, HOST, "/").await.text().contains("Major outage"));
}

async fn the_tree_hangs_from_the_root(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "Payments", "").await;
    let incident = report(&owner, "northwind", "Errors on payments").await;
    bind(&server, "northwind", Some(HOST)).await;
    let visitor = server.browser();
    for (path, words) in [
        ("/history".to_owned(), "Errors on payments"),
        (format!("/incidents/{incident}"), "We look."),
        (format!("/services/{api}"), "Payments"),
        // Links of the page lead to what is there.
        ("/status/northwind/history".to_owned(), "Errors on payments"),
        (format!("/status/northwind/incidents/{incident}"), "We look."),
    ] {
        let answer = at(&visitor, HOST, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains(words), "{path}: {}", answer.text());
    }
    let page = at(&visitor, HOST, "/").await.text();
    let script = page.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
    for path in [script, "/health", "/robots.txt"] {
        assert_eq!(at(&visitor, HOST, path).await.status, 200, "{path}");
    }
    assert_eq!(at(&visitor, HOST, "/history?month=2000-13").await.status, 404, "the query goes along");
    let month = clock::now().utc().format("/history?month=%Y-%m").to_string();
    assert_eq!(at(&visitor, HOST, &month).await.status, 200);
    assert_eq!(at(&visitor, HOST, "/history?month=2001-01").await.status, 404, "before there was anything");
}

async fn programs_read_it_there(server: TestServer) {
    server.owner("northwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    let visitor = server.browser();
    let components = at(&visitor, HOST, "/api/v2/components.json").await;
    assert_eq!(components.status, 200, "{}", components.text());
    assert!(components.json()["components"].is_array());
    assert_eq!(components.header("access-control-allow-origin"), "*");
    let head = visitor.request(Method::HEAD, "/api/v2/components.json").header("host", HOST);
    assert_eq!(visitor.send(head).await.status, 200, "exporters ask so");
    let page = at(&visitor, HOST, "/api/v1/status/northwind").await;
    assert_eq!((page.status, page.json()["organization"]["slug"].as_str()), (200, Some("northwind")));
    assert_eq!(at(&visitor, HOST, "/feed.atom").await.status, 200);
}

async fn nothing_else_is_there(server: TestServer) {
    let owner = server.owner("northwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    let input = json!({ "name": "ci", "role": "admin", "days": "30" });
    let made = owner.rpc("create_token", json!({ "organization": "northwind", "input": input })).await.right();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    for path in ["/api/v1/me", "/api/v1/organizations/northwind/services"] {
        let program = server.browser();
        assert_eq!(program.get_with(path, &[("authorization", &bearer)]).await.status, 200, "{path}");
        let answer = program.get_with(path, &[("authorization", &bearer), ("host", HOST)]).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    // Who is signed in at the server's own host is nobody here.
    for browser in [server.browser(), owner.copy()] {
        for path in [
            "/sign-in",
            "/sign-up",
            "/forgot-password",
            "/accept-invitation?token=x",
            "/auth/oidc/default/start",
            "/dashboard",
            "/dashboard/northwind",
            "/account",
            "/account/tokens",
            "/status",
            "/docs",
            "/api/openapi.json",
            "/api/v1/me",
            "/api/v1/organizations",
            "/api/v1/organizations/northwind/services",
            "/rpc/live?organization=northwind",
            "/test/clock",
            "//sign-in",
        ] {
            let answer = at(&browser, HOST, path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
            assert!(answer.header("set-cookie").is_empty() && answer.location().is_empty(), "{path}");
        }
        let call = browser.call("who_am_i", &json!({})).header("host", HOST);
        assert_eq!(browser.send(call).await.status, 404);
        let form = [("email", "owner-northwind@example.com"), ("password", crate::support::PASSWORD)];
        let answer = browser.send(browser.form("/sign-in", &form).header("host", HOST)).await;
        assert_eq!(answer.status, 404);
        assert!(answer.header("set-cookie").is_empty());
    }
    assert!(owner.is_signed_in().await, "at the server's own host nothing has changed");
}

/// Whatever a request calls the server: links, redirects and cookies are made for its own address alone.
async fn host_header_is_part_of_no_answer(server: TestServer) {
    let owner = server.owner("northwind").await;
    let evil = "evil.example";
    for path in [
        "/",
        "/sign-in",
        "/sign-in?next=/dashboard",
        "/status",
        "/status/northwind",
        "/status/northwind/feed.atom",
        "/status/northwind/calendar.ics",
        "/status/northwind/embed.json",
        "/status/northwind/api/v2/summary.json",
        "/api/v1/status/northwind",
        "/api/openapi.json",
        "/dashboard",
        "/dashboard/northwind",
        "/account",
        "/nothing",
    ] {
        for browser in [server.browser(), owner.copy()] {
            let named = [("host", evil), ("x-forwarded-host", evil), ("forwarded", "host=evil.example")];
            let answer = browser.get_with(path, &named).await;
            let headers = format!("{:?}", answer.headers);
            assert!(!answer.text().contains(evil) && !headers.contains(evil), "{path}: {headers}");
        }
    }
}

async fn other_hosts_are_untouched(server: TestServer) {
    server.owner("northwind").await;
    let visitor = server.browser();
    assert_eq!(at(&visitor, HOST, "/sign-in").await.status, 200, "before it is bound");
    bind(&server, "northwind", Some(HOST)).await;
    for host in ["elsewhere.example", "northwind.example", "x.status.northwind.example", "localhost"] {
        assert_eq!(at(&visitor, host, "/sign-in").await.status, 200, "{host}");
        assert_eq!(at(&visitor, host, "/history").await.status, 404, "{host}");
    }
    // Another host instead of it, and then none.
    bind(&server, "northwind", Some("status.example.net")).await;
    assert_eq!(at(&visitor, HOST, "/sign-in").await.status, 200, "given up");
    assert_eq!(at(&visitor, "status.example.net", "/sign-in").await.status, 404);
    bind(&server, "northwind", None).await;
    assert_eq!(at(&visitor, "status.example.net", "/sign-in").await.status, 200, "taken away");
}

async fn a_host_shows_nothing_of_another_organization(server: TestServer) {
    let (_north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let secret = south.create_service("southwind", "Contoso link", "").await;
    let incident = report(&south, "southwind", "Contoso fails").await;
    bind(&server, "northwind", Some(HOST)).await;
    bind(&server, "southwind", Some("status.southwind.example")).await;
    let visitor = server.browser();
    for path in [
        "/status/southwind".to_owned(),
        "/status/southwind/history".to_owned(),
        "/api/v1/status/southwind".to_owned(),
        "/southwind".to_owned(),
        format!("/services/{secret}"),
        format!("/incidents/{incident}"),
        format!("/api/v1/status/northwind/incidents/{incident}"),
    ] {
        let answer = at(&visitor, HOST, &path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("Contoso"), "{path}");
    }
    assert!(at(&visitor, "status.southwind.example", "/").await.text().contains("Contoso link"));
    // An address that is too long for the tree is no way around it.
    for path in ["/sign-in", "/", "/api/v1/me", "/status/southwind"] {
        let long = "a".repeat(65_530 - path.len() - "?x=".len());
        let mut connection = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
        let asked = format!("GET {path}?x={long} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
        connection.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 404"), "{path}: {}", String::from_utf8_lossy(&answer[..80]));
    }
}

/// The status of the answer to an upgrade at a host.
async fn upgrade(server: &TestServer, host: &str, path: &str) -> u16 {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("host", HeaderValue::from_str(host).unwrap());
    request.headers_mut().insert("origin", HeaderValue::from_str(&format!("http://{host}")).unwrap());
    match client_async(request, TcpStream::connect(address).await.unwrap()).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

async fn a_socket_opens_there(server: TestServer) {
    server.owner("northwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    for path in ["/live?version=1", "/status/northwind/live?version=1"] {
        assert_eq!(upgrade(&server, HOST, path).await, 101, "{path}");
    }
    assert_eq!(upgrade(&server, HOST, "/rpc/live?organization=northwind").await, 404);
}

/// Runs the program with these words behind its name, on the server's database; what it said.
async fn run(server: &TestServer, words: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    command.args(words.split(' ')).env("DATABASE_URL", server.database_url());
    command.env("CANDOR_URL", "https://candor.example.com");
    let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let well = done.status.success();
    (well, String::from_utf8(if well { done.stdout } else { done.stderr }).unwrap())
}

async fn a_running_server_hears_of_it(server: TestServer) {
    jobs::start(&server.app);
    server.owner("northwind").await;
    let visitor = server.browser();
    assert_eq!(at(&visitor, HOST, "/history").await.status, 404);
    let becomes = async |status: u16| {
        eventually(&format!("{status} at the host"), async || {
            (at(&visitor, HOST, "/history").await.status == status).then_some(())
        })
        .await;
    };
    assert!(run(&server, &format!("organizations set-host northwind {HOST}")).await.0);
    becomes(200).await;
    assert!(run(&server, "organizations set-host northwind --none").await.0);
    becomes(404).await;
    // One that starts knows from its first request on.
    bind(&server, "northwind", Some(HOST)).await;
    let server = server.restart().await;
    assert_eq!(at(&server.browser(), HOST, "/history").await.status, 200);
}

async fn a_new_slug_is_followed(server: TestServer) {
    let owner = server.owner("northwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    let visitor = server.browser();
    assert_eq!(at(&visitor, HOST, "/").await.status, 200);
    let mut settings = owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    settings["slug"] = json!("southwind");
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": settings })).await.right();
    jobs::start(&server.app);
    eventually("the page at its new slug", async || {
        (at(&visitor, HOST, "/status/southwind").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(at(&visitor, HOST, "/").await.status, 200);
    assert_eq!(at(&visitor, HOST, "/sign-in").await.status, 404);
}

async fn a_suspended_organization_is_not_there_either(server: TestServer) {
    server.owner("northwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    let visitor = server.browser();
    assert_eq!(at(&visitor, HOST, "/").await.status, 200);
    candor::server::operator::suspend(&server.app, "northwind", true).await.unwrap();
    hosts::load(&server.app).await.unwrap();
    for path in ["/", "/history", "/sign-in"] {
        assert_eq!(at(&visitor, HOST, path).await.status, 404, "{path}");
    }
}

async fn a_host_belongs_to_one(server: TestServer) {
    server.owner("northwind").await;
    server.owner("southwind").await;
    bind(&server, "northwind", Some(HOST)).await;
    let refused = hosts::set(&server.app, &server.app.url, "southwind", Some("STATUS.northwind.example")).await;
    let words = refused.unwrap_err().on("host").unwrap();
    assert!(words.contains("Another organization uses this host"), "{words}");
    bind(&server, "northwind", Some(HOST)).await;
    bind(&server, "northwind", None).await;
    bind(&server, "southwind", Some(HOST)).await;
    assert!(at(&server.browser(), HOST, "/").await.text().contains("southwind"));
}

async fn the_operator_binds_it(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (well, said) = run(&server, &format!("organizations set-host northwind {HOST} --json")).await;
    let told: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(well && told["host"] == HOST && told["slug"] == "northwind", "{told}");
    let (_, said) = run(&server, "organizations show northwind").await;
    assert!(said.contains(&format!("host    {HOST}")), "{said}");
    // Again is no change.
    assert!(run(&server, &format!("organizations set-host northwind {HOST}")).await.0);
    let lines = owner.audit("northwind", "", "organization").await;
    let set: Vec<&Value> = lines.iter().filter(|line| line["action"] == "organization.host_set").collect();
    assert_eq!(set.len(), 1, "{lines:?}");
    assert_eq!((&set[0]["after"], &set[0]["door"]), (&json!(HOST), &json!("command_line")), "{}", set[0]);
    for (words, why) in [
        ("northwind https://status.example.com", "not a valid host name"),
        ("northwind status.example.com:443", "not a valid host name"),
        ("northwind localhost", "not a valid host name"),
        ("northwind 127.0.0.1", "is an IP address"),
        ("northwind candor.example.com", "own host"),
        ("nowhere status.example.com", "organization"),
        ("northwind", "required"),
        ("northwind status.example.com --none", "cannot be used with"),
    ] {
        let (well, said) = run(&server, &format!("organizations set-host {words}")).await;
        assert!(!well && said.contains(why), "{words}: {said}");
    }
    let (well, said) = run(&server, "organizations set-host northwind --none --json").await;
    let told: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(well && told["host"].is_null(), "{told}");
}
