//! Whatever a name says, a page shows it as text: every screen of the dashboard, the accounts, the public pages.

use crate::support::{Browser, PASSWORD, TestServer, both_engines, encode, unescape};
use serde_json::{Value, json};

both_engines!(hostile_names_are_text_on_every_page, innocent_names_are_text_on_every_page);

/// One name in the lengths that fields take.
struct Names {
    /// For at most 40 characters.
    short: &'static str,
    /// For at most 80.
    line: &'static str,
    /// For at most 200.
    long: &'static str,
}

const HOSTILE: Names = Names {
    short: "\"></title><img src=x onerror=alert(1)>",
    line: "\"></title></textarea><img src=x onerror=alert(1)><script>alert(1)</script>",
    long: "Slow</title><meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/\"><img src=x onerror=alert(1)><script>alert(1)</script>",
};

const INNOCENT: Names = Names {
    short: "</title> & \"quotes\" <!-- on <b>",
    line: "Missing </title> tag & \"quotes\" on <b>pages</b>, &lt; too",
    long: "Missing </title> tag & \"quotes\" on <b>pages</b>, </script> <!-- and &lt; too",
};

async fn hostile_names_are_text_on_every_page(server: TestServer) {
    names_are_text(server, &HOSTILE).await;
}

async fn innocent_names_are_text_on_every_page(server: TestServer) {
    names_are_text(server, &INNOCENT).await;
}

/// An organization in which everything has such a name.
struct World {
    owner: Browser,
    service: String,
    incident: String,
    maintenance: String,
    /// Addresses that are no screens of the dashboard.
    others: Vec<String>,
}

async fn world(server: &TestServer, names: &Names) -> World {
    let owner = server.browser();
    let account = [("name", names.line), ("email", "owner@example.com"), ("password", PASSWORD)];
    assert_eq!(owner.post("/sign-up", &account).await.status, 303);
    owner.create_organization("acme").await;
    let call = async |function: &str, mut arguments: Value| {
        arguments["organization"] = json!("acme");
        owner.rpc(function, arguments).await.right()
    };
    let text = |value: Value| value.as_str().unwrap().to_owned();
    let settings = json!({
        "name": names.line, "slug": "acme", "time_zone": "Europe/Vienna", "description": names.long,
        "support_url": "https://example.com/help?a='x'&b=1", "listed": true, "labels": { "partial_outage": names.short },
    });
    call("update_organization", json!({ "input": settings })).await;
    let about = json!({ "name": names.long, "description": names.long });
    let group = text(call("create_group", json!({ "input": about })).await);
    let team = text(call("create_team", json!({ "name": names.line })).await);
    let about = json!({ "name": names.long, "description": names.long, "group_id": group, "team_id": team });
    let service = text(call("create_service", json!({ "input": about })).await);
    let invitation = owner.invite_into("acme", "mia", "viewer", &team, "team_member").await;
    assert_eq!(server.browser().accept(&invitation, names.line).await.status, 303);
    let open = owner.invite_into("acme", "nora", "viewer", &team, "team_member").await;
    let token = json!({ "name": names.short, "role": "viewer", "days": "" });
    call("create_token", json!({ "input": token })).await;
    let own = [("what", "create"), ("name", names.short), ("role", "viewer"), ("days", "")];
    assert_eq!(owner.post("/account/tokens", &own).await.status, 200);
    let template = json!({ "name": names.line, "title": names.long, "body": names.long });
    call("save_template", json!({ "id": null, "input": template })).await;

    let incident = async |status: &str| {
        let said = json!([{ "service_id": service, "status": "partial_outage" }]);
        let input = json!({ "title": names.long, "body": names.long, "status": status, "services": said });
        text(call("report_incident", json!({ "input": input })).await)
    };
    let (past, open_incident) = (incident("investigating").await, incident("identified").await);
    let over = json!({ "status": "resolved", "body": names.long });
    call("post_incident_update", json!({ "id": past, "input": over })).await;
    call("save_postmortem", json!({ "id": past, "body": names.long, "published": true })).await;
    call("link_incidents", json!({ "id": open_incident, "other": past, "together": true })).await;
    let window = json!({
        "title": names.long, "body": names.long, "starts_at": "2999-06-01T22:00", "ends_at": "2999-06-01T23:00",
        "services": [service], "repeat": "monthly",
    });
    let maintenance = text(call("schedule_maintenance", json!({ "input": window })).await);

    let typed = encode(&[("", names.long)]).split_off(1).replace('+', "%20");
    let others = [
        format!("/?q={typed}"),
        format!("/status/{typed}"),
        format!("/sign-in?next={typed}"),
        format!("/accept-invitation?token={open}"),
        format!("/status/acme/incidents/{past}"),
        format!("/status/acme/incidents/{open_incident}"),
        format!("/status/acme/maintenance/{maintenance}"),
        format!("/status/acme/services/{service}"),
        format!("/status/acme/badge.svg?service={service}"),
    ];
    let fixed = [
        "/",
        "/status",
        "/sign-up",
        "/account",
        "/account/sessions",
        "/account/tokens",
        "/status/acme",
        "/status/acme/history",
        "/status/acme/embed",
        "/status/acme/embed.json",
        "/status/acme/embed.js",
        "/status/acme/live-test",
        "/status/acme/feed.atom",
        "/status/acme/feed.rss",
        "/status/acme/feed.json",
        "/status/acme/calendar.ics",
        "/status/acme/badge.svg",
        "/status/acme/api/v2/summary.json",
        "/dashboard/acme/audit.csv",
        "/dashboard/acme/incidents.csv",
        "/dashboard/acme/uptime.csv",
        "/dashboard/acme/settings/export.json",
    ];
    let others = others.into_iter().chain(fixed.map(str::to_owned)).collect();
    World { owner, service, incident: open_incident, maintenance, others }
}

