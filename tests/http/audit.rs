//! The audit log: who, what, from where, before and after; and never a secret.

use crate::support::{Browser, PASSWORD, TestServer, both_engines, encode, token};
use serde_json::{Value, json};

both_engines!(
    each_change_leaves_a_line,
    what_changed_is_told_field_by_field,
    what_was_refused_leaves_none,
    lines_are_filtered_and_found,
    pages_follow_each_other_without_a_hole,
    the_export_is_a_table_that_no_spreadsheet_runs,
    a_long_export_has_every_line_once,
    secrets_never_appear_in_it,
);

/// Action, subject, before and after of the newest line.
fn told(line: &Value) -> (&str, &str, Option<&str>, Option<&str>) {
    (
        line["action"].as_str().unwrap(),
        line["subject"].as_str().unwrap(),
        line["before"].as_str(),
        line["after"].as_str(),
    )
}

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

async fn each_change_leaves_a_line(server: TestServer) {
    let owner = server.owner("northwind").await;
    let newest = async || owner.audit("northwind", "", "").await[0].clone();
    let line = newest().await;
    assert_eq!(told(&line), ("organization.created", "northwind", None, Some("northwind")));
    assert_eq!((line["actor"].as_str(), line["door"].as_str()), (Some("owner-northwind"), Some("dashboard")));
    assert_eq!(line["address"], "127.0.0.1");

    let first = owner.invite("northwind", "mia", "viewer").await;
    assert_eq!(told(&newest().await), ("invitation.sent", "mia@example.com", None, Some("viewer")));
    let id = owner.people("northwind").await["invitations"][0]["id"].clone();
    call(&owner, "revoke_invitation", json!({ "id": id })).await;
    assert_eq!(told(&newest().await).0, "invitation.revoked");
    assert_ne!(first, owner.invite("northwind", "mia", "viewer").await);
    let id = owner.people("northwind").await["invitations"][0]["id"].clone();
    let again = token(&call(&owner, "resend_invitation", json!({ "id": id })).await);
    assert_eq!(told(&newest().await), ("invitation.sent_again", "mia@example.com", None, None));
    let mia = server.person("mia").await;
    mia.accept(&again, "").await;
    // Of one change, and so of one moment.
    let lines = owner.audit("northwind", "mia", "").await;
    let (one, two) = (&lines[0], &lines[1]);
    let mut actions = [told(one).0, told(two).0];
    actions.sort_unstable();
    assert_eq!(actions, ["invitation.accepted", "member.added"]);
    assert_eq!(one["at"], two["at"]);
    assert_eq!((one["actor"].as_str(), one["door"].as_str()), (Some("mia"), Some("account")));
    assert_eq!(one["address"], "127.0.0.1");
    let same = "select cast(count(*) as text) from audit_entries a join members m on m.created_at = a.at where a.action = 'member.added'";
    assert_eq!(server.texts(same).await, ["1"], "in the same moment as the change");

    let user = mia.user_id().await;
    call(&owner, "change_role", json!({ "user": user, "role": "admin" })).await;
    assert_eq!(told(&newest().await), ("member.role_changed", "mia", Some("viewer"), Some("admin")));
    let team = call(&mia, "create_team", json!({ "name": "Platform" })).await;
    let line = newest().await;
    assert_eq!((told(&line).0, told(&line).1, line["actor"].as_str()), ("team.created", "Platform", Some("mia")));
    call(&mia, "rename_team", json!({ "id": team, "name": "Core" })).await;
    assert_eq!(told(&newest().await), ("team.renamed", "Core", Some("Platform"), Some("Core")));
    call(&mia, "set_team_member", json!({ "team": team, "user": user, "role": "team_admin" })).await;
    let line = newest().await;
    assert_eq!(told(&line), ("team.member_set", "mia in Core", None, Some("team_admin")));
    call(&mia, "set_team_member", json!({ "team": team, "user": user, "role": "team_member" })).await;
    let line = newest().await;
    assert_eq!(told(&line), ("team.member_set", "mia in Core", Some("team_admin"), Some("team_member")));
    call(&mia, "remove_team_member", json!({ "team": team, "user": user })).await;
    assert_eq!(told(&newest().await).0, "team.member_removed");
    call(&mia, "delete_team", json!({ "id": team })).await;
    assert_eq!((told(&newest().await).0, told(&newest().await).1), ("team.deleted", "Core"));

    let input = json!({ "name": "Northwind", "slug": "northwind", "time_zone": "UTC", "listed": true });
    call(&owner, "update_organization", json!({ "input": input })).await;
    let line = newest().await;
    let (action, subject, before, after) = told(&line);
    assert_eq!((action, subject), ("organization.updated", "Northwind"));
    assert_eq!(before, Some("name: northwind; time zone: Europe/Vienna"));
    assert_eq!(after, Some("name: Northwind; time zone: UTC"));

    let api = owner.create_service("northwind", "API", "").await;
    assert_eq!(told(&newest().await), ("service.created", "API", None, Some("operational")));
    owner.set_status("northwind", &[&api], "major_outage").await;
    assert_eq!(told(&newest().await), ("service.status_set", "API", Some("operational"), Some("major_outage")));
    call(&mia, "leave_organization", json!({})).await;
    assert_eq!(told(&newest().await), ("member.left", "mia", Some("admin"), None));
    let token = owner.invite("northwind", "mia", "viewer").await;
    mia.accept(&token, "").await;
    call(&owner, "remove_member", json!({ "user": user })).await;
    assert_eq!(told(&newest().await), ("member.removed", "mia", Some("viewer"), None));
}

