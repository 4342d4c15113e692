//! The operator's commands, `candor organizations …` and `candor users …`, by the program itself on
//! the database of a server that runs.

use crate::support::{Bearer, Browser, PASSWORD, TestServer, both_engines, eventually};
use candor::{
    domain::role::Role,
    server::{
        access::{accounts::sign_in_oidc, oidc::OidcIdentity},
        jobs, operator,
    },
};
use serde_json::{Value, json};
use std::process::Command;

both_engines!(
    organizations_are_listed_and_shown,
    people_are_listed,
    what_is_not_there_is_said_and_the_program_fails,
    a_suspended_organization_is_nowhere_until_it_is_restored,
    a_running_server_hears_of_it,
    a_new_password_ends_every_session,
    operator_reset_revokes_access_and_expires,
    an_owner_is_made_and_the_audit_log_says_how,
    no_secret_is_ever_printed,
    control_characters_are_escaped_on_the_terminal,
);

/// What the program said, and whether it went well.
struct Ran {
    well: bool,
    out: String,
    err: String,
}

impl Ran {
    /// What it said, which has to be JSON and nothing else.
    #[track_caller]
    fn json(&self) -> Value {
        assert!(self.well, "{} {}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
    /// What it said for people.
    #[track_caller]
    fn text(&self) -> &str {
        assert!(self.well, "{} {}", self.out, self.err);
        &self.out
    }
}

/// Runs the program with these words behind its name, on the server's database.
async fn run(server: &TestServer, words: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candor"));
    command.args(words.split(' ')).env("DATABASE_URL", server.database_url());
    let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { well: done.status.success(), out: text(done.stdout), err: text(done.stderr) }
}

fn keys(row: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

async fn organizations_are_listed_and_shown(server: TestServer) {
    assert_eq!(run(&server, "organizations list --json").await.json(), json!([]), "a fresh database");
    server.owner("southwind").await;
    let owner = server.owner("northwind").await;
    server.member("northwind", Role::Viewer).await;
    owner.create_service("northwind", "API", "").await;
    let deleted = owner.create_service("northwind", "Old", "").await;
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": deleted })).await.right();

    let all = run(&server, "organizations list --json").await.json();
    let told: Vec<(&str, i64, i64)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["slug"].as_str().unwrap(), row["members"].as_i64().unwrap(), row["services"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("northwind", 2, 1), ("southwind", 1, 0)], "by slug; what is deleted does not count");
    assert_eq!(keys(&all[0]), ["created_at", "id", "members", "name", "services", "slug", "suspended_at"]);
    assert!(all[0]["suspended_at"].is_null());
    let text = run(&server, "organizations list").await;
    let lines: Vec<&str> = text.text().lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("northwind "), "{lines:?}");
    assert!(lines[0].contains("2 members") && lines[0].contains("1 services"), "{lines:?}");

    let one = run(&server, "organizations show northwind --json").await.json();
    assert_eq!(one["owners"], json!(["owner-northwind@example.com"]));
    assert_eq!((&one["id"], &one["members"], &one["services"]), (&all[0]["id"], &json!(2), &json!(1)));
    let text = run(&server, "organizations show northwind").await;
    for words in ["northwind", "2 members", "owner-northwind@example.com", one["id"].as_str().unwrap()] {
        assert!(text.text().contains(words), "{words}: {}", text.out);
    }
}

async fn people_are_listed(server: TestServer) {
    server.owner("northwind").await;
    server.person("ana").await;
    server.execute("update users set email_verified_at = 1 where name = 'ana'").await;
    let all = run(&server, "users list --json").await.json();
    let told: Vec<(&str, bool, i64)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let email = row["email"].as_str().unwrap();
            (email, row["verified"].as_bool().unwrap(), row["organizations"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(told, [("ana@example.com", true, 0), ("owner-northwind@example.com", false, 1)]);
    assert_eq!(
        keys(&all[0]),
        ["created_at", "email", "id", "name", "organizations", "verification_withdrawn", "verified"]
    );
    let text = run(&server, "users list").await;
    let lines: Vec<&str> = text.text().lines().collect();
    assert!(lines.len() == 2 && lines[1].contains("not verified") && !lines[0].contains("not verified"), "{lines:?}");
}

async fn what_is_not_there_is_said_and_the_program_fails(server: TestServer) {
    server.owner("northwind").await;
    for (words, what) in [
        ("organizations show nowhere", "organization"),
        ("organizations show nowhere --json", "organization"),
        ("organizations suspend nowhere", "organization"),
        ("organizations restore nowhere", "organization"),
        ("users reset-password nobody@example.com", "account"),
        ("users make-owner nobody@example.com --organization northwind", "account"),
        ("users make-owner owner-northwind@example.com --organization nowhere --unverified", "organization"),
    ] {
        let ran = run(&server, words).await;
        assert!(!ran.well && ran.out.is_empty(), "{words}: {}", ran.out);
        assert!(ran.err.contains(&format!("error: This {what} does not exist")), "{words}: {}", ran.err);
    }
    // A word that is missing is told with what is needed.
    let ran = run(&server, "users make-owner owner-northwind@example.com").await;
    assert!(!ran.well && ran.err.contains("--organization"), "{}", ran.err);
}

async fn a_suspended_organization_is_nowhere_until_it_is_restored(server: TestServer) {
    let (owner, visitor) = (server.owner("northwind").await, server.browser());
    server.owner("southwind").await;
    let statuses = async || {
        let frame = owner.rpc("frame", json!({ "organization": "northwind" })).await.status;
        let (page, screen) = (visitor.get("/status/northwind").await, owner.get("/dashboard/northwind").await);
        (page.status, screen.status, frame, visitor.get("/").await.text().contains("/status/northwind"))
    };
    assert_eq!(statuses().await, (200, 200, 200, true));
    let told = operator::suspend(&server.app, "northwind", true).await.unwrap();
    assert!(told.organization.suspended_at.is_some());
    assert_eq!(statuses().await, (404, 404, 404, false));
    assert_eq!(owner.rpc("who_am_i", json!({})).await.right()["organizations"], json!([]));
    assert_eq!(visitor.get("/status/southwind").await.status, 200, "others stay");
    // What is so already is no change.
    let entries = async || server.number("select count(*) from audit_entries").await;
    let before = entries().await;
    operator::suspend(&server.app, "northwind", true).await.unwrap();
    assert_eq!(entries().await, before);

    let told = operator::suspend(&server.app, "northwind", false).await.unwrap();
    assert!(told.organization.suspended_at.is_none());
    assert_eq!(statuses().await, (200, 200, 200, true));
    let lines = owner.audit("northwind", "", "organization").await;
    let told: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["organization.restored", "organization.suspended", "organization.created"]);
    assert_eq!((lines[0]["actor"].as_str(), lines[0]["door"].as_str()), (Some("operator"), Some("command_line")));
}

async fn page_is(visitor: &Browser, status: u16) -> Option<()> {
    (visitor.get("/status/northwind").await.status == status).then_some(())
}

async fn a_running_server_hears_of_it(server: TestServer) {
    jobs::start(&server.app);
    server.owner("northwind").await;
    let visitor = server.browser();
    assert!(page_is(&visitor, 200).await.is_some(), "the page is made, and kept");
    let told = run(&server, "organizations suspend northwind --json").await.json();
    assert!(told["suspended_at"].is_string(), "{told}");
    eventually("the page is gone", async || page_is(&visitor, 404).await).await;
    let text = run(&server, "organizations show northwind").await;
    assert!(text.text().contains("suspended"), "{}", text.out);
    let told = run(&server, "organizations restore northwind --json").await.json();
    assert!(told["suspended_at"].is_null(), "{told}");
    eventually("the page is back", async || page_is(&visitor, 200).await).await;
}

async fn a_new_password_ends_every_session(server: TestServer) {
    let (ana, bob) = (server.person("ana").await, server.person("bob").await);
    let told = run(&server, "users reset-password ANA@example.com --json").await.json();
    assert_eq!(keys(&told), ["email", "expires_at", "password"]);
    let password = told["password"].as_str().unwrap();
    assert!(password.len() >= 20, "{password}");
    assert!(!ana.is_signed_in().await && bob.is_signed_in().await);
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 422);
    assert_eq!(server.browser().sign_in("ana", password).await.status, 303);
    assert_eq!(server.number("select count(*) from users").await, 2);
    // For people, and another one each time.
    let text = run(&server, "users reset-password ana@example.com").await;
    let second = text.text().split_once("the password ").unwrap().1.split(' ').next().unwrap();
    assert_ne!(second, password);
    assert_eq!(server.browser().sign_in("ana", password).await.status, 422);
    assert_eq!(server.browser().sign_in("ana", second).await.status, 303);
}

/// Whoever is helped back in is alone in the account, and has a day to choose a password.
async fn operator_reset_revokes_access_and_expires(server: TestServer) {
    let identity = OidcIdentity {
        issuer: "https://id.example.com".to_owned(),
        subject: "attacker".to_owned(),
        email: Some("ana@example.com".to_owned()),
        email_verified: false,
        name: None,
    };
    sign_in_oidc(server.app.clone(), identity.clone(), candor::server::clock::now()).await.unwrap();
    let given = operator::reset_password(&server.app, "ana@example.com").await.unwrap();
    assert_eq!(server.number("select count(*) from oidc_identities").await, 0);
    assert!(sign_in_oidc(server.app.clone(), identity, candor::server::clock::now()).await.is_err());
    let ana = server.browser();
    assert_eq!(ana.sign_in("ana", &given.password).await.status, 303);
    let program = Bearer::personal(&server, &ana, "northwind", "owner").await;
    assert_eq!(program.get("/api/v1/me").await.status, 200);

    let given = operator::reset_password(&server.app, "ana@example.com").await.unwrap().password;
    assert!(!ana.is_signed_in().await);
    assert_eq!(program.get("/api/v1/me").await.status, 401);
    let day = "select count(*) from users where password_expires_at - updated_at = 86400000000";
    assert_eq!(server.number(day).await, 1);
    ana.sign_in("ana", &given).await;
    let expire = "update users set password_expires_at = 1 where password_expires_at is not null";
    server.execute(expire).await;
    let refused = server.browser().sign_in("ana", &given).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("temporary password has expired"), "{}", refused.text());
    let wrong = server.browser().sign_in("ana", PASSWORD).await.text();
    assert!(!wrong.contains("expired"), "only who knows it is told");
    // One that the person has chosen does not expire.
    let fields = [("what", "password"), ("current_password", &given), ("password", PASSWORD)];
    assert_eq!(ana.post("/account", &fields).await.location(), "/account?done=password");
    server.execute(expire).await;
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 303);
}

