//! Creating organizations, `/` (the directory) and `/status`.

use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::domain::role::Role;
use serde_json::{Value, json};

both_engines!(
    who_creates_an_organization_owns_it,
    a_plain_form_creates_an_organization_and_goes_on,
    a_slug_is_taken_once,
    a_slug_that_means_something_else_is_refused,
    everything_wrong_is_told_at_once,
    a_time_zone_is_one_of_the_list,
    a_person_owns_only_so_many,
    organizations_created_at_once_are_counted_one_by_one,
    old_former_slugs_become_free,
    slugs_change_only_so_often,
    check_slug_says_what_creating_would_say,
    the_first_screen_is_the_last_used_organization,
    the_frame_shows_the_organization,
    the_directory_lists_who_wants_to_be_listed,
    the_directory_finds_organizations_and_services,
    the_directory_filters_by_problems,
    status_leads_to_the_only_page,
    status_does_not_lead_to_an_unlisted_or_suspended_page,
    status_is_the_directory_of_several,
);

fn input(name: &str, slug: &str, time_zone: &str) -> Value {
    json!({ "input": { "name": name, "slug": slug, "time_zone": time_zone, "listed": false } })
}

async fn who_creates_an_organization_owns_it(server: TestServer) {
    let ana = server.person("ana").await;
    let answer = ana.rpc("create_organization", input(" Northwind ", "northwind", "Europe/Vienna")).await;
    let made = answer.right();
    assert_eq!(
        (made["name"].as_str(), made["slug"].as_str(), made["role"].as_str()),
        (Some("Northwind"), Some("northwind"), Some("owner"))
    );
    assert_eq!(answer.location(), "/dashboard/northwind/services");
    let me = ana.rpc("who_am_i", json!({})).await.right();
    assert_eq!(me["organizations"], json!([made]));
    let audit = server.texts("select action || ' ' || actor || ' ' || door from audit_entries").await;
    assert_eq!(audit, ["organization.created ana dashboard"]);
    server.browser().rpc("create_organization", input("X", "xx", "UTC")).await.refused(401, "unauthenticated");
}

/// "Forms that work before hydration" (product).
async fn a_plain_form_creates_an_organization_and_goes_on(server: TestServer) {
    let ana = server.person("ana").await;
    let fields = [
        ("input[name]", "Northwind"),
        ("input[slug]", "northwind"),
        ("input[time_zone]", "UTC"),
        ("input[listed]", "true"),
    ];
    let answer = ana.post("/rpc/create_organization", &fields).await;
    assert_eq!((answer.status, answer.location()), (302, "/dashboard/northwind/services"));
    // A box that is not ticked is not sent at all.
    let answer = ana
        .post(
            "/rpc/create_organization",
            &[("input[name]", "Southwind"), ("input[slug]", "southwind"), ("input[time_zone]", "UTC")],
        )
        .await;
    assert_eq!((answer.status, answer.location()), (302, "/dashboard/southwind/services"));
    assert_eq!(server.number("select count(*) from organizations where listed_at is null").await, 1);
    // What is wrong leads back to the form.
    let request =
        ana.form("/rpc/create_organization", &[("input[name]", ""), ("input[slug]", "x"), ("input[time_zone]", "UTC")]);
    let answer = ana.send(request.header("referer", format!("{}/dashboard/new", ana.origin()))).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().starts_with(&format!("{}/dashboard/new?", ana.origin())), "{}", answer.location());
    assert_eq!(server.number("select count(*) from organizations").await, 2);
}

async fn a_slug_is_taken_once(server: TestServer) {
    server.owner("northwind").await;
    let bob = server.person("bob").await;
    assert_eq!(bob.rpc("create_organization", input("Other", "northwind", "UTC")).await.wrong_fields(), ["slug"]);
    // The database decides between two at the same moment.
    let mut racing = Vec::new();
    for _ in 0..6 {
        let bob = bob.clone();
        racing.push(tokio::spawn(async move { bob.rpc("create_organization", input("Race", "race", "UTC")).await }));
    }
    let mut won = 0;
    for racer in racing {
        let answer = racer.await.unwrap();
        if answer.status == 200 { won += 1 } else { assert_eq!(answer.wrong_fields(), ["slug"]) }
    }
    assert_eq!(won, 1);
    assert_eq!(server.number("select count(*) from organizations where slug = 'race'").await, 1);
}

