//! Services and groups: each verb, right, wrong, anonymous, in another organization, by role.

use crate::support::{Answer, Browser, Dice, TestServer, both_engines};
use candor::domain::role::Role;
use serde_json::{Value, json};

both_engines!(
    a_service_is_created_and_read,
    a_plain_form_creates_a_service,
    bad_texts_are_refused_at_their_fields,
    ids_and_words_that_mean_nothing_are_refused,
    names_are_unique_in_a_group_but_not_across,
    several_services_are_created_at_once,
    a_service_is_edited,
    a_deleted_service_comes_back_whole,
    a_service_that_comes_back_has_a_place_of_its_own,
    a_status_is_history_with_who,
    many_statuses_are_set_together_or_not_at_all,
    a_status_that_is_so_already_writes_nothing,
    setting_statuses_at_the_same_moment_leaves_no_gap,
    every_change_is_audited_and_raises_the_version,
    nobody_changes_anything_without_signing_in,
    another_organization_sees_and_changes_nothing,
    each_role_may_what_the_table_says,
    a_removed_member_is_out_at_the_next_request,
    groups_are_created_edited_and_deleted,
    deleting_a_group_puts_its_services_in_its_place,
    deleting_a_group_that_cannot_be_dissolved_changes_nothing,
    moving_within_across_and_to_the_end,
    moves_that_make_no_sense_are_refused,
    moving_before_itself_changes_nothing,
    hundreds_of_moves_agree_with_a_list,
    moving_in_one_spot_again_and_again_never_runs_out_of_room,
    the_overview_counts,
);

/// What stands where, from the list as a screen shows it: `Group: a, b` or a lone name.
fn outline(list: &Value) -> Vec<String> {
    let rows = |key: &str| list[key].as_array().unwrap().clone();
    let mut top: Vec<(i64, String)> = Vec::new();
    let mut places = std::collections::HashSet::new();
    for group in rows("groups") {
        let inside: Vec<Value> =
            rows("services").into_iter().filter(|service| service["group_id"] == group["id"]).collect();
        let positions: Vec<i64> = inside.iter().map(|service| service["position"].as_i64().unwrap()).collect();
        assert!(
            positions.windows(2).all(|pair| pair[0] < pair[1]),
            "two services of a group in one place: {positions:?}"
        );
        let names: Vec<&str> = inside.iter().map(|service| service["name"].as_str().unwrap()).collect();
        top.push((
            group["position"].as_i64().unwrap(),
            format!("{}: {}", group["name"].as_str().unwrap(), names.join(", ")),
        ));
    }
    for service in rows("services").iter().filter(|service| service["group_id"].is_null()) {
        top.push((service["position"].as_i64().unwrap(), service["name"].as_str().unwrap().to_owned()));
    }
    assert!(top.iter().all(|(position, _)| places.insert(*position)), "two things in one place: {top:?}");
    top.sort();
    top.into_iter().map(|(_, text)| text).collect()
}

async fn names(browser: &Browser, organization: &str) -> Vec<String> {
    outline(&browser.services(organization).await)
}

async fn create(browser: &Browser, input: Value) -> Answer {
    browser.rpc("create_service", json!({ "organization": "northwind", "input": input })).await
}

async fn detail(browser: &Browser, id: &str) -> Value {
    browser.rpc("read_service", json!({ "organization": "northwind", "id": id })).await.right()
}

async fn version(server: &TestServer) -> i64 {
    server.texts("select cast(version as text) from organizations where slug = 'northwind'").await[0].parse().unwrap()
}

/// Newest first, each interval ends where the next begins, only the newest is open, and no two
/// neighbours say the same.
fn assert_gapless(history: &Value) {
    let history = history.as_array().unwrap();
    assert!(history[0]["to"].is_null(), "the newest lasts: {history:?}");
    for pair in history.windows(2) {
        assert_eq!(pair[0]["from"], pair[1]["to"], "a gap or an overlap: {history:?}");
        assert_ne!(pair[0]["status"], pair[1]["status"], "a transition to the same: {history:?}");
        assert!(pair[1]["from"].as_str() <= pair[1]["to"].as_str(), "ends before it begins: {history:?}");
    }
}

