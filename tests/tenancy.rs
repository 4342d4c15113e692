//! Who is signed out reads nothing private, and who is a member elsewhere learns nothing at all.
//!
//! The test walks what is registered, not what somebody remembered: a server function or a screen
//! without an entry here fails it by name. "What belongs to another organization does not exist:
//! 404, never 403" (product).
#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{Browser, TestServer, both_engines};

both_engines!(
    server_functions_know_who_asks,
    server_functions_take_no_object_of_another_organization,
    screens_know_who_asks,
    other_private_addresses_know_who_asks,
);

/// What a server function belongs to.
enum Belongs {
    /// To an organization: a call that is right for its members, without the organization's slug.
    Organization(Value),
    /// To nobody but the person who is signed in.
    Person(Value),
}
use Belongs::{Organization, Person};

/// Objects of the organization that is looked into.
struct Objects {
    service: String,
    group: String,
    /// The team that owns nothing yet.
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
    fn ids(&self) -> [&str; 11] {
        let [a, b, c, d, e, f] = [&self.service, &self.group, &self.team, &self.member, &self.invitation, &self.token];
        let [g, h, i, j, k] = [&self.incident, &self.update, &self.other_incident, &self.template, &self.maintenance];
        [a, b, c, d, e, f, g, h, i, j, k]
    }
}

/// One entry for each server function. Whoever adds a function adds it here.
fn entry(function: &str, objects: &Objects) -> Option<Belongs> {
    let Objects { service, group, team, member, invitation, token, .. } = objects;
    let Objects { incident, update, other_incident, template, maintenance, .. } = objects;
    let window = |title: &str| json!({ "title": title, "starts_at": "2999-07-01T22:00", "ends_at": "2999-07-01T23:00", "services": [service] });
    Some(match function {
        "who_am_i" | "time_zones" | "first_screen" | "open_invitations" => Person(json!({})),
        // Somebody else's.
        "accept_open_invitation" => Person(json!({ "id": invitation })),
        "check_slug" => Person(json!({ "slug": "some-slug" })),
        "create_organization" => {
            Person(json!({ "input": { "name": "Own", "slug": "own", "time_zone": "UTC", "listed": false } }))
        }

        "frame" | "read_overview" | "list_services" => Organization(json!({})),
        "read_service" | "delete_service" | "restore_service" => Organization(json!({ "id": service })),
        "create_service" => Organization(json!({ "input": { "name": "Inside", "group_id": group } })),
        "create_services" => Organization(json!({ "names": ["Outside"] })),
        "update_service" => Organization(json!({ "id": service, "input": { "name": "Renamed", "group_id": group } })),
        "set_status" => Organization(json!({ "ids": [service], "status": "major_outage" })),
        "move_item" => Organization(json!({ "item": service, "group": group, "before": null })),
        "create_group" => Organization(json!({ "input": { "name": "New" } })),
        "update_group" => Organization(json!({ "id": group, "input": { "name": "Renamed" } })),
        "delete_group" => Organization(json!({ "id": group })),

        "read_people" | "read_settings" => Organization(json!({})),
        "leave_organization" => Organization(json!({})),
        "change_role" => Organization(json!({ "user": member, "role": "status_reporter" })),
        "remove_member" => Organization(json!({ "user": member })),
        "invite" => Organization(json!({ "input": { "email": "new@example.com", "role": "viewer", "team_id": team } })),
        "resend_invitation" | "revoke_invitation" => Organization(json!({ "id": invitation })),
        "create_team" => Organization(json!({ "name": "New" })),
        "rename_team" => Organization(json!({ "id": team, "name": "Renamed" })),
        "delete_team" => Organization(json!({ "id": team })),
        "set_team_member" => Organization(json!({ "team": team, "user": member, "role": "team_admin" })),
        "remove_team_member" => Organization(json!({ "team": team, "user": member })),
        "update_organization" => Organization(json!({ "input": {
            "name": "Renamed", "slug": "northwind", "time_zone": "UTC", "description": "New", "support_url": "",
        } })),
        "delete_organization" => Organization(json!({ "name": "northwind" })),
        "list_incidents" => Organization(json!({ "filter": {} })),
        "read_incident" | "delete_incident" => Organization(json!({ "id": incident })),
        "report_incident" => Organization(json!({ "input": {
            "title": "New", "services": [{ "service_id": service, "status": "major_outage" }],
        } })),
        "post_incident_update" => Organization(json!({ "id": incident, "input": { "body": "More", "services": [] } })),
        "edit_incident_update" => {
            Organization(json!({ "id": incident, "update": update, "input": { "body": "Other", "services": [] } }))
        }
        "delete_incident_update" => Organization(json!({ "id": incident, "update": update })),
        "edit_incident" => Organization(json!({ "id": incident, "input": { "title": "Renamed", "impact": "minor" } })),
        "save_postmortem" => Organization(json!({ "id": incident, "body": "Learned", "published": false })),
        "link_incidents" => Organization(json!({ "id": incident, "other": other_incident, "together": true })),
        "preview_message" => Organization(json!({ "body": "*x*" })),
        "list_templates" => Organization(json!({})),
        "save_template" => Organization(json!({ "id": template, "input": { "name": "Renamed" } })),
        "delete_template" => Organization(json!({ "id": template })),
        "list_maintenance" => Organization(json!({ "filter": { "state": "upcoming" } })),
        "read_maintenance" | "delete_maintenance" | "end_maintenance_series" => {
            Organization(json!({ "id": maintenance }))
        }
        "schedule_maintenance" => Organization(json!({ "input": window("New") })),
        "edit_maintenance" => Organization(json!({ "id": maintenance, "input": window("Renamed") })),
        "update_maintenance" => Organization(json!({ "id": maintenance, "input": { "body": "More" } })),
        "calendar" => Organization(json!({ "month": "2999-06" })),
        "maintenance_windows" => Organization(json!({ "ids": [maintenance] })),
        "window_end" => Organization(json!({ "starts_at": "2999-06-01T22:00", "minutes": 60 })),
        "list_tokens" | "list_created_tokens" => Organization(json!({})),
        "create_token" => Organization(json!({ "input": { "name": "New", "role": "viewer", "days": "30" } })),
        "revoke_token" => Organization(json!({ "id": token })),
        "read_audit" => Organization(json!({ "filter": { "words": "", "noun": "", "before": null } })),
        "read_uptime" => Organization(json!({ "filter": { "service": service, "days": 30 } })),
        _ => return None,
    })
}

