//! The roles table of the product: every person × every verb, with the answers written out by hand.
//!
//! What somebody may not do is refused, and leaves no trace.

use crate::support::{Answer, Bearer, Browser, TestServer, both_engines, token};
use candor::{
    domain::{error::AppError, role::allowed},
    server::{access::Caller, clock},
};
use serde_json::{Value, json};

both_engines!(
    rights_that_end_while_a_write_waits_for_its_turn_end_the_write,
    the_whole_table,
    an_admin_does_not_get_at_an_owners_link,
    a_teams_leave_does_not_reach_what_was_said_of_other_teams,
    ending_a_series_requires_the_right_to_delete_each_window,
);

/// Everybody there is, and where what they try belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anonymous,
    Stranger,
    TeamMemberElsewhere,
    TeamAdminElsewhere,
    TeamMember,
    TeamAdmin,
    Viewer,
    Reporter,
    Manager,
    Admin,
    Owner,
}
use Who::{Admin, Anonymous, Manager, Owner, Reporter, Stranger, TeamAdmin, TeamMember, Viewer};
use Who::{TeamAdminElsewhere, TeamMemberElsewhere};

/// The columns of [`TABLE`]. Team people are viewers of the rest.
const COLUMNS: [Who; 9] =
    [Owner, Admin, Manager, Reporter, Viewer, TeamAdmin, TeamMember, TeamAdminElsewhere, TeamMemberElsewhere];

/// From product.md, "Roles": ✓ is Y. What belongs to no team (the organization, its members, groups)
/// has the same answer in the columns of the own team and of the other one.
///
/// Columns: Owner Admin Manager Reporter Viewer · Team admin, Team member (own team) · the same (other team).
const TABLE: &[(&str, &str)] = &[
    // read everything of the organization but tokens and audit
    ("read_people", "YYYYY YY YY"),
    ("read_settings", "YYYYY YY YY"),
    ("frame", "YYYYY YY YY"),
    ("read_overview", "YYYYY YY YY"),
    ("list_services", "YYYYY YY YY"),
    ("read_service", "YYYYY YY YY"),
    ("list_incidents", "YYYYY YY YY"),
    ("read_incident", "YYYYY YY YY"),
    ("preview_message", "YYYYY YY YY"),
    ("list_templates", "YYYYY YY YY"),
    ("list_maintenance", "YYYYY YY YY"),
    ("read_maintenance", "YYYYY YY YY"),
    ("calendar", "YYYYY YY YY"),
    ("maintenance_windows", "YYYYY YY YY"),
    ("window_end", "YYYYY YY YY"),
    ("list_created_tokens", "YYYYY YY YY"),
    ("read_uptime", "YYYYY YY YY"),
    ("uptime.csv", "YYYYY YY YY"),
    // change organization, branding, tokens, sign-in; read audit
    ("update_organization", "YYnnn nn nn"),
    ("read_audit", "YYnnn nn nn"),
    ("audit.csv", "YYnnn nn nn"),
    ("list_tokens", "YYnnn nn nn"),
    ("create_token", "YYnnn nn nn"),
    ("revoke_token", "YYnnn nn nn"),
    // invite, change and remove members; create and delete teams
    ("invite", "YYnnn nn nn"),
    ("resend_invitation", "YYnnn nn nn"),
    ("revoke_invitation", "YYnnn nn nn"),
    ("change_role", "YYnnn nn nn"),
    ("remove_member", "YYnnn nn nn"),
    ("create_team", "YYnnn nn nn"),
    ("delete_team", "YYnnn nn nn"),
    // make or unmake an Owner
    ("make owner", "Ynnnn nn nn"),
    ("unmake owner", "Ynnnn nn nn"),
    ("remove owner", "Ynnnn nn nn"),
    ("invite owner", "Ynnnn nn nn"),
    // rename a team, add, change and remove its members
    ("rename_team", "YYnnn Yn nn"),
    ("set_team_member", "YYnnn Yn nn"),
    ("change team role", "YYnnn Yn nn"),
    ("remove_team_member", "YYnnn Yn nn"),
    // create and edit services and groups; a group belongs to no team
    ("create_service", "YYYnn Yn nn"),
    ("create_service without a team", "YYYnn nn nn"),
    ("update_service", "YYYnn Yn nn"),
    ("update_service into another team", "YYYnn nn nn"),
    ("update_service out of its team", "YYYnn nn nn"),
    ("move_item", "YYYnn Yn nn"),
    ("create_services", "YYYnn nn nn"),
    ("create_group", "YYYnn nn nn"),
    ("update_group", "YYYnn nn nn"),
    ("delete_group", "YYYnn nn nn"),
    ("move a group", "YYYnn nn nn"),
    // delete services
    ("delete_service", "YYnnn nn nn"),
    ("restore_service", "YYnnn nn nn"),
    // set a service's status
    ("set_status", "YYYYn YY nn"),
    // with one service of the own team and one of the other: all or nothing
    ("set_status of both", "YYYYn nn nn"),
    // create, update, resolve incidents and maintenance: of services of the own team
    ("report_incident", "YYYYn YY nn"),
    ("report_incident without a service", "YYYYn nn nn"),
    ("report_incident of both", "YYYYn nn nn"),
    ("post_incident_update", "YYYYn YY nn"),
    ("edit_incident_update", "YYYYn YY nn"),
    ("edit_incident", "YYYYn YY nn"),
    ("save_postmortem", "YYYYn YY nn"),
    ("link_incidents", "YYYYn YY nn"),
    ("schedule_maintenance", "YYYYn YY nn"),
    ("edit_maintenance", "YYYYn YY nn"),
    ("update_maintenance", "YYYYn YY nn"),
    // a template belongs to no team
    ("save_template", "YYYYn nn nn"),
    ("delete_template", "YYYYn nn nn"),
    // delete incidents and maintenance
    ("delete_incident", "YYYnn Yn nn"),
    ("delete_incident_update", "YYYnn Yn nn"),
    ("delete_maintenance", "YYYnn Yn nn"),
    ("end_maintenance_series", "YYYnn Yn nn"),
    // delete organization
    ("delete_organization", "Ynnnn nn nn"),
];