async fn an_owner_is_made_and_the_audit_log_says_how(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mia = server.joined(&owner, "northwind", "mia", "viewer").await;
    let bob = server.person("bob").await;
    server.execute("update users set email_verified_at = 1 where name = 'mia'").await;
    let command = |email: &str| format!("users make-owner {email} --organization northwind --json");
    // Anybody can have signed up with the address.
    let refused = run(&server, &command("bob@example.com")).await;
    assert!(!refused.well && refused.err.contains("--unverified"), "{}", refused.err);
    bob.rpc("frame", json!({ "organization": "northwind" })).await.refused(404, "not_found");
    let make = async |email: &str| {
        let unverified = if email.starts_with("mia") { "" } else { " --unverified" };
        run(&server, &format!("{}{unverified}", command(email))).await.json()
    };
    make("mia@example.com").await;
    let told = make("Bob@example.com").await;
    assert_eq!(told["owners"], json!(["bob@example.com", "mia@example.com", "owner-northwind@example.com"]));
    for browser in [&mia, &bob] {
        let frame = browser.rpc("frame", json!({ "organization": "northwind" })).await.right();
        assert_eq!(frame["organization"]["role"], "owner");
    }
    let lines = owner.audit("northwind", "", "member").await;
    let told = |line: &Value| {
        ["action", "subject", "before", "after", "actor", "door"]
            .map(|key| line[key].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(told(&lines[0]), ["member.added", "bob", "-", "owner", "operator", "command_line"]);
    assert_eq!(told(&lines[1]), ["member.role_changed", "mia", "viewer", "owner", "operator", "command_line"]);
    assert!(lines[0]["address"].is_null());
    // An owner already: nothing is written.
    make("bob@example.com").await;
    assert_eq!(owner.audit("northwind", "", "member").await, lines);
}

async fn no_secret_is_ever_printed(server: TestServer) {
    let owner = server.owner("northwind").await;
    let invitation = owner.invite("northwind", "mia", "viewer").await;
    server.joined(&owner, "northwind", "nora", "admin").await;
    let mut said = String::new();
    for words in [
        "organizations list",
        "organizations show northwind",
        "organizations suspend northwind",
        "organizations restore northwind",
        "users list",
        "users make-owner nora@example.com --organization northwind --unverified",
    ] {
        said.push_str(run(&server, words).await.text());
        said.push_str(&run(&server, &format!("{words} --json")).await.json().to_string());
    }
    let reset = run(&server, "users reset-password nora@example.com --json").await;
    said.push_str(&reset.json().to_string());
    let mut secrets = vec![PASSWORD.to_owned(), owner.session().unwrap(), invitation];
    for column in ["password_hash from users", "token_hash from invitations", "id_hash from sessions"] {
        let kept = server.texts(&format!("select {column}")).await;
        assert!(!kept.is_empty(), "{column}");
        secrets.extend(kept);
    }
    for secret in secrets {
        assert!(secret.len() > 8 && !said.contains(&secret), "“{secret}” in {said}");
    }
    assert!(said.contains("nora@example.com") && !said.contains("$argon2"), "{said}");
}

/// A name that an older version let in moves no cursor, makes no line of its own, and is whole in JSON.
async fn control_characters_are_escaped_on_the_terminal(server: TestServer) {
    let owner = server.owner("northwind").await;
    let name = "a\u{1b}]0;x\u{7}b\nc\u{9b}2J\u{202e}";
    server.execute(&format!("update organizations set name = '{name}'")).await;
    server.execute(&format!("update users set name = '{name}'")).await;
    for words in ["organizations list", "organizations show northwind", "users list"] {
        let ran = run(&server, words).await;
        let text = ran.text();
        assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{words}: {text:?}");
        assert!(text.contains("a\\u001b]0;x\\u0007b\\u000ac\\u009b2J\\u202e"), "{words}: {text:?}");
        assert_eq!(text.lines().filter(|line| line.starts_with('c')).count(), 0, "{words}: {text:?}");
    }
    assert_eq!(run(&server, "organizations list --json").await.json()[0]["name"], name);
    drop(owner);
}