/// What takes something away, in the order in which the owner can do it after all the rest.
const LAST: &[&str] = &[
    "delete_incident_update",
    "delete_incident",
    "delete_template",
    "end_maintenance_series",
    "delete_maintenance",
    "delete_service",
    "restore_service",
    "delete_group",
    "remove_team_member",
    "remove_member",
    "delete_team",
    "revoke_invitation",
    "revoke_token",
    "delete_organization",
];

/// Every server function that the router answers, by its name under `/rpc/`.
fn registered() -> BTreeSet<String> {
    let functions: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            assert_eq!(
                method,
                axum::http::Method::POST,
                "{path}: what changes or reads private things is asked by POST"
            );
            path.strip_prefix("/rpc/").unwrap_or_else(|| panic!("{path} is not under /rpc/")).to_owned()
        })
        .collect();
    assert!(functions.len() >= 19, "the server functions are not registered in this binary: {functions:?}");
    functions
}

struct World {
    owner: Browser,
    stranger: Browser,
    objects: Objects,
}

/// Northwind with a group and a service in it, and a stranger who owns Southwind.
async fn world(server: &TestServer) -> World {
    let (owner, stranger) = (server.owner("northwind").await, server.owner("southwind").await);
    let group = owner.create_group("northwind", "Core").await;
    let service = owner.create_service("northwind", "API", &group).await;
    let team = owner.create_team("northwind", "Platform").await;
    let member = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_member").await.user_id().await;
    owner.invite("northwind", "nora", "viewer").await;
    let people = owner.people("northwind").await;
    let invitation = people["invitations"][0]["id"].as_str().unwrap().to_owned();
    let input = json!({ "name": "Deploys", "role": "viewer", "days": "" });
    owner.rpc("create_token", json!({ "organization": "northwind", "input": input })).await.right();
    let tokens = owner.rpc("list_tokens", json!({ "organization": "northwind" })).await.right();
    let token = tokens[0]["id"].as_str().unwrap().to_owned();
    let ask = async |function: &str, mut arguments: Value| {
        arguments["organization"] = json!("northwind");
        owner.rpc(function, arguments).await.right()
    };
    let text = |value: Value| value.as_str().unwrap().to_owned();
    let said = json!([{ "service_id": service, "status": "degraded_performance" }]);
    let incident = text(ask("report_incident", json!({ "input": { "title": "Slow", "services": said } })).await);
    let other_incident = text(ask("report_incident", json!({ "input": { "title": "Other" } })).await);
    let input = json!({ "body": "Found", "status": "identified", "services": [] });
    let update = text(ask("post_incident_update", json!({ "id": incident, "input": input })).await);
    let template = text(ask("save_template", json!({ "id": null, "input": { "name": "Outage" } })).await);
    let input = json!({
        "title": "Upgrade", "starts_at": "2999-06-01T22:00", "ends_at": "2999-06-01T23:00",
        "services": [service], "repeat": "monthly",
    });
    let maintenance = text(ask("schedule_maintenance", json!({ "input": input })).await);
    let objects = Objects {
        service,
        group,
        team,
        member,
        invitation,
        token,
        incident,
        update,
        other_incident,
        template,
        maintenance,
    };
    World { owner, stranger, objects }
}