async fn a_service_is_created_and_read(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let answer =
        create(&owner, json!({ "name": "  Payments API ", "description": " Charges & refunds ", "group_id": group }))
            .await;
    let id = answer.right();
    assert_eq!(answer.location(), "/dashboard/northwind/services");
    let read = detail(&owner, id.as_str().unwrap()).await;
    let service = &read["service"];
    assert_eq!(
        (service["name"].as_str(), service["description"].as_str()),
        (Some("Payments API"), Some("Charges & refunds")),
        "trimmed"
    );
    assert_eq!(
        (service["own_status"].as_str(), service["status"].as_str()),
        (Some("operational"), Some("operational"))
    );
    assert_eq!((&service["id"], &service["group_id"], read["group"].as_str()), (&id, &json!(group), Some("Core")));
    let history = read["history"].as_array().unwrap();
    assert_eq!(history.len(), 1, "a service has a history from its first moment");
    assert_eq!(
        (history[0]["cause"].as_str(), history[0]["by"].as_str(), &history[0]["from"]),
        (Some("manual"), Some("owner-northwind"), &service["created_at"])
    );
    // The longest texts that fit, in characters.
    create(&owner, json!({ "name": "ü".repeat(255), "description": "ß".repeat(1000) })).await.right();
    create(&owner, json!({ "name": "Two paragraphs", "description": "one\ntwo" })).await.right();
}

/// "Forms that work before hydration" (product).
async fn a_plain_form_creates_a_service(server: TestServer) {
    let owner = server.owner("northwind").await;
    let form = |name| {
        [("organization", "northwind"), ("input[name]", name), ("input[description]", ""), ("input[group_id]", "")]
    };
    let answer = owner.post("/rpc/create_service", &form("API")).await;
    assert_eq!((answer.status, answer.location()), (302, "/dashboard/northwind/services"));
    let from = format!("{}/dashboard/northwind/services/new", owner.origin());
    let answer = owner.send(owner.form("/rpc/create_service", &form("api")).header("referer", &from)).await;
    assert_eq!(answer.status, 302, "back to the form");
    assert!(answer.location().starts_with(&from) && answer.location().contains("__err="), "{}", answer.location());
    assert_eq!(names(&owner, "northwind").await, ["API"]);
}

async fn bad_texts_are_refused_at_their_fields(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (long, longer) = ("x".repeat(256), "x".repeat(1001));
    let id = owner.create_service("northwind", "API", "").await;
    let group = owner.create_group("northwind", "Core").await;
    let before = owner.services("northwind").await;
    for (name, description, wrong) in [
        ("", "", vec!["name"]),
        (" \t ", "", vec!["name"]),
        (long.as_str(), "", vec!["name"]),
        ("a\u{1}b", "", vec!["name"]),
        ("a\u{1b}[2J", "", vec!["name"]),
        ("two\nlines", "", vec!["name"]),
        ("Fine", longer.as_str(), vec!["description"]),
        ("Fine", "a\u{7}b", vec!["description"]),
        ("", longer.as_str(), vec!["name", "description"]),
    ] {
        let input = json!({ "name": name, "description": description });
        assert_eq!(create(&owner, input.clone()).await.wrong_fields(), wrong, "create {name:?}");
        let arguments = |id: &str| json!({ "organization": "northwind", "id": id, "input": input });
        assert_eq!(owner.rpc("update_service", arguments(&id)).await.wrong_fields(), wrong, "update {name:?}");
        assert_eq!(owner.rpc("create_group", arguments("")).await.wrong_fields(), wrong, "create group {name:?}");
        assert_eq!(owner.rpc("update_group", arguments(&group)).await.wrong_fields(), wrong, "update group {name:?}");
        if description.is_empty() {
            let several = json!({ "organization": "northwind", "names": ["Good", name] });
            assert_eq!(owner.rpc("create_services", several).await.wrong_fields(), wrong, "create several {name:?}");
        }
    }
    assert_eq!(owner.services("northwind").await, before, "nothing was kept");
}

async fn ids_and_words_that_mean_nothing_are_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    for group in ["nonsense", "aaaaaaaaaaaa", &id, "'; drop table services; --"] {
        assert_eq!(
            create(&owner, json!({ "name": "X", "group_id": group })).await.wrong_fields(),
            ["group_id"],
            "{group}"
        );
    }
    let call = async |function: &str, mut arguments: Value| {
        arguments["organization"] = json!("northwind");
        owner.rpc(function, arguments).await
    };
    let input = json!({ "name": "X" });
    for function in
        ["read_service", "update_service", "delete_service", "restore_service", "update_group", "delete_group"]
    {
        call(function, json!({ "id": "aaaaaaaaaaaa", "input": input })).await.refused(404, "not_found");
        for nonsense in ["", "x", "AAAAAAAAAAAA", "aaaaaaaaaaaa'", "aaaaaaaaaaaaa", "\u{1f4a5}"] {
            call(function, json!({ "id": nonsense, "input": input })).await.refused(400, "bad_request");
        }
    }
    call("set_status", json!({ "ids": ["aaaaaaaaaaaa"], "status": "operational" })).await.refused(404, "not_found");
    for status in [json!("on_fire"), json!("Operational"), json!(""), json!(null), json!(1), json!({})] {
        call("set_status", json!({ "ids": [id], "status": status })).await.refused(400, "bad_request");
    }
    call("set_status", json!({ "ids": ["x"], "status": "operational" })).await.refused(400, "bad_request");
    assert_eq!(call("set_status", json!({ "ids": [], "status": "operational" })).await.status, 200, "nothing to do");
}