async fn names_are_text(server: TestServer, names: &Names) {
    let World { owner, service, incident, maintenance, others } = world(&server, names).await;
    // As the router lists them, so that a new screen is looked at as well.
    let screens = leptos_axum::generate_route_list(candor::dashboard::App);
    let screens: Vec<String> = screens
        .iter()
        .map(|screen| {
            let id = match screen.path() {
                path if path.contains("/incidents/") => &incident,
                path if path.contains("/maintenance/") => &maintenance,
                _ => &service,
            };
            screen.path().replace("{organization}", "acme").replace("{id}", id).replace("{*any}", "nowhere")
        })
        .collect();
    assert!(screens.len() >= 20, "the router does not tell its screens: {screens:?}");
    let mut faults = Vec::new();
    for path in screens.iter().chain(&others) {
        assert!(!path.contains(['{', '*']), "{path}: say what stands for this part of the address");
        let answer = owner.get(path).await;
        let (status, kind, text) = (answer.status, answer.header("content-type"), answer.text());
        let wrong = match kind.split(';').next().unwrap() {
            _ if status >= 500 => vec![format!("status {status}")],
            "text/html" if (300..400).contains(&status) => wrong_tags(path, &text),
            "text/html" => wrong_page(path, &text),
            "application/atom+xml" | "application/rss+xml" | "image/svg+xml" => wrong_tags(path, &text),
            // No browser takes these for a page.
            "text/csv" | "text/calendar" | "application/json" | "application/feed+json" | "text/javascript"
                if answer.header("x-content-type-options") == "nosniff" =>
            {
                Vec::new()
            }
            "" if text.is_empty() => Vec::new(),
            other => vec![format!("what can a name do in {other}?")],
        };
        faults.extend(wrong.into_iter().map(|fault| format!("{path}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (path, own) in [
        (format!("/dashboard/acme/services/{service}"), names.long),
        (format!("/dashboard/acme/incidents/{incident}"), names.long),
        (format!("/dashboard/acme/maintenance/{maintenance}"), names.long),
        (format!("/status/acme/incidents/{incident}"), names.long),
        ("/status/acme".to_owned(), names.line),
    ] {
        let page = owner.get(&path).await.text();
        let title = page.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        assert!(unescape(title).contains(own), "{path} is called {title:?}");
    }
}

/// What a page has beside one title in its head, scripts of ours, and the elements and attributes of [`wrong_tags`].
fn wrong_page(path: &str, html: &str) -> Vec<String> {
    let mut faults = wrong_tags(path, html);
    let head = html.split_once("</head>").map_or("", |(head, _)| head);
    if (head.matches("<title>").count(), head.matches("</title>").count()) != (1, 1) {
        faults.push(format!("not one title: {head}"));
    }
    let ours = |tag: &str| tag.contains(" nonce=\"") || tag.contains(" src=\"/assets/");
    faults.extend(tags(html).into_iter().filter(|tag| name_of(tag) == "script" && !ours(tag)).map(str::to_owned));
    faults
}

/// The tags that no page of ours has, and so a name must have made.
fn wrong_tags(path: &str, markup: &str) -> Vec<String> {
    let wrong = |tag: &&str| {
        // Names of attributes alone.
        let bare: String = tag.split('"').step_by(2).collect();
        let runs = |word: &str| word.starts_with("on") && word.contains('=') || word.starts_with("srcdoc");
        // The frame for other sites is read again where there is no script.
        let refreshes = bare.contains("http-equiv") && !(path.ends_with("/embed") && tag.contains("content=\"60\""));
        ["img", "b", "iframe", "object", ""].contains(&name_of(tag)) || bare.split_whitespace().any(runs) || refreshes
    };
    tags(markup).into_iter().filter(wrong).map(str::to_owned).collect()
}

/// The tags as a parser finds them: what stands in a title, a script, a style or a text area is text. What does not
/// end is the last one, without a name.
fn tags(markup: &str) -> Vec<&str> {
    let (mut tags, mut rest) = (Vec::new(), markup);
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("< a comment does not end", |(_, rest)| rest);
            continue;
        }
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?' | ' ')) {
            rest = &rest[1..];
            continue;
        }
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let Some(end) = end else {
            tags.push("< a tag does not end");
            break;
        };
        let (tag, after) = rest.split_at(end + 1);
        tags.push(tag);
        rest = after;
        let name = name_of(tag);
        if ["title", "script", "style", "textarea"].contains(&name) && !tag.ends_with("/>") {
            rest = rest.find(&format!("</{name}")).map_or("< an element does not end", |end| &rest[end..]);
        }
    }
    tags
}

/// `p` of `<p class="x">`; `!` of what begins no element.
fn name_of(tag: &str) -> &str {
    let name = tag[1..].split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
    if tag.starts_with("</") || tag.starts_with("<!") || tag.starts_with("<?") {
        "!"
    } else {
        name.trim_end_matches('/')
    }
}