struct World {
    owner: Browser,
    /// By the columns of the table: who tries.
    people: Vec<Browser>,
    stranger: Browser,
    anonymous: Browser,
    own_team: String,
    other_team: String,
    /// Somebody to whom things are done.
    target: Browser,
    target_id: String,
    count: usize,
}

impl World {
    async fn new(server: &TestServer) -> Self {
        let owner = server.owner("northwind").await;
        let stranger = server.owner("southwind").await;
        let own_team = owner.create_team("northwind", "Own").await;
        let other_team = owner.create_team("northwind", "Other").await;
        let mut people = vec![owner.clone()];
        for role in ["admin", "service_manager", "status_reporter", "viewer"] {
            people.push(server.joined(&owner, "northwind", role, role).await);
        }
        let admin = server.joined_team(&owner, "northwind", "team-admin", "viewer", &own_team, "team_admin").await;
        let member = server.joined_team(&owner, "northwind", "team-member", "viewer", &own_team, "team_member").await;
        people.extend([admin.clone(), member.clone(), admin, member]);
        let target = server.joined(&owner, "northwind", "target", "viewer").await;
        let target_id = target.user_id().await;
        let anonymous = server.browser();
        Self { owner, people, stranger, anonymous, own_team, other_team, target, target_id, count: 0 }
    }

    fn browser(&self, who: Who) -> &Browser {
        match COLUMNS.iter().position(|column| *column == who) {
            Some(column) => &self.people[column],
            None if who == Stranger => &self.stranger,
            None => &self.anonymous,
        }
    }