async fn names_are_unique_in_a_group_but_not_across(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (core, data) = (owner.create_group("northwind", "Core").await, owner.create_group("northwind", "Data").await);
    for group in ["", &core, &data] {
        create(&owner, json!({ "name": "API", "group_id": group })).await.right();
        for same in ["API", "api", " Api "] {
            assert_eq!(
                create(&owner, json!({ "name": same, "group_id": group })).await.wrong_fields(),
                ["name"],
                "{same:?} in {group:?}"
            );
        }
    }
    create(&owner, json!({ "name": "ÄPI" })).await.right();
    assert_eq!(create(&owner, json!({ "name": "äpi" })).await.wrong_fields(), ["name"], "not only ASCII has two cases");
    // Neither an edit nor a move nor coming back makes two of one name.
    let other = owner.create_service("northwind", "Other", &core).await;
    let edit = json!({ "organization": "northwind", "id": other, "input": { "name": "api", "group_id": core } });
    assert_eq!(owner.rpc("update_service", edit).await.wrong_fields(), ["name"]);
    let lone = owner.services("northwind").await["services"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["group_id"].is_null())
        .unwrap()["id"]
        .clone();
    let moving = json!({ "organization": "northwind", "item": lone, "group": core, "before": null });
    assert_eq!(owner.rpc("move_item", moving).await.wrong_fields(), ["name"]);
    assert_eq!(names(&owner, "northwind").await, ["Core: API, Other", "Data: API", "API", "ÄPI"]);
    // Another organization has names of its own.
    let south = server.owner("southwind").await;
    south.create_service("southwind", "API", "").await;
}

async fn several_services_are_created_at_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let several = |names: Value| owner.rpc("create_services", json!({ "organization": "northwind", "names": names }));
    several(json!(["Website", "api", " Website ", "E-mail"])).await.right();
    assert_eq!(names(&owner, "northwind").await, ["API", "Website", "E-mail"], "what is there already is passed over");
    several(json!([])).await.right();
    let fifty: Vec<String> = (0..50).map(|number| format!("Service {number:02}")).collect();
    several(json!(fifty)).await.right();
    assert_eq!(names(&owner, "northwind").await.len(), 53);
}

async fn a_service_is_edited(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let id = owner.create_service("northwind", "API", "").await;
    owner.set_status("northwind", &[&id], "partial_outage").await;
    let edit =
        |input: Value| owner.rpc("update_service", json!({ "organization": "northwind", "id": id, "input": input }));
    let answer = edit(json!({ "name": "Public API", "description": "v2", "group_id": group })).await;
    answer.right();
    assert_eq!(answer.location(), "/dashboard/northwind/services");
    let read = detail(&owner, &id).await;
    let service = &read["service"];
    assert_eq!(
        (service["name"].as_str(), service["description"].as_str(), read["group"].as_str()),
        (Some("Public API"), Some("v2"), Some("Core"))
    );
    assert_eq!(service["status"], "partial_outage", "an edit is no status");
    edit(json!({ "name": "PUBLIC API", "description": "", "group_id": "" })).await.right();
    let read = detail(&owner, &id).await;
    assert_eq!(
        (read["service"]["name"].as_str(), read["group"].is_null()),
        (Some("PUBLIC API"), true),
        "its own name is no other's"
    );
    assert_eq!(read["history"].as_array().unwrap().len(), 2);
}

