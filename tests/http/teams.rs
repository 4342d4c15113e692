//! Teams: groups of members that own services.

use crate::support::{TestServer, both_engines};
use serde_json::json;

both_engines!(
    a_team_has_a_name_of_its_own,
    a_role_in_a_team_comes_and_goes,
    a_deleted_team_leaves_its_services_and_members,
    only_members_are_in_teams,
);

async fn a_team_has_a_name_of_its_own(server: TestServer) {
    let (owner, other) = (server.owner("northwind").await, server.owner("southwind").await);
    let id = owner.create_team("northwind", " Platform ").await;
    owner.create_team("northwind", "billing").await;
    other.create_team("southwind", "Platform").await;
    let create = |name: &str| owner.rpc("create_team", json!({ "organization": "northwind", "name": name }));
    for name in ["", "  ", "PLATFORM", &"x".repeat(81), "two\nlines"] {
        assert_eq!(create(name).await.wrong_fields(), ["name"], "{name:?}");
    }
    let rename = |name: &str| owner.rpc("rename_team", json!({ "organization": "northwind", "id": id, "name": name }));
    assert_eq!(rename("Billing").await.wrong_fields(), ["name"]);
    rename("platform").await.right();
    rename("Infrastructure").await.right();
    let people = owner.people("northwind").await;
    let names: Vec<&str> =
        people["teams"].as_array().unwrap().iter().map(|team| team["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["billing", "Infrastructure"]);
    let gone = json!({ "organization": "northwind", "id": "aaaaaaaaaaaa", "name": "X" });
    owner.rpc("rename_team", gone.clone()).await.refused(404, "not_found");
    owner.rpc("delete_team", gone).await.refused(404, "not_found");
}

async fn a_role_in_a_team_comes_and_goes(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Platform").await;
    let mia = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_member").await;
    let id = mia.user_id().await;
    let input = json!({ "name": "API", "team_id": team });
    let api = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let api = api.as_str().unwrap();
    let loose = owner.create_service("northwind", "Loose", "").await;
    let set = |service: &str, status: &str| {
        mia.rpc("set_status", json!({ "organization": "northwind", "ids": [service], "status": status }))
    };
    set(api, "major_outage").await.right();
    set(&loose, "major_outage").await.refused(403, "forbidden");
    let rename = || mia.rpc("rename_team", json!({ "organization": "northwind", "id": team, "name": "Renamed" }));
    rename().await.refused(403, "forbidden");
    let role = json!({ "organization": "northwind", "team": team, "user": id, "role": "team_admin" });
    owner.rpc("set_team_member", role).await.right();
    rename().await.right();
    let people = owner.people("northwind").await;
    let member = people["members"].as_array().unwrap().iter().find(|member| member["name"] == "mia").unwrap();
    assert_eq!(member["teams"], json!([[team, "team_admin"]]));
    assert_eq!(people["teams"][0]["services"], 1);
    let there = json!({ "organization": "northwind", "team": team, "user": id });
    owner.rpc("remove_team_member", there.clone()).await.right();
    owner.rpc("remove_team_member", there).await.refused(404, "not_found");
    set(api, "operational").await.refused(403, "forbidden");
    rename().await.refused(403, "forbidden");
    // Still a member of the organization.
    mia.rpc("list_services", json!({ "organization": "northwind" })).await.right();
}

async fn a_deleted_team_leaves_its_services_and_members(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Platform").await;
    let mia = server.joined_team(&owner, "northwind", "mia", "viewer", &team, "team_admin").await;
    let invited = owner.invite_into("northwind", "nora", "viewer", &team, "team_admin").await;
    let input = json!({ "name": "API", "team_id": team });
    let api = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let detail = json!({ "organization": "northwind", "id": api });
    assert_eq!(owner.rpc("read_service", detail.clone()).await.right()["team"], "Platform");
    owner.rpc("delete_team", json!({ "organization": "northwind", "id": team })).await.right();
    let read = owner.rpc("read_service", detail).await.right();
    assert_eq!((read["team"].is_null(), read["service"]["team_id"].is_null()), (true, true));
    let set = json!({ "organization": "northwind", "ids": [api], "status": "major_outage" });
    mia.rpc("set_status", set).await.refused(403, "forbidden");
    // Who was invited into it still becomes a member.
    assert_eq!(server.browser().accept(&invited, "nora").await.status, 303);
    let people = owner.people("northwind").await;
    assert_eq!(people["teams"], json!([]));
    assert_eq!(people["members"].as_array().unwrap().len(), 3);
    assert!(people["members"].as_array().unwrap().iter().all(|member| member["teams"] == json!([])));
}

async fn only_members_are_in_teams(server: TestServer) {
    let (owner, other) = (server.owner("northwind").await, server.owner("southwind").await);
    let (team, id) = (owner.create_team("northwind", "Platform").await, other.user_id().await);
    let there = json!({ "organization": "northwind", "team": team, "user": id, "role": "team_admin" });
    owner.rpc("set_team_member", there).await.refused(404, "not_found");
    let foreign = other.create_team("southwind", "Platform").await;
    let own = owner.user_id().await;
    let there = json!({ "organization": "northwind", "team": foreign, "user": own, "role": "team_admin" });
    owner.rpc("set_team_member", there).await.refused(404, "not_found");
    let input = json!({ "organization": "northwind", "input": { "name": "API", "team_id": foreign } });
    assert_eq!(owner.rpc("create_service", input).await.wrong_fields(), ["team_id"]);
    assert_eq!(server.number("select count(*) from team_members").await, 0);
}