async fn a_slug_that_means_something_else_is_refused(server: TestServer) {
    let ana = server.person("ana").await;
    let long = "x".repeat(41);
    for slug in [
        "dashboard",
        "services",
        "incidents",
        "maintenance",
        "team",
        "organization",
        "status",
        "api",
        "new",
        "",
        "x",
        "Northwind",
        "north wind",
        "-a",
        "a--b",
        "../x",
        "a/b",
        "ä1",
        &long,
    ] {
        assert_eq!(ana.rpc("create_organization", input("X", slug, "UTC")).await.wrong_fields(), ["slug"], "{slug:?}");
        let check = ana.rpc("check_slug", json!({ "slug": slug })).await.right();
        assert!(check["problem"].is_string(), "{slug:?}: {check}");
    }
    assert_eq!(server.number("select count(*) from organizations").await, 0);
}

async fn everything_wrong_is_told_at_once(server: TestServer) {
    let ana = server.person("ana").await;
    assert_eq!(
        ana.rpc("create_organization", input("", "A", "Mars/Olympus")).await.wrong_fields(),
        ["name", "slug", "time_zone"]
    );
    for name in ["", "   ", &"x".repeat(81), "a\u{1}b", "a\u{1b}[31m", "two\nlines"] {
        assert_eq!(
            ana.rpc("create_organization", input(name, "northwind", "UTC")).await.wrong_fields(),
            ["name"],
            "{name:?}"
        );
    }
    // Characters count, not bytes.
    let made = ana.rpc("create_organization", input(&"ö".repeat(80), "northwind", "UTC")).await.right();
    assert_eq!(made["name"], "ö".repeat(80));
}

async fn a_time_zone_is_one_of_the_list(server: TestServer) {
    let ana = server.person("ana").await;
    let zones = ana.rpc("time_zones", json!({})).await.right();
    let zones: Vec<&str> = zones.as_array().unwrap().iter().map(|zone| zone.as_str().unwrap()).collect();
    assert!(zones.len() > 300 && zones.contains(&"Europe/Vienna") && zones.contains(&"UTC") && zones.is_sorted());
    assert_eq!(
        ana.rpc("create_organization", input("X", "northwind", "Europe/Atlantis")).await.wrong_fields(),
        ["time_zone"]
    );
    ana.rpc("create_organization", input("X", "northwind", "America/Argentina/Buenos_Aires")).await.right();
    ana.rpc("create_organization", input("X", "southwind", "")).await.right();
    let kept = server.texts("select time_zone from organizations order by slug").await;
    assert_eq!(kept, ["America/Argentina/Buenos_Aires", "UTC"]);
}

async fn a_person_owns_only_so_many(server: TestServer) {
    let ana = server.person("ana").await;
    for number in 0..20 {
        ana.rpc("create_organization", input("X", &format!("org-{number}"), "UTC")).await.right();
    }
    ana.rpc("create_organization", input("X", "org-20", "UTC")).await.refused(409, "conflict");
}

/// What is counted and then made is counted once, whatever comes at the same moment.
async fn organizations_created_at_once_are_counted_one_by_one(server: TestServer) {
    let ana = server.person("ana").await;
    let creating = (0..40).map(|number| {
        let ana = ana.clone();
        tokio::spawn(async move { ana.rpc("create_organization", input("X", &format!("org-{number}"), "UTC")).await })
    });
    let answers: Vec<_> = futures_util::future::join_all(creating).await.into_iter().map(Result::unwrap).collect();
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(200), of(409)), (20, 20));
    assert_eq!(server.number("select count(*) from organizations").await, 20);
}

async fn rename(owner: &Browser, from: &str, to: &str) -> Answer {
    let input = json!({ "name": "Northwind", "slug": to, "time_zone": "UTC" });
    owner.rpc("update_organization", json!({ "organization": from, "input": input })).await
}