async fn a_deleted_service_comes_back_whole(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let first = owner.create_service("northwind", "API", &group).await;
    owner.create_service("northwind", "Search", &group).await;
    owner.set_status("northwind", &[&first], "degraded_performance").await;
    let before = detail(&owner, &first).await;
    let on = |function: &'static str, id: &str| owner.rpc(function, json!({ "organization": "northwind", "id": id }));
    let deleted = on("delete_service", &first).await.right();
    assert_eq!(deleted, json!({ "id": first, "name": "API" }));
    assert_eq!(names(&owner, "northwind").await, ["Core: Search"]);
    for function in ["read_service", "delete_service"] {
        on(function, &first).await.refused(404, "not_found");
    }
    owner
        .rpc("set_status", json!({ "organization": "northwind", "ids": [first], "status": "operational" }))
        .await
        .refused(404, "not_found");
    let moving = json!({ "organization": "northwind", "item": first, "group": null, "before": null });
    owner.rpc("move_item", moving).await.refused(404, "not_found");
    on("restore_service", &first).await.right();
    let after = detail(&owner, &first).await;
    assert_eq!(
        (&after["history"], &after["service"]["position"], &after["group"]),
        (&before["history"], &before["service"]["position"], &before["group"])
    );
    assert_gapless(&after["history"]);
    on("restore_service", &first).await.refused(404, "not_found");
    // Its name may have been given away meanwhile.
    on("delete_service", &first).await.right();
    owner.create_service("northwind", "api", &group).await;
    assert_eq!(on("restore_service", &first).await.wrong_fields(), ["name"]);
    // Its group may be gone: it comes back outside groups.
    on("delete_group", &group).await.right();
    on("restore_service", &first).await.refused(422, "invalid");
    let list = owner.services("northwind").await;
    let namesake = list["services"].as_array().unwrap().iter().find(|s| s["name"] == "api").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    on("delete_service", &namesake).await.right();
    on("restore_service", &first).await.right();
    let list = owner.services("northwind").await;
    let mut now: Vec<&str> =
        list["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect();
    now.sort_unstable();
    assert_eq!(now, ["API", "Search"]);
    assert!(list["services"].as_array().unwrap().iter().all(|service| service["group_id"].is_null()));
}

/// Places are given anew when a group is dissolved; a deleted service keeps its old one.
async fn a_service_that_comes_back_has_a_place_of_its_own(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    for name in ["x", "y"] {
        owner.create_service("northwind", name, &core).await;
    }
    let inside = owner.create_service("northwind", "z", &core).await;
    let outside = owner.create_service("northwind", "a", "").await;
    owner.create_service("northwind", "b", "").await;
    let on = |function: &'static str, id: &str| owner.rpc(function, json!({ "organization": "northwind", "id": id }));
    for id in [&inside, &outside] {
        on("delete_service", id).await.right();
    }
    on("delete_group", &core).await.right();
    assert_eq!(names(&owner, "northwind").await, ["x", "y", "b"]);
    // Where each of them stood something else stands now.
    on("restore_service", &outside).await.right();
    assert_eq!(names(&owner, "northwind").await, ["x", "y", "b", "a"]);
    on("restore_service", &inside).await.right();
    assert_eq!(names(&owner, "northwind").await, ["x", "y", "b", "a", "z"]);
}

async fn a_status_is_history_with_who(server: TestServer) {
    let owner = server.owner("northwind").await;
    let reporter = server.member("northwind", Role::StatusReporter).await;
    let id = owner.create_service("northwind", "API", "").await;
    owner.set_status("northwind", &[&id], "major_outage").await;
    reporter.set_status("northwind", &[&id], "under_maintenance").await;
    server.execute("update users set name = 'Renamed' where name like 'owner-%'").await;
    owner.set_status("northwind", &[&id], "operational").await;
    let read = detail(&owner, &id).await;
    let told: Vec<(&str, &str, &str)> = read["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|interval| {
            (
                interval["status"].as_str().unwrap(),
                interval["cause"].as_str().unwrap(),
                interval["by"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("operational", "manual", "Renamed"),
            ("under_maintenance", "manual", "member-status_reporter-northwind"),
            ("major_outage", "manual", "owner-northwind"),
            ("operational", "manual", "owner-northwind")
        ],
        "as people were called then"
    );
    assert_gapless(&read["history"]);
    assert_eq!(read["service"]["since"], read["history"][0]["from"]);
}

async fn many_statuses_are_set_together_or_not_at_all(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(owner.create_service("northwind", name, "").await);
    }
    let before = (owner.services("northwind").await, version(&server).await);
    let with_unknown =
        json!({ "organization": "northwind", "ids": [ids[0], ids[1], "aaaaaaaaaaaa"], "status": "major_outage" });
    owner.rpc("set_status", with_unknown).await.refused(404, "not_found");
    assert_eq!((owner.services("northwind").await, version(&server).await), before);
    owner.set_status("northwind", &[&ids[0], &ids[1], &ids[2], &ids[0]], "major_outage").await;
    let list = owner.services("northwind").await;
    let services = list["services"].as_array().unwrap();
    assert!(
        services.iter().all(|service| service["status"] == "major_outage" && service["since"] == services[0]["since"]),
        "one moment for all"
    );
    assert_eq!(version(&server).await, before.1 + 1, "one change");
    assert_gapless(&detail(&owner, &ids[0]).await["history"]);
}

async fn a_status_that_is_so_already_writes_nothing(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    owner.set_status("northwind", &[&id], "major_outage").await;
    let counts = async || {
        let rows = server.number("select count(*) from status_history").await;
        (
            rows,
            server.number("select count(*) from audit_entries").await,
            version(&server).await,
            detail(&owner, &id).await,
        )
    };
    let before = counts().await;
    owner.set_status("northwind", &[&id], "major_outage").await;
    assert_eq!(counts().await, before);
}

async fn setting_statuses_at_the_same_moment_leaves_no_gap(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    let mut all = Vec::new();
    for number in 0..40 {
        let (owner, id) = (owner.clone(), id.clone());
        let status =
            ["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"][number % 5];
        all.push(tokio::spawn(async move { owner.set_status("northwind", &[&id], status).await }));
    }
    for one in all {
        one.await.unwrap();
    }
    let read = detail(&owner, &id).await;
    assert_gapless(&read["history"]);
    assert_eq!(read["service"]["status"], read["history"][0]["status"]);
    assert_eq!(read["service"]["own_status"], read["history"][0]["status"]);
}

async fn every_change_is_audited_and_raises_the_version(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mut last = (version(&server).await, server.number("select count(*) from audit_entries").await);
    let group = owner.create_group("northwind", "Core").await;
    let id = owner.create_service("northwind", "API", "").await;
    last = (last.0 + 2, last.1 + 2);
    for (function, arguments) in [
        ("update_service", json!({ "id": id, "input": { "name": "API 2" } })),
        ("set_status", json!({ "ids": [id], "status": "major_outage" })),
        ("move_item", json!({ "item": id, "group": group, "before": null })),
        ("delete_service", json!({ "id": id })),
        ("restore_service", json!({ "id": id })),
        ("update_group", json!({ "id": group, "input": { "name": "Core 2" } })),
        ("create_services", json!({ "names": ["One"] })),
        ("delete_group", json!({ "id": group })),
    ] {
        let mut arguments = arguments;
        arguments["organization"] = json!("northwind");
        assert_eq!(owner.rpc(function, arguments).await.status, 200, "{function}");
        let now = (version(&server).await, server.number("select count(*) from audit_entries").await);
        assert_eq!(now, (last.0 + 1, last.1 + 1), "{function} is one change with one entry");
        last = now;
    }
    let told = server.texts("select action || ' ' || actor || ' ' || door || ' ' || coalesce(address, '-') from audit_entries order by at, id").await;
    assert!(told.iter().all(|line| line.ends_with(" owner-northwind dashboard 127.0.0.1")), "{told:?}");
    let values = server.texts("select coalesce(before_value, '-') || ' ' || coalesce(after_value, '-') from audit_entries where action = 'service.status_set'").await;
    assert_eq!(values, ["operational major_outage"]);
}

/// A call of each verb on these objects; new names carry the word.
fn calls(organization: &str, service: &str, group: &str, by: &str) -> Vec<(&'static str, Value)> {
    let mut calls = vec![
        ("read_overview", json!({})),
        ("list_services", json!({})),
        ("read_service", json!({ "id": service })),
        ("set_status", json!({ "ids": [service], "status": "partial_outage" })),
        ("create_service", json!({ "input": { "name": format!("New {by}") } })),
        ("create_services", json!({ "names": [format!("Newer {by}")] })),
        ("update_service", json!({ "id": service, "input": { "name": format!("Changed {by}") } })),
        ("move_item", json!({ "item": service, "group": null, "before": null })),
        ("create_group", json!({ "input": { "name": format!("New group {by}") } })),
        ("update_group", json!({ "id": group, "input": { "name": format!("Changed {by}") } })),
        ("delete_service", json!({ "id": service })),
        ("restore_service", json!({ "id": service })),
        ("delete_group", json!({ "id": group })),
    ];
    for (_, arguments) in &mut calls {
        arguments["organization"] = json!(organization);
    }
    calls
}

async fn nobody_changes_anything_without_signing_in(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (id, group) =
        (owner.create_service("northwind", "API", "").await, owner.create_group("northwind", "Core").await);
    let before = (owner.services("northwind").await, version(&server).await);
    for (function, arguments) in calls("northwind", &id, &group, "") {
        server.browser().rpc(function, arguments).await.refused(401, "unauthenticated");
    }
    assert_eq!((owner.services("northwind").await, version(&server).await), before);
}

/// "What belongs to another organization does not exist: 404, never 403" (product).
async fn another_organization_sees_and_changes_nothing(server: TestServer) {
    let owner = server.owner("northwind").await;
    let stranger = server.owner("southwind").await;
    let (id, group) =
        (owner.create_service("northwind", "API", "").await, owner.create_group("northwind", "Core").await);
    let before = (owner.services("northwind").await, version(&server).await);
    for (function, arguments) in calls("northwind", &id, &group, "") {
        let words = stranger.rpc(function, arguments.clone()).await.refused(404, "not_found");
        let mut nowhere = arguments;
        nowhere["organization"] = json!("no-such-organization");
        assert_eq!(
            stranger.rpc(function, nowhere).await.refused(404, "not_found"),
            words,
            "{function}: it tells whether the organization exists"
        );
    }
    // Another's objects through one's own organization.
    for (function, arguments) in calls("southwind", &id, &group, "") {
        if !["read_overview", "list_services", "create_service", "create_services", "create_group"].contains(&function)
        {
            stranger.rpc(function, arguments).await.refused(404, "not_found");
        }
    }
    let own = stranger.create_service("southwind", "Own", "").await;
    let input = json!({ "name": "X", "group_id": group });
    assert_eq!(
        stranger.rpc("create_service", json!({ "organization": "southwind", "input": input })).await.wrong_fields(),
        ["group_id"]
    );
    assert_eq!(
        stranger
            .rpc("update_service", json!({ "organization": "southwind", "id": own, "input": input }))
            .await
            .wrong_fields(),
        ["group_id"]
    );
    for (to, before_item) in [(json!(group), Value::Null), (Value::Null, json!(id)), (Value::Null, json!(group))] {
        let moving = json!({ "organization": "southwind", "item": own, "group": to, "before": before_item });
        stranger.rpc("move_item", moving).await.refused(404, "not_found");
    }
    let mixed = json!({ "organization": "southwind", "ids": [own, id], "status": "major_outage" });
    stranger.rpc("set_status", mixed).await.refused(404, "not_found");
    assert_eq!(stranger.services("southwind").await["services"][0]["status"], "operational");
    assert_eq!((owner.services("northwind").await, version(&server).await), before);
}

/// The table of roles in the product description.
async fn each_role_may_what_the_table_says(server: TestServer) {
    let owner = server.owner("northwind").await;
    for (role, may) in
        [(Role::Viewer, 0), (Role::StatusReporter, 1), (Role::ServiceManager, 2), (Role::Admin, 3), (Role::Owner, 3)]
    {
        let member = server.member("northwind", role).await;
        let (id, group) = (
            owner.create_service("northwind", &format!("Of {}", role.as_str()), "").await,
            owner.create_group("northwind", &format!("Group of {}", role.as_str())).await,
        );
        let before = version(&server).await;
        for (function, arguments) in calls("northwind", &id, &group, role.as_str()) {
            let needs = match function {
                "read_overview" | "list_services" | "read_service" => 0,
                "set_status" => 1,
                "delete_service" | "restore_service" => 3,
                _ => 2,
            };
            let answer = member.rpc(function, arguments).await;
            if may >= needs {
                assert_eq!(answer.status, 200, "{role:?} {function}: {}", answer.text());
            } else {
                let detail = answer.refused(403, "forbidden");
                assert!(!detail.as_str().unwrap().is_empty(), "{role:?} {function}: what is not allowed, in words");
            }
        }
        if may == 0 {
            assert_eq!(version(&server).await, before, "{role:?} changed something");
        }
    }
}

async fn a_removed_member_is_out_at_the_next_request(server: TestServer) {
    server.owner("northwind").await;
    let member = server.member("northwind", Role::Admin).await;
    member.services("northwind").await;
    server.execute("delete from members where role = 'admin'").await;
    member.rpc("list_services", json!({ "organization": "northwind" })).await.refused(404, "not_found");
}

async fn groups_are_created_edited_and_deleted(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    let data = owner.create_group("northwind", "Data").await;
    let on = |function: &'static str, id: &str, name: &str| {
        owner.rpc(
            function,
            json!({ "organization": "northwind", "id": id, "input": { "name": name, "description": "Told" } }),
        )
    };
    assert_eq!(on("create_group", "", " core ").await.wrong_fields(), ["name"]);
    assert_eq!(on("update_group", &data, "CORE").await.wrong_fields(), ["name"]);
    on("update_group", &core, "CORE").await.right();
    let list = owner.services("northwind").await;
    assert_eq!(
        (list["groups"][0]["name"].as_str(), list["groups"][0]["description"].as_str()),
        (Some("CORE"), Some("Told"))
    );
    on("delete_group", &core, "").await.right();
    assert_eq!(names(&owner, "northwind").await, ["Data: "]);
    on("delete_group", &core, "").await.refused(404, "not_found");
}