    fn name(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what} {}", self.count)
    }

    /// What the owner does, which has to work.
    async fn prepare(&self, function: &str, mut arguments: Value) -> Value {
        arguments["organization"] = json!("northwind");
        self.owner.rpc(function, arguments).await.right()
    }

    async fn service(&mut self, team: &str) -> String {
        let input = json!({ "name": self.name("Service"), "team_id": team });
        self.prepare("create_service", json!({ "input": input })).await.as_str().unwrap().to_owned()
    }

    async fn group(&mut self) -> String {
        let input = json!({ "name": self.name("Group") });
        self.prepare("create_group", json!({ "input": input })).await.as_str().unwrap().to_owned()
    }

    /// An incident of a service of this team, and its second update.
    async fn incident(&mut self, team: &str) -> (String, String) {
        let said = json!([{ "service_id": self.service(team).await, "status": "partial_outage" }]);
        let input = json!({ "title": self.name("Incident"), "services": said });
        let id = self.prepare("report_incident", json!({ "input": input })).await;
        let input = json!({ "body": self.name("Found"), "services": [] });
        let update = self.prepare("post_incident_update", json!({ "id": id, "input": input })).await;
        (id.as_str().unwrap().to_owned(), update.as_str().unwrap().to_owned())
    }

    fn window(&mut self, service: &str) -> Value {
        json!({
            "title": self.name("Upgrade"), "starts_at": "2999-06-01T22:00", "ends_at": "2999-06-01T23:00",
            "services": [service], "repeat": "monthly",
        })
    }

    /// A maintenance of a service of this team, and the service.
    async fn maintenance(&mut self, team: &str) -> (String, String) {
        let service = self.service(team).await;
        let input = self.window(&service);
        let id = self.prepare("schedule_maintenance", json!({ "input": input })).await;
        (id.as_str().unwrap().to_owned(), service)
    }

    async fn token(&mut self) -> String {
        let input = json!({ "name": self.name("key"), "role": "viewer", "days": "" });
        self.prepare("create_token", json!({ "input": input })).await;
        let listed = self.prepare("list_tokens", json!({})).await;
        listed[0]["id"].as_str().unwrap().to_owned()
    }

    async fn invitation(&mut self) -> String {
        let name = self.name("invited").replace(' ', "-");
        self.owner.invite("northwind", &name, "viewer").await;
        let people = self.owner.people("northwind").await;
        let mine = people["invitations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|invitation| invitation["email"].as_str().unwrap().starts_with(&name));
        mine.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The target is a member with this role.
    async fn target_is(&self, role: &str) {
        if self.target.rpc("frame", json!({ "organization": "northwind" })).await.status == 404 {
            let token = self.owner.invite("northwind", "target", "viewer").await;
            assert_eq!(self.target.accept(&token, "").await.status, 303);
        }
        self.prepare("change_role", json!({ "user": self.target_id, "role": role })).await;
    }

    /// The function behind a row and a call of it that changes something, prepared by the owner.
    async fn call(&mut self, row: &str, who: Who) -> (&'static str, Value) {
        let (own, other) = (self.own_team.clone(), self.other_team.clone());
        let elsewhere = matches!(who, TeamAdminElsewhere | TeamMemberElsewhere);
        let team = if elsewhere { other.clone() } else { own.clone() };
        let target = self.target_id.clone();
        match row {
            "read_people" => ("read_people", json!({})),
            "read_settings" => ("read_settings", json!({})),
            "frame" => ("frame", json!({})),
            "read_overview" => ("read_overview", json!({})),
            "list_services" => ("list_services", json!({})),
            "read_service" => ("read_service", json!({ "id": self.service(&team).await })),
            "update_organization" => {
                let input = json!({
                    "name": "northwind", "slug": "northwind", "time_zone": "UTC", "description": self.name("Said"),
                });
                ("update_organization", json!({ "input": input }))
            }
            "list_tokens" => ("list_tokens", json!({})),
            "list_created_tokens" => ("list_created_tokens", json!({})),
            "create_token" => {
                let input = json!({ "name": self.name("key"), "role": "viewer", "days": "" });
                ("create_token", json!({ "input": input }))
            }
            "revoke_token" => ("revoke_token", json!({ "id": self.token().await })),
            "read_audit" => ("read_audit", json!({ "filter": { "words": "", "noun": "", "before": null } })),
            "invite" | "invite owner" => {
                let role = if row == "invite" { "viewer" } else { "owner" };
                let email = format!("{}@example.com", self.name("guest").replace(' ', "-"));
                ("invite", json!({ "input": { "email": email, "role": role } }))
            }
            "resend_invitation" => ("resend_invitation", json!({ "id": self.invitation().await })),
            "revoke_invitation" => ("revoke_invitation", json!({ "id": self.invitation().await })),
            "change_role" => {
                self.target_is("viewer").await;
                ("change_role", json!({ "user": target, "role": "status_reporter" }))
            }
            "remove_member" => {
                self.target_is("viewer").await;
                ("remove_member", json!({ "user": target }))
            }
            "create_team" => ("create_team", json!({ "name": self.name("Team") })),
            "delete_team" => {
                let team_people = matches!(who, TeamAdmin | TeamMember) || elsewhere;
                let name = self.name("Passing");
                let team = if team_people { team } else { self.owner.create_team("northwind", &name).await };
                ("delete_team", json!({ "id": team }))
            }
            "make owner" => {
                self.target_is("viewer").await;
                ("change_role", json!({ "user": target, "role": "owner" }))
            }
            "unmake owner" => {
                self.target_is("owner").await;
                ("change_role", json!({ "user": target, "role": "admin" }))
            }
            "remove owner" => {
                self.target_is("owner").await;
                ("remove_member", json!({ "user": target }))
            }
            "rename_team" => ("rename_team", json!({ "id": team, "name": self.name("Renamed") })),
            "set_team_member" => {
                self.target_is("viewer").await;
                let there = json!({ "organization": "northwind", "team": team, "user": target });
                let _ = self.owner.rpc("remove_team_member", there).await;
                ("set_team_member", json!({ "team": team, "user": target, "role": "team_member" }))
            }
            "change team role" => {
                self.target_is("viewer").await;
                self.prepare("set_team_member", json!({ "team": team, "user": target, "role": "team_member" })).await;
                ("set_team_member", json!({ "team": team, "user": target, "role": "team_admin" }))
            }
            "remove_team_member" => {
                self.target_is("viewer").await;
                self.prepare("set_team_member", json!({ "team": team, "user": target, "role": "team_member" })).await;
                ("remove_team_member", json!({ "team": team, "user": target }))
            }
            "create_service" => {
                ("create_service", json!({ "input": { "name": self.name("Service"), "team_id": team } }))
            }
            "create_service without a team" => {
                ("create_service", json!({ "input": { "name": self.name("Service"), "team_id": "" } }))
            }
            "update_service" => {
                let id = self.service(&team).await;
                // Elsewhere somebody tries to take the other team's service into their own.
                let into = if elsewhere { own } else { team };
                ("update_service", json!({ "id": id, "input": { "name": self.name("Renamed"), "team_id": into } }))
            }
            "update_service into another team" => {
                let id = self.service(&own).await;
                ("update_service", json!({ "id": id, "input": { "name": self.name("Given"), "team_id": other } }))
            }
            "update_service out of its team" => {
                let id = self.service(&team).await;
                ("update_service", json!({ "id": id, "input": { "name": self.name("Freed"), "team_id": "" } }))
            }
            "move_item" => {
                let (id, group) = (self.service(&team).await, self.group().await);
                ("move_item", json!({ "item": id, "group": group, "before": null }))
            }
            "create_services" => ("create_services", json!({ "names": [self.name("Several")] })),
            "create_group" => ("create_group", json!({ "input": { "name": self.name("Group") } })),
            "update_group" => {
                let id = self.group().await;
                ("update_group", json!({ "id": id, "input": { "name": self.name("Renamed") } }))
            }
            "delete_group" => ("delete_group", json!({ "id": self.group().await })),
            "move a group" => ("move_item", json!({ "item": self.group().await, "group": null, "before": null })),
            "delete_service" => ("delete_service", json!({ "id": self.service(&team).await })),
            "restore_service" => {
                let id = self.service(&team).await;
                self.prepare("delete_service", json!({ "id": id })).await;
                ("restore_service", json!({ "id": id }))
            }
            "set_status" => ("set_status", json!({ "ids": [self.service(&team).await], "status": "partial_outage" })),
            "set_status of both" => {
                let ids = [self.service(&own).await, self.service(&other).await];
                ("set_status", json!({ "ids": ids, "status": "partial_outage" }))
            }
            "list_incidents" => ("list_incidents", json!({ "filter": {} })),
            "preview_message" => ("preview_message", json!({ "body": "x" })),
            "list_templates" => ("list_templates", json!({})),
            "list_maintenance" => ("list_maintenance", json!({ "filter": {} })),
            "calendar" => ("calendar", json!({ "month": "" })),
            "maintenance_windows" => ("maintenance_windows", json!({ "ids": [self.maintenance(&team).await.0] })),
            "window_end" => ("window_end", json!({ "starts_at": "2999-06-01T22:00", "minutes": 60 })),
            "read_uptime" => ("read_uptime", json!({ "filter": { "days": 30 } })),
            "report_incident" => {
                let said = json!([{ "service_id": self.service(&team).await, "status": "major_outage" }]);
                ("report_incident", json!({ "input": { "title": self.name("Incident"), "services": said } }))
            }
            "report_incident without a service" => {
                ("report_incident", json!({ "input": { "title": self.name("Incident") } }))
            }
            "report_incident of both" => {
                let (own, other) = (self.service(&own).await, self.service(&other).await);
                let said = json!([
                    { "service_id": own, "status": "major_outage" }, { "service_id": other, "status": "major_outage" },
                ]);
                ("report_incident", json!({ "input": { "title": self.name("Incident"), "services": said } }))
            }
            "read_incident" => ("read_incident", json!({ "id": self.incident(&team).await.0 })),
            "delete_incident" => ("delete_incident", json!({ "id": self.incident(&team).await.0 })),
            "post_incident_update" => {
                let input = json!({ "body": self.name("More"), "services": [] });
                ("post_incident_update", json!({ "id": self.incident(&team).await.0, "input": input }))
            }
            "edit_incident_update" | "delete_incident_update" => {
                let (id, update) = self.incident(&team).await;
                let input = json!({ "body": self.name("Other"), "services": [] });
                let function =
                    if row == "edit_incident_update" { "edit_incident_update" } else { "delete_incident_update" };
                (function, json!({ "id": id, "update": update, "input": input }))
            }
            "edit_incident" => {
                let input = json!({ "title": self.name("Renamed"), "impact": "" });
                ("edit_incident", json!({ "id": self.incident(&team).await.0, "input": input }))
            }
            "save_postmortem" => {
                let id = self.incident(&team).await.0;
                ("save_postmortem", json!({ "id": id, "body": self.name("Learned"), "published": false }))
            }
            "link_incidents" => {
                let (one, two) = (self.incident(&team).await.0, self.incident(&team).await.0);
                ("link_incidents", json!({ "id": one, "other": two, "together": true }))
            }
            "save_template" => ("save_template", json!({ "id": null, "input": { "name": self.name("Template") } })),
            "delete_template" => {
                let input = json!({ "id": null, "input": { "name": self.name("Template") } });
                ("delete_template", json!({ "id": self.prepare("save_template", input).await }))
            }
            "schedule_maintenance" => {
                let service = self.service(&team).await;
                ("schedule_maintenance", json!({ "input": self.window(&service) }))
            }
            "read_maintenance" | "delete_maintenance" | "end_maintenance_series" | "update_maintenance" => {
                let id = self.maintenance(&team).await.0;
                let input = json!({ "body": self.name("More") });
                let function = match row {
                    "read_maintenance" => "read_maintenance",
                    "delete_maintenance" => "delete_maintenance",
                    "end_maintenance_series" => "end_maintenance_series",
                    _ => "update_maintenance",
                };
                (function, json!({ "id": id, "input": input }))
            }
            "edit_maintenance" => {
                let (id, service) = self.maintenance(&team).await;
                ("edit_maintenance", json!({ "id": id, "input": self.window(&service) }))
            }
            "delete_organization" => ("delete_organization", json!({ "name": "northwind" })),
            row => panic!("no call for {row}"),
        }
    }
}

/// How a "no" sounds for somebody who may read.
fn is_refused(row: &str, who: Who, answer: &Answer) -> bool {
    match (row, who) {
        // A team admin chooses the team in the form: a team that is not theirs is a wrong field.
        (row, TeamAdmin | TeamAdminElsewhere)
            if row.starts_with("create_service") && row != "create_services"
                || row.starts_with("update_service") && answer.status == 422 =>
        {
            answer.wrong_fields() == ["team_id"]
        }
        ("invite owner", Admin) => answer.wrong_fields() == ["role"],
        ("audit.csv", _) => answer.status == 403,
        _ => answer.status == 403 && answer.json()["error"] == "forbidden",
    }
}

async fn the_whole_table(server: TestServer) {
    let mut world = World::new(&server).await;
    let mut wrong: Vec<String> = Vec::new();
    for (row, answers) in TABLE {
        let answers: Vec<char> = answers.chars().filter(|c| *c != ' ').collect();
        assert_eq!(answers.len(), COLUMNS.len(), "{row}");
        let everybody = [Anonymous, Stranger].into_iter().map(|who| (who, 'n'));
        // The owner last: what an owner does can end everything.
        for (who, expected) in everybody.chain(COLUMNS.into_iter().zip(answers).rev()) {
            let answer;
            let entries = async || server.number("select count(*) from audit_entries").await;
            let before;
            if row.ends_with(".csv") {
                before = entries().await;
                answer = world.browser(who).get(&format!("/dashboard/northwind/{row}")).await;
            } else {
                let (function, mut arguments) = world.call(row, who).await;
                arguments["organization"] = json!("northwind");
                before = entries().await;
                answer = world.browser(who).rpc(function, arguments).await;
            }
            let right = match (who, expected) {
                (Anonymous, _) => answer.status == if row.ends_with(".csv") { 303 } else { 401 },
                (Stranger, _) => answer.status == 404,
                (_, 'Y') => answer.status == 200,
                _ => is_refused(row, who, &answer),
            };
            let after = entries().await;
            let reads = row.starts_with("read_")
                || [
                    "frame",
                    "list_services",
                    "list_tokens",
                    "list_created_tokens",
                    "list_incidents",
                    "preview_message",
                    "list_templates",
                    "list_maintenance",
                    "calendar",
                    "maintenance_windows",
                    "window_end",
                    "audit.csv",
                    "uptime.csv",
                ]
                .contains(row);
            let trace = match expected {
                'Y' if *row == "delete_organization" => after < before,
                'Y' if !reads => after > before,
                _ => after == before,
            };
            if !right || !trace {
                let text: String = answer.text().chars().take(160).collect();
                let lines = after - before;
                wrong.push(format!(
                    "{row} by {who:?}: expected {expected}, got {} {text} ({lines} audit lines)",
                    answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the table are otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

/// Only an owner makes an owner: nor does an admin get hold of the link that would.
async fn an_admin_does_not_get_at_an_owners_link(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = server.joined(&owner, "northwind", "adam", "admin").await;
    let first = owner.invite("northwind", "olga", "owner").await;
    let id = owner.people("northwind").await["invitations"][0]["id"].clone();
    let call = json!({ "organization": "northwind", "id": id });
    admin.rpc("resend_invitation", call.clone()).await.refused(403, "forbidden");
    admin.rpc("revoke_invitation", call.clone()).await.refused(403, "forbidden");
    assert_eq!(server.browser().get(&format!("/accept-invitation?token={first}")).await.status, 200, "it stays good");
    let again = token(&owner.rpc("resend_invitation", call).await.right());
    assert_eq!(server.browser().accept(&again, "olga").await.status, 303);
}

/// What an incident said of a service is the history of that service, also when it is no longer part of the incident:
/// another team's people can go on with the incident, and change nothing that was.
async fn a_teams_leave_does_not_reach_what_was_said_of_other_teams(server: TestServer) {
    let mut world = World::new(&server).await;
    let (own, other) = (world.own_team.clone(), world.other_team.clone());
    let (ours, theirs) = (world.service(&own).await, world.service(&other).await);
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - 3600000000")).await;
    }
    let said = |service: &str, status: Value| json!({ "service_id": service, "status": status });
    let both = [said(&ours, json!("partial_outage")), said(&theirs, json!("major_outage"))];
    let id = world.prepare("report_incident", json!({ "input": { "title": "Both", "services": both } })).await;
    let out = json!({ "body": "Theirs is well.", "services": [said(&theirs, json!(null))] });
    world.prepare("post_incident_update", json!({ "id": id, "input": out })).await;
    let read = world.prepare("read_incident", json!({ "id": id })).await;
    let first = read["updates"][1]["id"].clone();
    let past = json!({
        "organization": "northwind", "id": id, "update": first, "body": "Learned.", "published": false,
        "input": { "body": "Only ours.", "services": [said(&ours, json!("partial_outage"))], "at": "2020-01-01T10:00", "title": "Ours", "impact": "" },
    });
    let history = format!(
        "select status || started_at || coalesce(ended_at, 0) from status_history where service_id = '{theirs}' order by started_at"
    );
    let before = server.texts(&history).await;
    assert_eq!(before.len(), 3, "it was well, was out, is well");
    for who in [TeamMember, TeamAdmin] {
        let browser = world.browser(who);
        for function in ["edit_incident_update", "post_incident_update", "edit_incident", "save_postmortem"] {
            browser.rpc(function, past.clone()).await.refused(403, "forbidden");
        }
        for function in ["delete_incident", "delete_incident_update"] {
            browser.rpc(function, past.clone()).await.refused(403, "forbidden");
        }
        let now =
            json!({ "organization": "northwind", "id": id, "input": { "body": "Ours is better.", "services": [] } });
        browser.rpc("post_incident_update", now).await.right();
    }
    assert_eq!(server.texts(&history).await, before);
    // A link shows on both incidents, so it changes the other team's as well.
    let ours = world.incident(&own).await.0;
    let ours = json!(ours);
    for (id, other) in [(&ours, &id), (&id, &ours)] {
        let link = json!({ "organization": "northwind", "id": id, "other": other, "together": true });
        world.browser(TeamAdmin).rpc("link_incidents", link).await.refused(403, "forbidden");
    }
    world.browser(Manager).rpc("edit_incident_update", past.clone()).await.right();
    world.browser(Manager).rpc("delete_incident", past).await.right();
}

/// The windows that go with a series are deleted, so each of them needs the right to delete it.
async fn ending_a_series_requires_the_right_to_delete_each_window(server: TestServer) {
    let mut world = World::new(&server).await;
    let (own, other) = (world.own_team.clone(), world.other_team.clone());
    let (ours, theirs) = (world.service(&own).await, world.service(&other).await);
    let mut input = world.window(&ours);
    let soon = clock::now().plus_seconds(86_400).utc();
    let local = |minutes: i64| (soon + chrono::Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M").to_string();
    (input["starts_at"], input["ends_at"], input["repeat"]) = (json!(local(0)), json!(local(60)), json!("monthly"));
    let id = world.prepare("schedule_maintenance", json!({ "input": input })).await;
    let upcoming = "select count(*) from maintenances where status = 'scheduled'";
    let windows = server.number(upcoming).await;
    assert!(windows > 2, "a series: {windows}");
    let call = json!({ "organization": "northwind", "id": id });
    world.browser(Reporter).rpc("end_maintenance_series", call.clone()).await.refused(403, "forbidden");
    let filter = json!({ "filter": { "state": "upcoming" } });
    let second = world.prepare("list_maintenance", filter).await["maintenance"][1].clone();
    (input["services"], input["repeat"]) = (json!([theirs]), json!(""));
    (input["starts_at"], input["ends_at"]) = (json!(local(90)), json!(local(150)));
    world.prepare("edit_maintenance", json!({ "id": second["id"], "input": input })).await;
    world.browser(TeamAdmin).rpc("end_maintenance_series", call.clone()).await.refused(403, "forbidden");
    assert_eq!(server.number(upcoming).await, windows, "nothing is gone");
    world.browser(Manager).rpc("end_maintenance_series", call).await.right();
    assert_eq!(server.number(upcoming).await, 1, "the one it was ended through stays");
}

/// What was allowed when a change was asked for is looked at again when its turn comes: meanwhile the member may be
/// removed or demoted, a session may end and a token may be revoked.
async fn rights_that_end_while_a_write_waits_for_its_turn_end_the_write(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = server.joined(&owner, "northwind", "ada", "admin").await;
    let id = admin.user_id().await;
    let scope = async |bearer: &Bearer| {
        let request = axum::http::Request::builder().header("authorization", format!("Bearer {}", bearer.token));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let caller = Caller::from_bearer(&server.app, &parts).await.unwrap();
        caller.scope::<allowed::EditOrganization>("northwind").await.unwrap()
    };
    let personal = Bearer::personal(&server, &admin, "northwind", "owner").await;
    let program = Bearer::of(&server, &owner, "northwind", "admin").await;
    let (by_person, by_program) = (scope(&personal).await, scope(&program).await);
    assert!(by_person.write().await.is_ok());
    assert!(by_program.write().await.is_ok());
    let change = |role: &str| json!({ "organization": "northwind", "user": id, "role": role });
    owner.rpc("change_role", change("viewer")).await.right();
    assert!(matches!(by_person.write().await, Err(AppError::Forbidden(_))));
    owner.rpc("change_role", change("owner")).await.right();
    assert!(matches!(by_person.write().await, Err(AppError::Busy)), "as another it asks anew");
    owner.rpc("change_role", change("admin")).await.right();
    assert!(by_person.write().await.is_ok());
    server.execute("delete from api_tokens where organization_id is not null").await;
    assert!(matches!(by_program.write().await, Err(AppError::NotFound(_))));
    owner.rpc("remove_member", json!({ "organization": "northwind", "user": id })).await.right();
    assert!(matches!(by_person.write().await, Err(AppError::NotFound(_))));
}
