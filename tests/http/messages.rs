//! Messages: their HTML is made once, when they are written, and stored beside them.

use super::import::{fixture, import_all};
use crate::support::{Bearer, Browser, TestServer, both_engines};
use candor::server::{
    clock,
    markdown::{RENDERER_VERSION, refresh},
};
use serde_json::{Value, json};

both_engines!(
    messages_are_rendered_once_and_read_from_their_column,
    messages_of_older_rules_are_rendered_anew,
    editing_a_message_renders_it,
    imported_messages_are_rendered_by_the_job,
    hostile_markdown_is_answered,
    previews_are_rate_limited,
);

/// Table, column of the source, column of the HTML.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("incident_updates", "body", "body_html"),
    ("incidents", "postmortem", "postmortem_html"),
    ("maintenance_updates", "body", "body_html"),
];

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

struct World {
    owner: Browser,
    incident: String,
    /// Pages and dashboards on which the messages are read.
    public: Vec<String>,
}

/// An incident with an update and a published postmortem, and a maintenance with a message.
async fn world(server: &TestServer) -> World {
    let owner = server.owner("northwind").await;
    let new = json!({ "title": "Outage", "body": "An *update*.", "services": [] });
    let incident = call(&owner, "report_incident", json!({ "input": new })).await.as_str().unwrap().to_owned();
    let resolved = json!({ "status": "resolved", "services": [] });
    call(&owner, "post_incident_update", json!({ "id": incident, "input": resolved })).await;
    let postmortem = json!({ "id": incident, "body": "A *postmortem*.", "published": true });
    call(&owner, "save_postmortem", postmortem).await;
    let service = owner.create_service("northwind", "API", "").await;
    let local = |hours: i64| clock::now().plus_seconds(hours * 3_600).rfc3339()[..16].to_owned();
    let window = json!({
        "title": "Upgrade", "body": "A *window*.", "services": [service], "starts_at": local(24), "ends_at": local(25),
    });
    let maintenance = call(&owner, "schedule_maintenance", json!({ "input": window })).await;
    let maintenance = maintenance.as_str().unwrap();
    let public = vec![
        format!("/status/northwind/incidents/{incident}"),
        format!("/status/northwind/maintenance/{maintenance}"),
        "/status/northwind/feed.json".to_owned(),
        format!("/api/v1/status/northwind/incidents/{incident}"),
    ];
    World { owner, incident, public }
}

impl World {
    /// Everything that is shown of the messages, to visitors and to members.
    async fn shown(&self, server: &TestServer) -> String {
        let mut all = call(&self.owner, "read_incident", json!({ "id": self.incident })).await.to_string();
        for path in &self.public {
            let answer = server.browser().get(path).await;
            assert_eq!(answer.status, 200, "{path}");
            all.push_str(&answer.text());
        }
        all
    }
    /// A change after which every document is made anew.
    async fn touch(&self) {
        let input = json!({ "title": format!("Outage at {}", clock::now().micros()) });
        call(&self.owner, "edit_incident", json!({ "id": self.incident, "input": input })).await;
    }
}

async fn count(server: &TestServer, condition: &str) -> i64 {
    let mut all = 0;
    for (table, source, html) in COLUMNS {
        let condition = condition.replace("{html}", html);
        all += server.number(&format!("select count(*) from {table} where {source} <> '' and {condition}")).await;
    }
    all
}

/// Whatever shows a message takes its HTML from the column that was written with it.
async fn messages_are_rendered_once_and_read_from_their_column(server: TestServer) {
    let world = world(&server).await;
    assert_eq!(count(&server, &format!("{{html}}_version = {RENDERER_VERSION} and {{html}} like '%<em>%'")).await, 3);
    for (table, source, html) in COLUMNS {
        server.execute(&format!("update {table} set {html} = '<p>stored {source}</p>' where {source} <> ''")).await;
    }
    let shown = world.shown(&server).await;
    assert!(!shown.contains("<em>"), "{shown}");
    // Twice on a page at least: as a page, in the feed, in the API and on the dashboard.
    assert!(shown.matches("stored body").count() >= 4 && shown.matches("stored postmortem").count() >= 3, "{shown}");
}

/// HTML of older rules is not shown: it is made anew at reading, and written by a job that changes nothing else. HTML
/// of newer rules, by a newer server on the same database, is good.
async fn messages_of_older_rules_are_rendered_anew(server: TestServer) {
    let world = world(&server).await;
    let set = async |version: i64| {
        for (table, source, html) in COLUMNS {
            server
                .execute(&format!(
                    "update {table} set {html} = '<p>of other rules</p>', {html}_version = {version} where {source} <> ''"
                ))
                .await;
        }
        world.touch().await;
    };
    set(RENDERER_VERSION - 1).await;
    let shown = world.shown(&server).await;
    assert!(!shown.contains("of other rules"), "{shown}");
    for word in ["update", "postmortem", "window"] {
        assert!(shown.contains(&format!("<em>{word}</em>")), "{word}: {shown}");
    }
    assert_eq!(count(&server, &format!("{{html}}_version < {RENDERER_VERSION}")).await, 3, "reading writes nothing");

    let version = server.number("select cast(version as text) from organizations").await;
    let revision = server.number("select cast(revision as text) from incidents").await;
    assert_eq!(refresh::run(&server.app).await.unwrap(), 3);
    assert_eq!(count(&server, &format!("{{html}}_version = {RENDERER_VERSION} and {{html}} like '%<em>%'")).await, 3);
    assert_eq!(server.number("select cast(version as text) from organizations").await, version);
    assert_eq!(server.number("select cast(revision as text) from incidents").await, revision);
    assert_eq!(refresh::run(&server.app).await.unwrap(), 0, "once is enough");

    set(RENDERER_VERSION + 1).await;
    assert!(world.shown(&server).await.contains("of other rules"));
    assert_eq!(refresh::run(&server.app).await.unwrap(), 0);
}