async fn deleting_a_group_puts_its_services_in_its_place(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "first", "").await;
    let core = owner.create_group("northwind", "Core").await;
    owner.create_service("northwind", "last", "").await;
    let data = owner.create_group("northwind", "Data").await;
    owner.create_service("northwind", "d", &data).await;
    for name in ["a", "b", "c"] {
        owner.create_service("northwind", name, &core).await;
    }
    assert_eq!(names(&owner, "northwind").await, ["first", "Core: a, b, c", "last", "Data: d"]);
    owner.rpc("delete_group", json!({ "organization": "northwind", "id": core })).await.right();
    assert_eq!(names(&owner, "northwind").await, ["first", "a", "b", "c", "last", "Data: d"]);
}

async fn deleting_a_group_that_cannot_be_dissolved_changes_nothing(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let core = owner.create_group("northwind", "Core").await;
    owner.create_service("northwind", "Other", &core).await;
    owner.create_service("northwind", "api", &core).await;
    let before = owner.services("northwind").await;
    let words =
        owner.rpc("delete_group", json!({ "organization": "northwind", "id": core })).await.refused(409, "conflict");
    assert!(words.as_str().unwrap().contains("Core"), "{words}");
    assert_eq!(owner.services("northwind").await, before);
}

async fn moving_within_across_and_to_the_end(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    let (a, b) =
        (owner.create_service("northwind", "a", &core).await, owner.create_service("northwind", "b", &core).await);
    let c = owner.create_service("northwind", "c", "").await;
    owner.create_service("northwind", "d", "").await;
    let shift = async |item: &str, group: Option<&str>, before: Option<&str>| {
        owner
            .rpc("move_item", json!({ "organization": "northwind", "item": item, "group": group, "before": before }))
            .await
            .right();
        names(&owner, "northwind").await
    };
    assert_eq!(names(&owner, "northwind").await, ["Core: a, b", "c", "d"]);
    assert_eq!(shift(&b, Some(&core), Some(&a)).await, ["Core: b, a", "c", "d"], "within");
    assert_eq!(shift(&b, Some(&core), None).await, ["Core: a, b", "c", "d"], "to the end");
    assert_eq!(shift(&c, Some(&core), Some(&b)).await, ["Core: a, c, b", "d"], "into a group");
    assert_eq!(shift(&a, None, Some(&core)).await, ["a", "Core: c, b", "d"], "out of it, before it");
    assert_eq!(shift(&core, None, None).await, ["a", "d", "Core: c, b"], "a group to the end");
    assert_eq!(shift(&core, None, Some(&a)).await, ["Core: c, b", "a", "d"], "a group to the front");
}