/// An organization holds its five latest former slugs; older ones are for everybody.
async fn old_former_slugs_become_free(server: TestServer) {
    let (owner, other) = (server.owner("name-0").await, server.person("other").await);
    assert_eq!(server.browser().get("/status/name-0").await.status, 200, "the server knows whose it is");
    for number in 0..6 {
        rename(&owner, &format!("name-{number}"), &format!("name-{}", number + 1)).await.right();
    }
    let held = server.texts("select slug from former_slugs order by slug").await;
    assert_eq!(held, ["name-1", "name-2", "name-3", "name-4", "name-5"]);
    let moved = server.browser().get("/status/name-1").await;
    assert_eq!((moved.status, moved.location()), (308, "/status/name-6"));
    other.rpc("create_organization", input("X", "name-1", "UTC")).await.wrong_fields();
    other.rpc("create_organization", input("Another", "name-0", "UTC")).await.right();
    let page = server.browser().get("/status/name-0").await;
    assert!(page.status == 200 && page.text().contains("Another"), "{}", page.text());
    // Back and forth takes no further name.
    rename(&owner, "name-6", "name-5").await.right();
    rename(&owner, "name-5", "name-6").await.right();
    assert_eq!(server.number("select count(*) from former_slugs").await, 5);
}

async fn slugs_change_only_so_often(server: TestServer) {
    let owner = server.owner("name-0").await;
    for number in 0..10 {
        rename(&owner, &format!("name-{number}"), &format!("name-{}", number + 1)).await.right();
    }
    rename(&owner, "name-10", "name-11").await.refused(429, "too_many");
    let input = json!({ "name": "Another", "slug": "name-10", "time_zone": "UTC" });
    owner.rpc("update_organization", json!({ "organization": "name-10", "input": input })).await.right();
}

async fn check_slug_says_what_creating_would_say(server: TestServer) {
    let owner = server.owner("northwind").await;
    let taken = owner.rpc("check_slug", json!({ "slug": "northwind" })).await.right();
    assert_eq!((taken["problem"].is_string(), taken["suggestion"].as_str()), (true, Some("northwind-2")), "{taken}");
    let free = owner.rpc("check_slug", json!({ "slug": " southwind " })).await.right();
    assert_eq!(free, json!({ "slug": "southwind", "problem": null, "suggestion": null }));
    server.browser().rpc("check_slug", json!({ "slug": "northwind" })).await.refused(401, "unauthenticated");
}

async fn the_first_screen_is_the_last_used_organization(server: TestServer) {
    let ana = server.person("ana").await;
    let first = async || ana.rpc("first_screen", json!({})).await.right();
    assert_eq!(first().await, "/dashboard/new");
    ana.create_organization("northwind").await;
    ana.create_organization("southwind").await;
    assert_eq!(first().await, "/dashboard/southwind");
    ana.rpc("frame", json!({ "organization": "northwind" })).await.right();
    assert_eq!(first().await, "/dashboard/northwind");
    // Who is no member any more begins with what is left.
    server
        .execute("delete from members where organization_id = (select id from organizations where slug = 'northwind')")
        .await;
    assert_eq!(first().await, "/dashboard/southwind");
}

async fn the_frame_shows_the_organization(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = owner.create_service("northwind", "API", "").await;
    server.member("northwind", Role::Viewer).await;
    owner.set_status("northwind", &[&id], "major_outage").await;
    let frame = owner.rpc("frame", json!({ "organization": "northwind" })).await.right();
    assert_eq!(
        (frame["services"].as_i64(), frame["members"].as_i64(), frame["time_zone"].as_str()),
        (Some(1), Some(2), Some("Europe/Vienna"))
    );
    assert_eq!(frame["status"], json!({ "indicator": "critical", "description": "Major System Outage" }));
    assert_eq!(frame["status_page"], format!("{}/status/northwind", server.url));
}

async fn the_directory_lists_who_wants_to_be_listed(server: TestServer) {
    assert!(server.browser().get("/").await.text().contains("No organizations listed yet"));
    let ana = server.person("ana").await;
    for (name, slug, listed) in [("Beta", "beta", true), ("alpha <b>", "alpha", true), ("Hidden", "hidden", false)] {
        ana.rpc(
            "create_organization",
            json!({ "input": { "name": name, "slug": slug, "time_zone": "UTC", "listed": listed } }),
        )
        .await
        .right();
    }
    let page = server.browser().get("/").await.text();
    let (alpha, beta) = (page.find("/status/alpha"), page.find("/status/beta"));
    assert!(alpha.is_some() && alpha < beta, "by name, whatever the case");
    assert!(!page.contains("/status/hidden") && !page.contains("Hidden"));
    assert!(page.contains("alpha &lt;b&gt;") && !page.contains("<b>"));
    assert!(page.contains("Sign in") && page.contains("Sign up") && !page.contains("My dashboard"));
    let own = ana.get("/").await.text();
    assert!(own.contains("My dashboard") && !own.contains(">Sign in<"));
    assert_eq!(server.browser().get("/status/hidden").await.status, 200, "not listed is not secret");
}