async fn what_changed_is_told_field_by_field(server: TestServer) {
    let owner = server.owner("northwind").await;
    let newest = async || owner.audit("northwind", "", "").await[0].clone();
    let group = owner.create_group("northwind", "Core").await;
    let team = owner.create_team("northwind", "Platform").await;
    let api = owner.create_service("northwind", "API", "").await;
    let edit = async |input: Value| call(&owner, "update_service", json!({ "id": api, "input": input })).await;
    let all = json!({ "name": "Public API", "description": "REST", "group_id": group, "team_id": team });
    edit(all.clone()).await;
    let line = newest().await;
    let (action, subject, before, after) = told(&line);
    assert_eq!((action, subject), ("service.updated", "Public API"));
    assert_eq!(before, Some("name: API; description: ; group: none; team: none"));
    assert_eq!(after, Some("name: Public API; description: REST; group: Core; team: Platform"));
    // What stays as it is is no change.
    let lines = owner.audit("northwind", "", "").await.len();
    edit(all).await;
    assert_eq!(owner.audit("northwind", "", "").await.len(), lines);
    edit(json!({ "name": "Public API", "description": "REST", "group_id": group, "team_id": "" })).await;
    let line = newest().await;
    assert_eq!(told(&line), ("service.updated", "Public API", Some("team: Platform"), Some("team: none")));

    let input = json!({ "name": "Core", "description": "All else stands on it" });
    call(&owner, "update_group", json!({ "id": group, "input": input })).await;
    let line = newest().await;
    let words = "description: All else stands on it";
    assert_eq!(told(&line), ("group.updated", "Core", Some("description: "), Some(words)));
    call(&owner, "update_group", json!({ "id": group, "input": input })).await;
    assert_eq!(newest().await, line);

    let shift = async |item: &str, group: Value| {
        call(&owner, "move_item", json!({ "item": item, "group": group, "before": null })).await
    };
    shift(&api, json!(null)).await;
    assert_eq!(told(&newest().await), ("service.moved", "Public API", Some("group: Core"), Some("group: none")));
    shift(&group, json!(null)).await;
    assert_eq!(told(&newest().await), ("service.moved", "Core", None, None));
}

async fn what_was_refused_leaves_none(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = server.joined(&owner, "northwind", "mia", "viewer").await;
    owner.create_team("northwind", "Platform").await;
    let before = owner.audit("northwind", "", "").await;
    let again = json!({ "organization": "northwind", "name": "Platform" });
    viewer.rpc("create_team", again.clone()).await.refused(403, "forbidden");
    assert_eq!(owner.rpc("create_team", again).await.wrong_fields(), ["name"]);
    owner.rpc("leave_organization", json!({ "organization": "northwind" })).await.refused(409, "conflict");
    assert_eq!(owner.audit("northwind", "", "").await, before);
}