async fn untouched(server: &TestServer) -> (Vec<String>, i64) {
    let mut rows = server.texts("select id || name || own_status || position || coalesce(group_id, '') || updated_at || coalesce(deleted_at, 0) from services where organization_id = (select id from organizations where slug = 'northwind')").await;
    for query in [
        "select name || slug || description || time_zone || cast(updated_at as text) from organizations where slug = 'northwind'",
        "select user_id || role from members where organization_id = (select id from organizations where slug = 'northwind') order by user_id",
        "select id || name from teams where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select user_id || role from team_members where organization_id = (select id from organizations where slug = 'northwind') order by user_id",
        "select id || title || status || cast(revision as text) from incidents where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select id || status || body from incident_updates where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select id || name || body from incident_templates where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select id || title || status || cast(revision as text) from maintenances where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select id || token_hash from api_tokens where organization_id = (select id from organizations where slug = 'northwind') order by id",
        "select id || token_hash || coalesce(revoked_at, 0) from invitations where organization_id = (select id from organizations where slug = 'northwind') order by id",
    ] {
        rows.extend(server.texts(query).await);
    }
    (rows, server.number("select count(*) from audit_entries where organization_id = (select id from organizations where slug = 'northwind')").await)
}

async fn server_functions_know_who_asks(server: TestServer) {
    let World { owner, stranger, objects } = world(&server).await;
    let before = untouched(&server).await;
    let missing: Vec<String> =
        registered().into_iter().filter(|function| entry(function, &objects).is_none()).collect();
    assert!(
        missing.is_empty(),
        "no entry in tests/tenancy.rs for {missing:?}: say there whether they belong to an organization"
    );
    for function in registered() {
        let Some(belongs) = entry(&function, &objects) else { continue };
        let arguments = match &belongs {
            Organization(arguments) => with(arguments, "northwind"),
            Person(arguments) => arguments.clone(),
        };
        server.browser().rpc(&function, arguments.clone()).await.refused(401, "unauthenticated");
        // Nor with nonsense: who is signed out does not even learn how a call looks.
        server.browser().rpc(&function, json!({ "x": 1 })).await.refused(401, "unauthenticated");
        match belongs {
            Organization(_) => {
                let there = stranger.rpc(&function, arguments).await.refused(404, "not_found");
                let Some(Organization(arguments)) = entry(&function, &objects) else { unreachable!() };
                let nowhere =
                    stranger.rpc(&function, with(&arguments, "no-such-organization")).await.refused(404, "not_found");
                assert_eq!(there, nowhere, "/rpc/{function} tells strangers that the organization exists");
            }
            Person(_) => {
                let answer = stranger.rpc(&function, arguments).await;
                let expected = if function == "accept_open_invitation" { 404 } else { 200 };
                assert_eq!(answer.status, expected, "/rpc/{function}");
                let told = answer.text().to_lowercase();
                assert!(!told.contains("northwind"), "/rpc/{function} tells of another organization: {told}");
            }
        }
    }
    assert_eq!(untouched(&server).await, before, "a stranger changed something");
    // The entries are right: the owner is not refused, or the walk would prove nothing.
    let first = registered().into_iter().filter(|function| !LAST.contains(&function.as_str()));
    for function in first.chain(LAST.iter().map(|&function| function.to_owned())) {
        let Some(Organization(mut arguments)) = entry(&function, &objects) else { continue };
        if function == "delete_organization" {
            arguments["name"] = json!("Renamed");
        }
        let answer = owner.rpc(&function, with(&arguments, "northwind")).await;
        if function == "leave_organization" {
            answer.refused(409, "conflict");
        } else {
            assert_eq!(answer.status, 200, "/rpc/{function} refuses the owner: {}", answer.text());
        }
    }
}