/// The HTML follows every change of its source, and stays when the source does.
async fn editing_a_message_renders_it(server: TestServer) {
    let world = world(&server).await;
    let detail = call(&world.owner, "read_incident", json!({ "id": world.incident })).await;
    let update = detail["updates"].as_array().unwrap().last().unwrap()["id"].clone();
    let edit = async |body: &str| {
        let input = json!({ "body": body, "services": [] });
        call(&world.owner, "edit_incident_update", json!({ "id": world.incident, "update": update, "input": input }))
            .await;
        let postmortem = json!({ "id": world.incident, "body": body, "published": true });
        call(&world.owner, "save_postmortem", postmortem).await;
        let detail = call(&world.owner, "read_incident", json!({ "id": world.incident })).await;
        let edited = detail["updates"].as_array().unwrap().last().unwrap()["html"].clone();
        assert_eq!(edited, detail["postmortem"]["html"]);
        edited.as_str().unwrap().to_owned()
    };
    assert_eq!(edit("Now **bold**.").await, "<p>Now <strong>bold</strong>.</p>\n");
    for (table, source, html) in COLUMNS {
        server.execute(&format!("update {table} set {html} = '<p>stored</p>' where {source} <> ''")).await;
    }
    assert_eq!(edit("Now **bold**.").await, "<p>stored</p>");
    assert_eq!(edit("Now *thin*.").await, "<p>Now <em>thin</em>.</p>\n");
    assert_eq!(count(&server, &format!("{{html}}_version <> {RENDERER_VERSION}")).await, 0);
}

/// An import does not render: what it brings is rendered at reading, until the job has done it.
async fn imported_messages_are_rendered_by_the_job(server: TestServer) {
    import_all(&server, &[fixture("incidents.json")], "fabrikam").await;
    let left = count(&server, "{html}_version = 0").await;
    assert!(left > 3, "{left}");
    let page = server.browser().get("/status/fabrikam/history").await;
    assert_eq!(page.status, 200);
    let before = server.texts("select body from incident_updates order by id").await;
    assert_eq!(refresh::run(&server.app).await.unwrap(), usize::try_from(left).unwrap());
    assert_eq!(count(&server, "{html}_version = 0").await, 0);
    assert_eq!(server.texts("select body from incident_updates order by id").await, before, "sources stay");
    let unsafe_rows = "{html} like '%<script%' or {html} like '%onclick%' or {html} like '%<img%'";
    assert_eq!(count(&server, &format!("({unsafe_rows})")).await, 0);
}

/// Messages that cost a parser the most are taken, and what is shown of them is bounded in depth and length.
async fn hostile_markdown_is_answered(server: TestServer) {
    let World { owner, .. } = world(&server).await;
    let program = Bearer::of(&server, &owner, "northwind", "service_manager").await;
    let table = format!("{}\n{}\n{}", "|a".repeat(2_500), "|-".repeat(2_500), "a\n".repeat(6_000));
    for body in ["> ".repeat(12_499) + "a", ">".repeat(24_999) + "a", "- > ".repeat(6_249) + "a", table] {
        let preview = call(&owner, "preview_message", json!({ "body": body })).await;
        let posted = program.post("/incidents", json!({ "title": "Hostile", "body": body })).await;
        assert_eq!(posted.status, 201, "{}", posted.text());
        let posted = posted.json();
        let html = posted["updates"][0]["body_html"].as_str().unwrap();
        assert_eq!(html, preview.as_str().unwrap());
        assert!(html.contains('a') && html.len() < body.len() * 8 + 16_384, "{}", html.len());
        assert!(html.matches("<blockquote>").count() <= 32);
        let page = format!("/status/northwind/incidents/{}", posted["id"].as_str().unwrap());
        assert_eq!(server.browser().get(&page).await.status, 200);
    }
}

/// A person has 60 previews at once and 60 a minute, whichever way they are asked for; others have their own.
async fn previews_are_rate_limited(server: TestServer) {
    let owner = server.owner("northwind").await;
    let program = Bearer::personal(&server, &owner, "northwind", "viewer").await;
    let other = server.joined(&owner, "northwind", "other", "viewer").await;
    let preview = json!({ "organization": "northwind", "body": "*x*" });
    let mut answered = 0;
    // Some come back meanwhile.
    while answered < 120 && owner.rpc("preview_message", preview.clone()).await.status == 200 {
        answered += 1;
    }
    assert!((60..120).contains(&answered), "{answered}");
    owner.rpc("preview_message", preview.clone()).await.refused(429, "too_many");
    assert_eq!(program.post("/preview", json!({ "body": "*x*" })).await.status, 429);
    other.rpc("preview_message", preview).await.right();
}