async fn moves_that_make_no_sense_are_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (core, data) = (owner.create_group("northwind", "Core").await, owner.create_group("northwind", "Data").await);
    let (inside, outside) =
        (owner.create_service("northwind", "in", &core).await, owner.create_service("northwind", "out", "").await);
    let shift = |item: &str, group: Value, before: Value| {
        owner.rpc("move_item", json!({ "organization": "northwind", "item": item, "group": group, "before": before }))
    };
    let before = owner.services("northwind").await;
    shift(&core, json!(data), json!(null)).await.refused(409, "conflict");
    shift(&core, json!(core), json!(null)).await.refused(409, "conflict");
    shift("aaaaaaaaaaaa", json!(null), json!(null)).await.refused(404, "not_found");
    shift("nonsense", json!(null), json!(null)).await.refused(404, "not_found");
    shift("", json!(null), json!(null)).await.refused(404, "not_found");
    shift(&outside, json!("aaaaaaaaaaaa"), json!(null)).await.refused(404, "not_found");
    shift(&outside, json!(inside), json!(null)).await.refused(404, "not_found");
    shift(&outside, json!("nonsense"), json!(null)).await.refused(400, "bad_request");
    shift(&outside, json!(null), json!(inside)).await.refused(404, "not_found");
    shift(&outside, json!(core), json!(outside)).await.refused(404, "not_found");
    shift(&inside, json!(null), json!(inside)).await.refused(404, "not_found");
    shift(&outside, json!(core), json!(data)).await.refused(404, "not_found");
    assert_eq!(owner.services("northwind").await, before);
}

