//! Who has no token reads nothing private by `/api/v1`, and whose token is of another organization learns nothing.
//!
//! The test walks what the OpenAPI document lists, which is made of the routes themselves: an operation without an
//! entry here fails it by name. "What belongs to another organization does not exist: 404, never 403" (product).
#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

mod support;

use serde_json::{Value, json};
use support::{Answer, Bearer, Browser, TestServer, both_engines, problem_fields};

both_engines!(
    operations_know_who_asks,
    operations_take_no_object_of_another_organization,
    own_objects_take_no_object_of_another_organization,
);

/// What everybody may read.
const PUBLIC: &[&str] = &[
    "GET /api/v1/status/{organization}",
    "GET /api/v1/status/{organization}/services",
    "GET /api/v1/status/{organization}/services/{service}",
    "GET /api/v1/status/{organization}/incidents",
    "GET /api/v1/status/{organization}/incidents/{incident}",
    "GET /api/v1/status/{organization}/maintenance",
    "GET /api/v1/status/{organization}/maintenance/{maintenance}",
    "GET /api/v1/status/{organization}/timeline",
];

/// What belongs to nobody but the person who asks.
const PERSON: &[&str] = &[
    "GET /api/v1/me",
    "GET /api/v1/organizations",
    "POST /api/v1/organizations",
    "GET /api/v1/invitations",
    "POST /api/v1/invitations/{id}/accept",
];

/// Below `/api/v1/organizations/{organization}`: what takes something away, in the order in which the owner can do
/// it after all the rest.
const LAST: &[&str] = &[
    "DELETE /incidents/{id}/related/{other}",
    "DELETE /incidents/{id}/updates/{update}",
    "DELETE /incidents/{id}",
    "DELETE /templates/{id}",
    "POST /maintenance/{id}/end-series",
    "DELETE /maintenance/{id}",
    "DELETE /services/{id}",
    "POST /services/{id}/restore",
    "DELETE /groups/{id}",
    "DELETE /teams/{id}/members/{user}",
    "DELETE /members/{user}",
    "DELETE /teams/{id}",
    "DELETE /invitations/{id}",
    "DELETE /tokens/{id}",
    "POST /leave",
    "DELETE ",
];

const BELOW: &str = "/api/v1/organizations/{organization}";

/// Objects of one organization.
struct Objects {
    service: String,
    group: String,
    /// The team that owns nothing.
    team: String,
    /// A viewer who is in that team.
    member: String,
    invitation: String,
    token: String,
    incident: String,
    /// The incident's second update.
    update: String,
    other_incident: String,
    template: String,
    maintenance: String,
}

impl Objects {
    fn all(&self) -> [&String; 11] {
        let Self { service, group, team, member, invitation, token, .. } = self;
        let Self { incident, update, other_incident, template, maintenance, .. } = self;
        [service, group, team, member, invitation, token, incident, update, other_incident, template, maintenance]
    }

    /// The address of an operation below this organization.
    fn address(&self, slug: &str, operation: &Operation) -> String {
        let noun = operation.path.strip_prefix(BELOW).unwrap_or(&operation.path);
        let id: &str = match noun.split('/').nth(1).unwrap_or_default() {
            "services" => &self.service,
            "groups" => &self.group,
            "teams" => &self.team,
            "invitations" => &self.invitation,
            "tokens" => &self.token,
            "incidents" => &self.incident,
            "templates" => &self.template,
            "maintenance" => &self.maintenance,
            // Of the person.
            "api" => &self.invitation,
            _ => "",
        };
        let address = [
            ("{organization}", slug),
            ("{id}", id),
            ("{update}", self.update.as_str()),
            ("{other}", self.other_incident.as_str()),
            ("{user}", self.member.as_str()),
            ("{service}", self.service.as_str()),
            ("{incident}", self.incident.as_str()),
            ("{maintenance}", self.maintenance.as_str()),
        ]
        .into_iter()
        .fold(operation.path.clone(), |path, (name, value)| path.replace(name, value));
        assert!(!address.contains(['{', '}']), "say in tests/tenancy_rest.rs what stands for the names in {address}");
        // The organization's name confirms that it is the one.
        if operation.method == "DELETE" && noun.is_empty() { format!("{address}?name={slug}") } else { address }
    }
}