fn with(arguments: &Value, organization: &str) -> Value {
    let mut arguments = arguments.clone();
    arguments["organization"] = json!(organization);
    arguments
}

/// The ids of another organization's objects mean nothing in one's own.
async fn server_functions_take_no_object_of_another_organization(server: TestServer) {
    let World { stranger, objects, .. } = world(&server).await;
    let before = untouched(&server).await;
    for function in registered() {
        let Some(Organization(arguments)) = entry(&function, &objects) else { continue };
        let names_an_object = objects.ids().iter().any(|id| arguments.to_string().contains(id));
        // Whoever owns Southwind may do as they like with it, only not twice.
        if ["leave_organization", "delete_organization"].contains(&function.as_str()) {
            continue;
        }
        let answer = stranger.rpc(&function, with(&arguments, "southwind")).await;
        match function.as_str() {
            // The group is a field of the form.
            "create_service" => assert_eq!(answer.wrong_fields(), ["group_id"]),
            "invite" => assert_eq!(answer.wrong_fields(), ["team_id"]),
            "report_incident" | "schedule_maintenance" => assert_eq!(answer.wrong_fields(), ["services"]),
            // Northwind's address is Northwind's.
            "update_organization" => assert_eq!(answer.wrong_fields(), ["slug"]),
            _ if names_an_object => {
                answer.refused(404, "not_found");
            }
            _ => assert_eq!(answer.status, 200, "/rpc/{function}: {}", answer.text()),
        }
    }
    assert_eq!(untouched(&server).await, before, "a stranger changed something");
}

/// Every screen of the dashboard, as its router lists them.
async fn screens_know_who_asks(server: TestServer) {
    let World { owner, stranger, objects } = world(&server).await;
    let mut screens: Vec<String> =
        leptos_axum::generate_route_list(candor::dashboard::App).iter().map(|route| route.path().to_owned()).collect();
    assert!(screens.len() >= 10, "the router does not tell its screens: {screens:?}");
    // What stands there whatever the router says of itself.
    screens
        .extend(["/dashboard", "/dashboard/{organization}", "/dashboard/{organization}/services"].map(str::to_owned));
    screens.sort();
    screens.dedup();
    for screen in screens {
        let path: Vec<String> = screen
            .split('/')
            .map(|part| match part.trim_matches(|c| matches!(c, ':' | '{' | '}' | '*' | '?')) {
                name if name == part => part.to_owned(),
                "organization" | "org" | "slug" => "northwind".to_owned(),
                "id" if screen.contains("/incidents/") => objects.incident.clone(),
                "id" if screen.contains("/maintenance/") => objects.maintenance.clone(),
                "id" | "service" => objects.service.clone(),
                "group" => objects.group.clone(),
                "any" | "rest" | "path" => "whatever".to_owned(),
                name => panic!("{screen}: say in tests/tenancy.rs what stands for “{name}”"),
            })
            .collect();
        let path = path.join("/");
        let anonymous = server.browser().get(&path).await;
        assert_eq!(anonymous.status, 303, "{path}, signed out: {}", anonymous.text());
        assert!(anonymous.location().starts_with("/sign-in"), "{path}, signed out, leads to {}", anonymous.location());
        assert!(anonymous.body.is_empty(), "{path}, signed out, says something");
        let own = owner.get(&path).await;
        match path.as_str() {
            "/dashboard" => assert_eq!((own.status, own.location()), (302, "/dashboard/northwind"), "{path}"),
            "/dashboard/services" | "/dashboard/incidents" | "/dashboard/maintenance" | "/dashboard/team" => {
                let there = path.replacen("/dashboard", "/dashboard/northwind", 1);
                assert_eq!((own.status, own.location()), (302, there.as_str()));
            }
            "/dashboard/organization" => {
                assert_eq!((own.status, own.location()), (302, "/dashboard/northwind/settings"));
            }
            // The design system is shown in development only.
            "/design" => assert_eq!(own.status, 404, "{path}, in production"),
            path if path.ends_with("/whatever") => assert_eq!(own.status, 404, "{path}"),
            path => assert_eq!(own.status, 200, "{path}, own"),
        }
        assert!(
            own.header("cache-control").contains("no-store"),
            "{path} may be kept: {}",
            own.header("cache-control")
        );
        if path.starts_with("/dashboard/northwind") {
            let other = stranger.get(&path).await;
            assert_eq!(other.status, 404, "{path}, of another organization");
            let told = other.text();
            for secret in ["API", "Core", objects.group.as_str()] {
                assert!(!told.contains(secret), "{path} shows “{secret}” of another organization: {told}");
            }
        }
    }
    // "Server-rendered first paint with data in it" (product): or the walk would compare empty pages.
    let list = owner.get("/dashboard/northwind/services").await.text();
    assert!(list.contains("API") && list.contains("Core"), "{list}");
    // One's own organization does not show another's service either.
    let foreign = format!("/dashboard/southwind/services/{}", objects.service);
    let answer = stranger.get(&foreign).await;
    assert_eq!(answer.status, 404, "{foreign}");
    assert!(!answer.text().contains("API"), "{foreign}");
}