async fn moving_before_itself_changes_nothing(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    let inside = owner.create_service("northwind", "in", &core).await;
    owner.create_service("northwind", "beside", &core).await;
    let outside = owner.create_service("northwind", "out", "").await;
    let state = async || {
        let entries = server.number("select count(*) from audit_entries").await;
        (owner.services("northwind").await, version(&server).await, entries)
    };
    let before = state().await;
    for (item, group) in [(&outside, json!(null)), (&inside, json!(core)), (&core, json!(null))] {
        let moving = json!({ "organization": "northwind", "item": item, "group": group, "before": item });
        owner.rpc("move_item", moving).await.right();
    }
    assert_eq!(state().await, before);
    let viewer = server.member("northwind", Role::Viewer).await;
    let moving = json!({ "organization": "northwind", "item": outside, "group": null, "before": outside });
    viewer.rpc("move_item", moving).await.refused(403, "forbidden");
}

async fn hundreds_of_moves_agree_with_a_list(server: TestServer) {
    let owner = server.owner("northwind").await;
    // The model: the top level, and what each group holds.
    let mut top: Vec<String> = Vec::new();
    let mut inside: Vec<(String, Vec<String>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for name in ["G", "H"] {
        let id = owner.create_group("northwind", name).await;
        known.insert(id.clone(), name.to_owned());
        top.push(id.clone());
        inside.push((id, Vec::new()));
    }
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let id = owner.create_service("northwind", name, "").await;
        known.insert(id.clone(), name.to_owned());
        top.push(id);
    }
    let mut dice = Dice::new(0x5eed);
    let mut ids: Vec<String> = known.keys().cloned().collect();
    ids.sort_by_key(|id| known[id].clone());
    for step in 0..300 {
        let item = ids[dice.below(ids.len())].clone();
        let is_group = inside.iter().any(|(group, _)| *group == item);
        let target = if is_group { 0 } else { dice.below(3) };
        top.retain(|id| *id != item);
        for (_, services) in &mut inside {
            services.retain(|id| *id != item);
        }
        let group = (target > 0).then(|| inside[target - 1].0.clone());
        let siblings = if target > 0 { &mut inside[target - 1].1 } else { &mut top };
        let index = dice.below(siblings.len() + 1);
        let before = siblings.get(index).cloned();
        siblings.insert(index, item.clone());
        owner
            .rpc("move_item", json!({ "organization": "northwind", "item": item, "group": group, "before": before }))
            .await
            .right();
        if step % 5 == 0 || step > 290 {
            let expected: Vec<String> = top
                .iter()
                .map(|id| match inside.iter().find(|(group, _)| group == id) {
                    Some((_, services)) => format!(
                        "{}: {}",
                        known[id],
                        services.iter().map(|id| known[id].as_str()).collect::<Vec<_>>().join(", ")
                    ),
                    None => known[id].clone(),
                })
                .collect();
            assert_eq!(names(&owner, "northwind").await, expected, "step {step}");
        }
    }
}