async fn lines_are_filtered_and_found(server: TestServer) {
    let owner = server.owner("northwind").await;
    for name in ["Load 100%", "a_b", "axb", "back\\slash"] {
        owner.create_service("northwind", name, "").await;
    }
    owner.create_team("northwind", "Service desk").await;
    server.joined(&owner, "northwind", "mia", "viewer").await;
    let find = async |words: &str, noun: &str| -> Vec<String> {
        let lines = owner.audit("northwind", words, noun).await;
        lines.iter().map(|line| line["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(find("%", "").await, ["Load 100%"], "a percent sign is one");
    assert_eq!(find("a_b", "").await, ["a_b"], "and so is an underscore");
    assert_eq!(find("\\", "").await, ["back\\slash"]);
    assert_eq!(find(" LOAD ", "").await, ["Load 100%"], "the case and the space around make no difference");
    assert!(find("' or 1=1 --", "").await.is_empty());
    assert_eq!(find("", "service").await.len(), 4);
    assert_eq!(find("", "team").await, ["Service desk"]);
    assert_eq!(find("desk", "service").await, Vec::<String>::new(), "both have to fit");
    assert_eq!(find("service.created", "").await.len(), 4, "an action");
    assert_eq!(find("Service CREATED", "").await.len(), 4, "and by what the screen calls it");
    assert!(find("service created", "team").await.is_empty());
    assert_eq!(find("mia", "member").await, ["mia"]);
    assert!(find("", "%").await.len() >= 8 && find("", "nothing").await.is_empty());
}

async fn pages_follow_each_other_without_a_hole(server: TestServer) {
    let owner = server.owner("northwind").await;
    for round in 0..4 {
        // Fifty lines of one moment: a page ends in the middle of them.
        let names: Vec<String> = (0..50).map(|number| format!("Service {round}-{number}")).collect();
        call(&owner, "create_services", json!({ "names": names })).await;
        owner.create_team("northwind", &format!("Team {round}")).await;
    }
    let (mut seen, mut before, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let filter = json!({ "words": "", "noun": "", "before": before });
        let page = call(&owner, "read_audit", json!({ "filter": filter })).await;
        let lines = page["lines"].as_array().unwrap();
        seen.extend(lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()));
        pages += 1;
        if page["more"] == false {
            break;
        }
        assert_eq!(lines.len(), 100);
        let last = lines.last().unwrap();
        before = json!([last["at"], last["id"]]);
    }
    assert_eq!((pages, seen.len()), (3, 205));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 205, "none twice");
}

async fn the_export_is_a_table_that_no_spreadsheet_runs(server: TestServer) {
    let owner = server.owner("northwind").await;
    for name in ["=1+1", "+1", "-1", "@SUM(A1)", "say \"hi\", twice", "Zürich"] {
        owner.create_service("northwind", name, "").await;
    }
    let answer = owner.get("/dashboard/northwind/audit.csv").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"northwind-audit.csv\"");
    let text = answer.text();
    let rows: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(rows[0], "time,who,how,address,action,what,before,after");
    assert_eq!((rows.len(), rows.last()), (9, Some(&"")), "{text}");
    for cell in ["\"'=1+1\"", "\"'+1\"", "\"'-1\"", "\"'@SUM(A1)\"", "\"say \"\"hi\"\", twice\"", "\"Zürich\""] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    assert!(rows[1].starts_with("\"20") && rows[1].contains("\"owner-northwind\",\"dashboard\",\"127.0.0.1\""));
    // What the screen filters, the file does too.
    let filter = encode(&[("words", "zürich"), ("noun", "service")]);
    let some = owner.get(&format!("/dashboard/northwind/audit.csv?{filter}")).await.text();
    assert_eq!(some.lines().count(), 2, "{some}");
    let none = owner.get("/dashboard/northwind/audit.csv?words=zzz").await.text();
    assert_eq!(none.lines().count(), 1);
}

/// It is read in parts of 500 lines while it is sent.
async fn a_long_export_has_every_line_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let fill = "insert into audit_entries (id, organization_id, at, actor, door, action, subject)
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 1300)
                select cast(100000000000 + n.i as text), o.id, o.created_at - n.i / 700, 'job', 'job', 'service.created',
                       cast(n.i as text) from n, organizations o";
    server.execute(fill).await;
    let text = owner.get("/dashboard/northwind/audit.csv").await.text();
    let mut lines: Vec<&str> = text.lines().collect();
    let moments: Vec<&str> = lines.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert!(moments.is_sorted_by(|one, two| one >= two), "newest first");
    assert_eq!(lines.len(), 1 + 1 + 1300);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 1 + 1 + 1300, "none twice");
}

async fn secrets_never_appear_in_it(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mut secrets = vec![PASSWORD.to_owned(), owner.session().unwrap()];
    secrets.push(owner.invite("northwind", "mia", "viewer").await);
    let id = owner.people("northwind").await["invitations"][0]["id"].clone();
    let again = token(&call(&owner, "resend_invitation", json!({ "id": id })).await);
    let mia = server.browser();
    assert_eq!(mia.accept(&again, "mia").await.status, 303);
    secrets.extend([again, mia.session().unwrap(), "accept-invitation?".to_owned()]);
    secrets.extend(server.texts("select token_hash from invitations").await);
    secrets.extend(server.texts("select password_hash from users").await);
    let columns = "coalesce(subject_id, '') || ' ' || subject || ' ' || coalesce(before_value, '') || ' ' || coalesce(after_value, '')";
    let kept = server.texts(&format!("select {columns} from audit_entries")).await.join("\n");
    let csv = owner.get("/dashboard/northwind/audit.csv").await.text();
    for secret in secrets {
        assert!(secret.len() > 8 && !kept.contains(&secret) && !csv.contains(&secret), "“{secret}” in {kept}");
    }
}