/// An operation of the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Operation {
    method: String,
    path: String,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// `POST /incidents`, for one that belongs to an organization.
    fn below(&self) -> Option<String> {
        self.path.strip_prefix(BELOW).map(|path| format!("{} {path}", self.method))
    }

    fn is_public(&self) -> bool {
        PUBLIC.contains(&self.name().as_str())
    }
}

/// A right body for each operation that belongs to an organization; `null` for those that take none. Whoever adds an
/// operation adds it here.
fn body(below: &str, objects: &Objects) -> Option<Value> {
    let Objects { service, group, team, .. } = objects;
    let said = json!([{ "service_id": service, "status": "major_outage" }]);
    Some(match below {
        "GET " | "GET /members" | "GET /members/{user}" | "GET /teams" | "GET /teams/{id}" => Value::Null,
        "GET /invitations" | "GET /invitations/{id}" | "GET /tokens" | "GET /tokens/{id}" => Value::Null,
        "GET /services" | "GET /services/{id}" | "GET /services/{id}/history" | "GET /services/{id}/uptime" => {
            Value::Null
        }
        "GET /groups" | "GET /groups/{id}" | "GET /uptime" | "GET /audit" | "GET /audit.csv" => Value::Null,
        "GET /export" | "GET /uptime.csv" | "GET /incidents.csv" => Value::Null,
        "GET /incidents" | "GET /incidents/{id}" | "GET /templates" | "GET /templates/{id}" => Value::Null,
        "GET /maintenance" | "GET /maintenance/{id}" | "GET /maintenance/calendar" => Value::Null,
        "PUT /incidents/{id}/related/{other}" | "POST /invitations/{id}/resend" => Value::Null,
        last if last.starts_with("DELETE ") && LAST.contains(&last) => Value::Null,
        "POST /leave" | "POST /maintenance/{id}/end-series" | "POST /services/{id}/restore" => Value::Null,

        "PATCH " => json!({ "description": "New" }),
        "PATCH /members/{user}" => json!({ "role": "status_reporter" }),
        "POST /teams" => json!({ "name": "New" }),
        "PATCH /teams/{id}" => json!({ "name": "Renamed" }),
        "PUT /teams/{id}/members/{user}" => json!({ "role": "team_admin" }),
        "POST /invitations" => json!({ "email": "new@example.com", "role": "viewer", "team_id": team }),
        "POST /tokens" => json!({ "name": "New", "role": "viewer" }),
        "POST /services" => json!({ "name": "Inside", "group_id": group }),
        "PATCH /services/{id}" => json!({ "description": "New" }),
        "POST /services/status" => json!({ "ids": [service], "status": "major_outage" }),
        "PUT /services/order" => json!({ "id": service, "group_id": group }),
        "POST /groups" => json!({ "name": "New" }),
        "PATCH /groups/{id}" => json!({ "name": "Renamed" }),
        "POST /incidents" => json!({ "title": "New", "services": said }),
        "PATCH /incidents/{id}" => json!({ "title": "Renamed" }),
        "POST /incidents/{id}/updates" => json!({ "body": "More" }),
        "PATCH /incidents/{id}/updates/{update}" => json!({ "body": "Other" }),
        "POST /incidents/{id}/resolve" => json!({ "body": "Over" }),
        "PUT /incidents/{id}/postmortem" => json!({ "body": "Learned" }),
        "POST /preview" => json!({ "body": "*x*" }),
        "POST /templates" => json!({ "name": "New" }),
        "PATCH /templates/{id}" => json!({ "title": "Renamed" }),
        "POST /maintenance" => json!({
            "title": "New", "services": [service],
            "starts_at": "2999-07-01T22:00:00Z", "ends_at": "2999-07-01T23:00:00Z",
        }),
        "PATCH /maintenance/{id}" => json!({ "title": "Renamed" }),
        "POST /maintenance/{id}/updates" => json!({ "body": "More" }),
        _ => return None,
    })
}

/// The operations of the document that the server shows.
async fn operations(server: &TestServer) -> Vec<Operation> {
    let document = server.browser().get("/api/openapi.json").await.right();
    let methods = ["get", "put", "post", "delete", "patch", "options", "head", "trace"];
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|method| methods.contains(&method.as_str())) {
            all.push(Operation { method: method.to_uppercase(), path: path.clone() });
        }
    }
    all.sort();
    assert!(all.len() >= 60, "the document does not list the operations: {all:?}");
    all
}