async fn the_directory_finds_organizations_and_services(server: TestServer) {
    let ana = server.person("ana").await;
    for (slug, service) in [("northwind", "Payments 100%"), ("southwind", "Search_index"), ("östwind", "Über")] {
        let (slug, name) = (slug.replace('ö', "oe"), slug);
        ana.rpc(
            "create_organization",
            json!({ "input": { "name": name, "slug": slug, "time_zone": "UTC", "listed": true } }),
        )
        .await
        .right();
        ana.create_service(&slug, service, "").await;
    }
    let deleted = ana.create_service("southwind", "Legacy", "").await;
    ana.rpc("delete_service", json!({ "organization": "southwind", "id": deleted })).await.right();
    let browser = server.browser();
    let find = async |words: &str| {
        let page = browser.get(&format!("/?{}", crate::support::encode(&[("q", words)]))).await;
        assert_eq!(page.status, 200, "{words:?}");
        let page = page.text();
        ["northwind", "southwind", "oestwind"]
            .into_iter()
            .filter(|slug| page.contains(&format!("\"/status/{slug}\"")))
            .collect::<Vec<_>>()
    };
    assert_eq!(find("WIND").await, ["northwind", "southwind", "oestwind"]);
    assert_eq!(find(" North ").await, ["northwind"]);
    assert_eq!(find("payments").await, ["northwind"], "a service");
    assert_eq!(find("100%").await, ["northwind"], "a percent sign is one");
    assert_eq!(find("h_i").await, ["southwind"], "and so is an underscore");
    assert_eq!(find("%").await, ["northwind"]);
    assert_eq!(find("ÖST").await, ["oestwind"], "not only ASCII has two cases");
    assert_eq!(find("über").await, ["oestwind"]);
    assert!(find("legacy").await.is_empty(), "a deleted service is not found");
    assert!(find("' or 1=1 --").await.is_empty());
    assert!(find("\\").await.is_empty());
    let nothing = browser.get("/?q=zzz").await.text();
    assert!(nothing.contains("No results") && nothing.contains(r#"value="zzz""#), "what was typed stays");
    let hostile = browser.get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await.text();
    assert!(!hostile.contains("<script>alert"));
    assert_eq!(browser.get(&format!("/?q={}", "x".repeat(5000))).await.status, 200);
}

async fn the_directory_filters_by_problems(server: TestServer) {
    let north = server.owner("northwind").await;
    let south = server.owner("southwind").await;
    north.create_service("northwind", "API", "").await;
    let id = south.create_service("southwind", "API", "").await;
    south.set_status("southwind", &[&id], "degraded_performance").await;
    let page = server.browser().get("/?state=unwell").await.text();
    assert!(!page.contains("/status/northwind") && page.contains("/status/southwind"));
    assert!(page.contains("Partially Degraded Service") && page.contains("1 of 1 services affected"));
}

async fn status_leads_to_the_only_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    let answer = server.browser().get("/status").await;
    assert_eq!((answer.status, answer.location()), (303, "/status/northwind"));
    owner.create_organization("southwind").await;
    assert_eq!(server.browser().get("/status").await.status, 200, "no memory of when there was one");
}

/// The address of a page that is not listed, or suspended, is not told to everybody.
async fn status_does_not_lead_to_an_unlisted_or_suspended_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    let hidden = async || {
        let answer = server.browser().get("/status").await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("northwind"), "{}", answer.text());
    };
    let mut settings = owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    settings["listed"] = json!(false);
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": settings })).await.right();
    hidden().await;
    settings["listed"] = json!(true);
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": settings })).await.right();
    assert_eq!(server.browser().get("/status").await.location(), "/status/northwind");
    candor::server::operator::suspend(&server.app, "northwind", true).await.unwrap();
    hidden().await;
}

async fn status_is_the_directory_of_several(server: TestServer) {
    assert_eq!(server.browser().get("/status").await.status, 200);
    server.owner("northwind").await;
    server.owner("southwind").await;
    let page = server.browser().get("/status").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/status/northwind") && page.text().contains("/status/southwind"));
}