/// What is neither a server function nor a screen.
async fn other_private_addresses_know_who_asks(server: TestServer) {
    let World { owner, stranger, .. } = world(&server).await;
    let path = "/rpc/live?organization=northwind";
    assert_eq!(server.browser().socket(path).await.err().map(|refused| refused.status), Some(401));
    assert_eq!(stranger.socket(path).await.err().map(|refused| refused.status), Some(404));
    assert_eq!(
        stranger.socket("/rpc/live?organization=no-such-organization").await.err().map(|refused| refused.status),
        Some(404)
    );
    assert!(owner.socket(path).await.is_ok());
    // The exports are files, asked for by a link.
    for csv in ["audit.csv", "uptime.csv", "incidents.csv"] {
        let path = format!("/dashboard/northwind/{csv}");
        let anonymous = server.browser().get(&path).await;
        let sign_in = format!("/sign-in?next={path}");
        assert_eq!((anonymous.status, anonymous.location(), anonymous.body.len()), (303, sign_in.as_str(), 0));
        let elsewhere = stranger.get(&path).await;
        let nowhere = stranger.get(&format!("/dashboard/no-such-organization/{csv}")).await;
        assert_eq!((elsewhere.status, nowhere.status), (404, 404));
        assert_eq!(elsewhere.text(), nowhere.text(), "tells strangers that the organization exists");
        let own = owner.get(&path).await;
        assert_eq!((own.status, own.header("cache-control")), (200, "no-store"));
    }
    // The person's own pages show nobody else's, and a form of theirs does nothing for who is signed out.
    for path in ["/account", "/account/sessions", "/account/tokens"] {
        let anonymous = server.browser().get(path).await;
        assert_eq!((anonymous.status, anonymous.body.len()), (303, 0), "{path}, signed out");
        assert!(anonymous.location().starts_with("/sign-in"), "{path}: {}", anonymous.location());
        let anonymous = server.browser().post(path, &[("act", "x")]).await;
        assert_eq!((anonymous.status, anonymous.body.len()), (303, 0), "{path}, signed out, posted");
        assert!(anonymous.location().starts_with("/sign-in"), "{path}: {}", anonymous.location());
        let own = stranger.get(path).await;
        assert_eq!(own.status, 200, "{path}");
        assert!(!own.text().contains("northwind"), "{path} tells of another organization");
        assert!(own.header("cache-control").contains("no-store"), "{path}: {}", own.header("cache-control"));
    }
    // An invitation is anybody's who holds its link, and tells nothing without one.
    for path in ["/accept-invitation", "/accept-invitation?token=", "/accept-invitation?token=made-up"] {
        let answer = server.browser().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().to_lowercase().contains("northwind"), "{path}");
    }
    let answer = stranger.post("/accept-invitation", &[("token", "made-up")]).await;
    assert_eq!(answer.status, 404);
    // Without an upgrade it is no less private, and a function that is not there tells nothing.
    for path in [path, "/rpc/live", "/rpc/nothing", "/rpc/", "/dashboard/x/y/z"] {
        let answer = server.browser().get(path).await;
        let expected =
            if path == "/rpc/nothing" || path == "/rpc/" { vec![401, 404, 405] } else { vec![303, 401, 404] };
        assert!(expected.contains(&answer.status), "{path}: {}", answer.status);
    }
}