async fn ask(program: &Bearer, operation: &Operation, path: &str, body: &Value) -> Answer {
    program.ask(&operation.method, path, Some(body).filter(|body| !body.is_null()), &[]).await
}

/// An organization with one object of each kind.
async fn objects(server: &TestServer, owner: &Browser, slug: &str) -> Objects {
    let group = owner.create_group(slug, "Core").await;
    let service = owner.create_service(slug, "API", &group).await;
    let team = owner.create_team(slug, "Platform").await;
    let name = format!("mia-{slug}");
    let member = server.joined_team(owner, slug, &name, "viewer", &team, "team_member").await.user_id().await;
    owner.invite(slug, &format!("nora-{slug}"), "viewer").await;
    let invitation = text(&owner.people(slug).await["invitations"][0]["id"]);
    let program = Bearer::personal(server, owner, slug, "owner").await;
    let token = program.make("/tokens", json!({ "name": "Deploys", "role": "viewer" })).await;
    let said = json!([{ "service_id": service, "status": "degraded_performance" }]);
    let incident = program.make("/incidents", json!({ "title": "Slow", "services": said })).await;
    let other_incident = program.make("/incidents", json!({ "title": "Other" })).await;
    let found = json!({ "status": "identified", "body": "Found" });
    let found = program.post(&format!("/incidents/{incident}/updates"), found).await.right();
    let update = text(&found["updates"][0]["id"]);
    let template = program.make("/templates", json!({ "name": "Outage" })).await;
    let window = json!({
        "title": "Upgrade", "services": [service], "repeat": "monthly",
        "starts_at": "2999-06-01T22:00:00Z", "ends_at": "2999-06-01T23:00:00Z",
    });
    let maintenance = program.make("/maintenance", window).await;
    Objects { service, group, team, member, invitation, token, incident, update, other_incident, template, maintenance }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

struct World {
    server: TestServer,
    owner: Browser,
    stranger: Browser,
    objects: Objects,
}

/// Northwind with everything in it, and a stranger who owns Southwind. Whoever asks says from where, since addresses
/// without a token are let ask only so often.
async fn world(server: TestServer) -> World {
    let server = server.restart_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let (owner, stranger) = (server.owner("northwind").await, server.owner("southwind").await);
    let objects = objects(&server, &owner, "northwind").await;
    World { server, owner, stranger, objects }
}

/// What there is of Northwind, and how much was ever done there.
async fn untouched(server: &TestServer) -> (Vec<String>, i64) {
    let mut rows = Vec::new();
    for query in [
        "select slug || name || description || time_zone from organizations where slug = 'northwind'",
        "select id || name || own_status || position || coalesce(group_id, '') || coalesce(deleted_at, 0) from services where organization_id = $",
        "select id || name from service_groups where organization_id = $ order by id",
        "select user_id || role from members where organization_id = $ order by user_id",
        "select id || name from teams where organization_id = $ order by id",
        "select user_id || role from team_members where organization_id = $ order by user_id",
        "select id || title || status || cast(revision as text) from incidents where organization_id = $ order by id",
        "select id || status || body from incident_updates where organization_id = $ order by id",
        "select id || name || body from incident_templates where organization_id = $ order by id",
        "select id || title || status || cast(revision as text) from maintenances where organization_id = $ order by id",
        "select id || token_hash from api_tokens where organization_id = $ order by id",
        "select id || token_hash || coalesce(revoked_at, 0) from invitations where organization_id = $ order by id",
    ] {
        let of = "(select id from organizations where slug = 'northwind')";
        rows.extend(server.texts(&query.replace('$', of)).await);
    }
    let done = "select count(*) from audit_entries where organization_id = (select id from organizations where slug = 'northwind')";
    (rows, server.number(done).await)
}

async fn operations_know_who_asks(server: TestServer) {
    let World { server, owner, stranger, objects } = world(server).await;
    let before = untouched(&server).await;
    let all = operations(&server).await;
    let known = |operation: &&Operation| {
        operation.is_public()
            || PERSON.contains(&operation.name().as_str())
            || operation.below().is_some_and(|below| body(&below, &objects).is_some())
    };
    let missing: Vec<String> = all.iter().filter(|one| !known(one)).map(Operation::name).collect();
    assert!(missing.is_empty(), "no entry in tests/tenancy_rest.rs for {missing:#?}: say there whose they are");
    let gone: Vec<&&str> =
        PUBLIC.iter().chain(PERSON).filter(|name| !all.iter().any(|one| one.name() == **name)).collect();
    assert!(gone.is_empty(), "listed in tests/tenancy_rest.rs, and no operation: {gone:?}");

    let person = Bearer::personal(&server, &stranger, "southwind", "owner").await;
    let nobody = Bearer::personal(&server, &stranger, "southwind", "owner").await;
    let program = Bearer::of(&server, &stranger, "southwind", "owner").await;
    for (number, operation) in all.iter().enumerate() {
        let name = operation.name();
        let path = objects.address("northwind", operation);
        let right = operation.below().and_then(|below| body(&below, &objects)).unwrap_or_default();
        let from = format!("10.1.{}.{}", number / 250, number % 250 + 1);
        if operation.is_public() {
            let answer = server.browser().get_with(&path, &[("x-forwarded-for", &from)]).await;
            assert_eq!(answer.status, 200, "{name}, for everybody: {}", answer.text());
            continue;
        }
        // Neither without a token, nor by a cookie, nor with a token that nobody has.
        for (browser, token) in
            [(server.browser(), None), (owner.copy(), None), (server.browser(), Some("Bearer cnd_x"))]
        {
            let request = browser
                .request(operation.method.parse().unwrap(), &path)
                .header("x-forwarded-for", &from)
                // As a page of ours would: the cookie is not held back.
                .header("sec-fetch-site", "same-origin")
                .header("origin", browser.origin());
            let request = token.into_iter().fold(request, |request, token| request.header("authorization", token));
            let request = match right.is_null() {
                true => request,
                false => request.header("content-type", "application/json").body(right.to_string()),
            };
            let answer = browser.send(request).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (401, "application/problem+json"),
                "{name}, without a token: {}",
                answer.text()
            );
        }
        if operation.below().is_some() {
            let elsewhere = objects.address("no-such-organization", operation);
            let nowhere = ask(&nobody, operation, &elsewhere, &right).await;
            for who in [&person, &program] {
                let there = ask(who, operation, &path, &right).await;
                assert_eq!(
                    (there.status, there.header("content-type")),
                    (404, "application/problem+json"),
                    "{name}, of another organization: {}",
                    there.text()
                );
                assert_eq!(there.json(), nowhere.json(), "{name} tells strangers that the organization exists");
            }
        } else {
            let right = match name.as_str() {
                "POST /api/v1/organizations" => json!({ "name": "Own", "slug": "own" }),
                _ => Value::Null,
            };
            let answer = ask(&person, operation, &path, &right).await;
            let expected = match name.as_str() {
                "POST /api/v1/organizations" => 201,
                // Somebody else's.
                "POST /api/v1/invitations/{id}/accept" => 404,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{name}: {}", answer.text());
            let told = answer.text().to_lowercase();
            assert!(!told.contains("northwind"), "{name} tells of another organization: {told}");
        }
    }
    assert_eq!(untouched(&server).await, before, "a stranger changed something");

    // The entries are right: the owner is not refused, or the walk would prove nothing.
    let own = Bearer::personal(&server, &owner, "northwind", "owner").await;
    let is_last = |operation: &&Operation| operation.below().is_some_and(|below| LAST.contains(&below.as_str()));
    let last = LAST.iter().map(|name| {
        all.iter().find(|one| one.below().as_deref() == Some(*name)).unwrap_or_else(|| panic!("no operation: {name}"))
    });
    for operation in all.iter().filter(|operation| !is_last(operation)).chain(last) {
        let Some(below) = operation.below() else { continue };
        let right = body(&below, &objects).unwrap();
        let answer = ask(&own, operation, &objects.address("northwind", operation), &right).await;
        if below == "POST /leave" {
            assert_eq!(answer.status, 409, "the only owner stays: {}", answer.text());
        } else {
            assert!((200..300).contains(&answer.status), "{below} refuses the owner: {}", answer.text());
        }
    }
}

/// The ids of another organization's objects mean nothing in one's own.
async fn operations_take_no_object_of_another_organization(server: TestServer) {
    let World { server, stranger, objects, .. } = world(server).await;
    let before = untouched(&server).await;
    let program = Bearer::personal(&server, &stranger, "southwind", "owner").await;
    for operation in operations(&server).await {
        let Some(below) = operation.below() else { continue };
        let Some(right) = body(&below, &objects) else { panic!("no entry in tests/tenancy_rest.rs for {below}") };
        // Whoever owns Southwind may do as they like with it, only not twice.
        if below == "POST /leave" || below == "DELETE " {
            continue;
        }
        let path = objects.address("southwind", &operation);
        let answer = ask(&program, &operation, &path, &right).await;
        let names_an_object =
            objects.all().iter().any(|id| path.contains(id.as_str()) || right.to_string().contains(id.as_str()));
        match below.as_str() {
            // A field of the body.
            "POST /services" => assert_eq!(problem_fields(&answer), ["group_id"]),
            "POST /invitations" => assert_eq!(problem_fields(&answer), ["team_id"]),
            "POST /incidents" | "POST /maintenance" => assert_eq!(problem_fields(&answer), ["services"]),
            _ if names_an_object => assert_eq!(answer.status, 404, "{below}: {}", answer.text()),
            _ => assert!((200..300).contains(&answer.status), "{below}: {}", answer.text()),
        }
    }
    assert_eq!(untouched(&server).await, before, "a stranger changed something");
}

/// Nor do they where one's own objects are changed.
async fn own_objects_take_no_object_of_another_organization(server: TestServer) {
    let World { server, stranger, objects: foreign, .. } = world(server).await;
    let own = objects(&server, &stranger, "southwind").await;
    let before = untouched(&server).await;
    let program = Bearer::of(&server, &stranger, "southwind", "owner").await;
    let said = json!([{ "service_id": foreign.service, "status": "major_outage" }]);
    let Objects { service, team, incident, update, maintenance, .. } = &own;
    for (method, path, body, field) in [
        ("POST", format!("/incidents/{incident}/updates"), json!({ "services": said }), "services"),
        ("PATCH", format!("/incidents/{incident}/updates/{update}"), json!({ "services": said }), "services"),
        ("PATCH", format!("/maintenance/{maintenance}"), json!({ "services": [foreign.service] }), "services"),
        ("PATCH", format!("/services/{service}"), json!({ "group_id": foreign.group }), "group_id"),
        ("PATCH", format!("/services/{service}"), json!({ "team_id": foreign.team }), "team_id"),
    ] {
        let answer = program.ask(method, &path, Some(&body), &[]).await;
        assert_eq!(problem_fields(&answer), [field], "{method} {path} {body}");
    }
    let status = json!({ "ids": [service, foreign.service], "status": "major_outage" });
    for (method, path, body) in [
        ("PUT", format!("/teams/{team}/members/{}", foreign.member), json!({ "role": "team_admin" })),
        ("PUT", format!("/teams/{}/members/{}", foreign.team, own.member), json!({ "role": "team_admin" })),
        ("PUT", format!("/incidents/{incident}/related/{}", foreign.incident), Value::Null),
        ("DELETE", format!("/incidents/{incident}/related/{}", foreign.incident), Value::Null),
        ("PATCH", format!("/incidents/{incident}/updates/{}", foreign.update), json!({ "body": "Mine" })),
        ("DELETE", format!("/incidents/{incident}/updates/{}", foreign.update), Value::Null),
        ("PUT", "/services/order".to_owned(), json!({ "id": service, "before": foreign.service })),
        ("PUT", "/services/order".to_owned(), json!({ "id": service, "group_id": foreign.group })),
        ("POST", "/services/status".to_owned(), status),
    ] {
        let answer = program.ask(method, &path, Some(&body).filter(|body| !body.is_null()), &[]).await;
        assert!([404, 422].contains(&answer.status), "{method} {path} {body}: {} {}", answer.status, answer.text());
    }
    // Lists that are filtered by them show nothing.
    for path in [
        format!("/incidents?service={}", foreign.service),
        format!("/incidents?team={}", foreign.team),
        format!("/maintenance?service={}", foreign.service),
    ] {
        assert_eq!(program.get(&path).await.right()["data"], json!([]), "{path}");
    }
    assert_eq!(untouched(&server).await, before, "a stranger changed something");
}