/// Places are whole numbers with gaps: the gap between two neighbours ends after twenty halvings.
async fn moving_in_one_spot_again_and_again_never_runs_out_of_room(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mut order = Vec::new();
    for name in ["a", "b", "c"] {
        order.push((owner.create_service("northwind", name, "").await, name));
    }
    for step in 0..60 {
        let first = order.remove(0);
        owner
            .rpc(
                "move_item",
                json!({ "organization": "northwind", "item": first.0, "group": null, "before": order[1].0 }),
            )
            .await
            .right();
        order.insert(1, first);
        let expected: Vec<&str> = order.iter().map(|(_, name)| *name).collect();
        assert_eq!(names(&owner, "northwind").await, expected, "step {step}");
    }
}

async fn the_overview_counts(server: TestServer) {
    let owner = server.owner("northwind").await;
    let overview = async || owner.rpc("read_overview", json!({ "organization": "northwind" })).await.right();
    let empty = overview().await;
    assert_eq!((empty["services"].as_i64(), empty["members"].as_i64()), (Some(0), Some(1)));
    let mut ids = Vec::new();
    for name in ["A", "B", "C", "D"] {
        ids.push(owner.create_service("northwind", name, "").await);
    }
    owner.set_status("northwind", &[&ids[1]], "degraded_performance").await;
    owner.set_status("northwind", &[&ids[2], &ids[3]], "major_outage").await;
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": ids[3] })).await.right();
    let told = overview().await;
    assert_eq!(told["by_status"], json!([["operational", 1], ["degraded_performance", 1], ["major_outage", 1]]));
    let unwell: Vec<&str> =
        told["unwell"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect();
    assert_eq!(unwell, ["C", "B"], "worst first, without what is deleted");
    let latest = &told["recent"][0];
    assert_eq!(
        (latest["service"].as_str(), latest["before"].as_str(), latest["status"].as_str()),
        (Some("C"), Some("operational"), Some("major_outage"))
    );
    assert_eq!(latest["by"], "owner-northwind");
}
