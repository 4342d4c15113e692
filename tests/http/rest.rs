//! What all of `/api/v1` has in common: refusals, keys of requests, tags, limits, the document.

use crate::support::{Bearer, TestServer, both_engines, problem_fields};
use serde_json::{Value, json};

both_engines!(
    every_refusal_is_a_problem,
    wrong_fields_are_named,
    a_request_with_a_key_is_done_once,
    a_key_is_of_one_token_and_one_request,
    idempotency_keys_are_bounded_for_all_tokens_together,
    two_at_once_with_a_key_are_one,
    a_secret_is_not_given_twice,
    what_has_not_changed_is_not_sent_again,
    limits_are_told_and_kept,
    every_operation_knows_who_asks,
    the_document_and_its_page_come_from_here,
    nobody_reads_across_origins_with_a_token,
    who_may_not_read_any_more_is_not_told_again,
    a_token_makes_none_that_outlives_it,
    rules_that_never_come_again_are_refused,
    pages_of_other_sites_ask_with_what_they_have,
    everything_is_there_as_files,
);

async fn every_refusal_is_a_problem(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let none = Bearer::new(&server, "northwind", "cnd_0");
    let new = json!({ "name": "API" });
    let text = |program: &Bearer, kind: &'static str, body: &'static str| {
        let request = server.browser().request("POST".parse().unwrap(), "/api/v1/organizations/northwind/services");
        let request = request.header("authorization", format!("Bearer {}", program.token));
        request.header("content-type", kind).body(body)
    };
    let browser = server.browser();
    let refused = [
        (401, none.get("/services").await),
        (403, viewer.post("/services", new.clone()).await),
        (404, admin.get("/services/aaaaaaaaaaaa").await),
        (404, admin.get("/services/no-id").await),
        (404, admin.get("/api/v1/organizations/southwind/services").await),
        (404, admin.get("/api/v1/nothing").await),
        (404, browser.get("/api/v2").await),
        (405, admin.patch("/services", json!({})).await),
        (404, admin.ask("PATCH", "/services/aaaaaaaaaaaa", Some(&json!({})), &[("if-match", "\"x\"")]).await),
        (400, browser.send(text(&admin, "application/json", "{")).await),
        (400, admin.get("/services/%00").await),
        (400, admin.get("/audit?words=%00").await),
        (400, browser.send(text(&admin, "application/json", r#"{"name":"a\u0000b"}"#)).await),
        (415, browser.send(text(&admin, "text/plain", "{}")).await),
        (413, admin.post("/services", json!({ "name": "x".repeat(300 * 1024) })).await),
        (422, admin.post("/services", json!({ "name": "" })).await),
        (422, admin.get("/audit?limit=0").await),
        (422, admin.get("/audit?after=x").await),
        (422, admin.get("/audit?color=red").await),
    ];
    for (expected, answer) in refused {
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (expected, "application/problem+json"),
            "{}",
            answer.text()
        );
        let problem = answer.json();
        assert_eq!((&problem["type"], &problem["status"]), (&json!("about:blank"), &json!(expected)), "{problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with('.') && !detail.contains('<'), "a sentence: {detail}");
        assert_eq!(expected == 401, answer.header("www-authenticate").starts_with("Bearer"), "{problem}");
        assert_eq!(expected == 405, !answer.header("allow").is_empty(), "{problem}");
    }
}

async fn wrong_fields_are_named(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    for (body, field, words) in [
        (json!({ "name": "API", "colour": "red" }), "colour", "Unknown field."),
        (json!({}), "name", "This field is required."),
        (json!({ "name": 7 }), "name", "Invalid type"),
        (json!({ "name": "API", "group_id": "x" }), "group_id", "An ID has 12 characters"),
        (json!({ "name": "  " }), "name", "Enter a name."),
        (json!({ "name": "API", "group_id": "aaaaaaaaaaaa" }), "group_id", "This group was just deleted"),
    ] {
        let answer = admin.post("/services", body.clone()).await;
        assert_eq!(problem_fields(&answer), [field], "{body}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(words), "{body}: {message}");
    }
    for query in ["?limit=201", "?limit=x", "?limit=-1"] {
        assert_eq!(problem_fields(&admin.get(&format!("/audit{query}")).await), ["limit"], "{query}");
    }
    assert_eq!(problem_fields(&admin.get("/audit?colour=red").await), ["colour"]);
    assert_eq!(problem_fields(&admin.get("/uptime?from=yesterday").await), ["from"]);
}

async fn number_of_services(program: &Bearer) -> usize {
    program.get("/services").await.right()["services"].as_array().unwrap().len()
}

async fn a_request_with_a_key_is_done_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let new = json!({ "name": "API" });
    let key = [("idempotency-key", "\"4c2e\"")];
    let first = admin.ask("POST", "/services", Some(&new), &key).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{}", first.text());
    let again = admin.ask("POST", "/services", Some(&new), &key).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    for name in ["location", "etag", "content-type", "cache-control"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((again.body, number_of_services(&admin).await), (first.body, 1));

    // A refusal is an answer too.
    let key = [("idempotency-key", "refused")];
    for replayed in ["", "true"] {
        let refused = admin.ask("POST", "/services", Some(&new), &key).await;
        assert_eq!((refused.status, refused.header("idempotency-replayed")), (422, replayed), "{}", refused.text());
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    // Without a key it is another request.
    assert_eq!(admin.post("/services", json!({ "name": "Web" })).await.status, 201);
    assert_eq!(number_of_services(&admin).await, 2);

    // After a day it is forgotten.
    let restored = json!({ "name": "Mail" });
    let key = [("idempotency-key", "old")];
    assert_eq!(admin.ask("POST", "/services", Some(&restored), &key).await.status, 201);
    server.execute("update idempotency_keys set claimed_at = 1").await;
    assert_eq!(admin.ask("POST", "/services", Some(&restored), &key).await.status, 422, "the name is taken");
    for wrong in ["", "two words", &"x".repeat(256)] {
        let answer = admin.ask("POST", "/services", Some(&new), &[("idempotency-key", wrong)]).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
}

async fn a_key_is_of_one_token_and_one_request(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let other = Bearer::of(&server, &owner, "northwind", "admin").await;
    let nobody = Bearer::new(&server, "northwind", "cnd_0");
    let key = [("idempotency-key", "same")];
    let (api, web) = (json!({ "name": "API" }), json!({ "name": "Web" }));
    assert_eq!(nobody.ask("POST", "/services", Some(&api), &key).await.status, 401);
    assert_eq!(server.number("select count(*) from idempotency_keys").await, 0);
    assert_eq!(admin.ask("POST", "/services", Some(&api), &key).await.status, 201);
    assert_eq!(problem_fields(&admin.ask("POST", "/services", Some(&web), &key).await), ["Idempotency-Key"]);
    assert_eq!(problem_fields(&admin.ask("POST", "/groups", Some(&api), &key).await), ["Idempotency-Key"]);
    assert_eq!(other.ask("POST", "/services", Some(&web), &key).await.status, 201);

    // One that is under way, and one whose server is gone.
    server.execute("update idempotency_keys set status = null, claimed_at = 9000000000000000").await;
    let under_way = admin.ask("POST", "/services", Some(&api), &key).await;
    assert_eq!((under_way.status, under_way.header("retry-after")), (409, "1"), "{}", under_way.text());
    server.execute("update idempotency_keys set claimed_at = 1").await;
    assert_eq!(admin.ask("POST", "/services", Some(&api), &key).await.status, 422, "done again: the name is taken");
}

/// However many tokens somebody makes: the oldest keys go, and answers are kept up to a limit.
async fn idempotency_keys_are_bounded_for_all_tokens_together(server: TestServer) {
    let owner = server.owner("northwind").await;
    let tokens = [
        Bearer::of(&server, &owner, "northwind", "admin").await,
        Bearer::of(&server, &owner, "northwind", "admin").await,
    ];
    let (api, web, mail) = (json!({ "name": "API" }), json!({ "name": "Web" }), json!({ "name": "Mail" }));
    assert_eq!(tokens[0].ask("POST", "/services", Some(&api), &[("idempotency-key", "first")]).await.status, 201);
    // Many more of the same organization, later than the first.
    server
        .execute(
            "insert into idempotency_keys (owner, idempotency_key, fingerprint, claimed_at, principal, status)
             with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
             select 'many', cast(i as text), 'x', k.claimed_at + i, k.principal, 200 from n cross join idempotency_keys k",
        )
        .await;
    assert_eq!(tokens[1].ask("POST", "/services", Some(&web), &[("idempotency-key", "next")]).await.status, 201);
    assert_eq!(server.number("select count(*) from idempotency_keys").await, 5_000);
    assert_eq!(server.number("select count(*) from idempotency_keys where idempotency_key = 'first'").await, 0);
    // Answers that would go beyond what is kept are not given again, and the request is not carried out again.
    server.execute("update idempotency_keys set body_bytes = 2097152 where idempotency_key = 'next'").await;
    let key = [("idempotency-key", "beyond")];
    let made = tokens[0].ask("POST", "/services", Some(&mail), &key).await;
    assert_eq!(made.status, 201);
    let again = tokens[0].ask("POST", "/services", Some(&mail), &key).await;
    assert_eq!((again.status, again.location()), (409, made.location()), "{}", again.text());
}

async fn two_at_once_with_a_key_are_one(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::of(&server, &owner, "northwind", "admin").await;
    let new = json!({ "name": "API" });
    let ask = || async { admin.ask("POST", "/services", Some(&new), &[("idempotency-key", "race")]).await };
    let answers = futures_util::join!(ask(), ask(), ask(), ask());
    let mut statuses = [answers.0.status, answers.1.status, answers.2.status, answers.3.status];
    statuses.sort_unstable();
    assert!(statuses.iter().all(|status| [201, 409].contains(status)) && statuses[0] == 201, "{statuses:?}");
    assert_eq!(number_of_services(&admin).await, 1);
    assert_eq!(ask().await.status, 201);
}

async fn a_secret_is_not_given_twice(server: TestServer) {
    let owner = server.owner("northwind").await;
    let admin = Bearer::personal(&server, &owner, "northwind", "admin").await;
    let new = json!({ "name": "Deploys", "role": "viewer" });
    let key = [("idempotency-key", "token")];
    let made = admin.ask("POST", "/tokens", Some(&new), &key).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let again = admin.ask("POST", "/tokens", Some(&new), &key).await;
    assert_eq!((again.status, again.location()), (409, made.location()), "{}", again.text());
    assert!(!again.text().contains(&token));
    let kept = server.texts("select coalesce(body, '') from idempotency_keys").await;
    assert_eq!(kept, [""], "it stands nowhere");
}

async fn what_has_not_changed_is_not_sent_again(server: TestServer) {
    let owner = server.owner("northwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let path = format!("/services/{service}");
    let first = viewer.get(&path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 26, "strong: {tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = viewer.ask("GET", &path, None, &[("if-none-match", &known)]).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, tag.as_str()), "{known}");
    }
    assert_eq!(viewer.ask("GET", &path, None, &[("if-none-match", "\"x\"")]).await.status, 200);
    owner.set_status("northwind", &[&service], "major_outage").await;
    let changed = viewer.ask("GET", &path, None, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.right()["status"], "major_outage");
    assert_ne!(changed.header("etag"), tag);
}

async fn limits_are_told_and_kept(server: TestServer) {
    let server = server.restart_with(&["--api-requests-per-minute", "6"]).await;
    let owner = server.owner("northwind").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let first = viewer.get("/api/v1/me").await;
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("2", "1"));
    assert_eq!((first.header("ratelimit-reset"), first.header("ratelimit-policy")), ("10", "6;w=60"));
    let mut spent = first;
    for _ in 0..4 {
        spent = viewer.get("/api/v1/me").await;
        if spent.status == 429 {
            break;
        }
    }
    assert_eq!((spent.status, spent.header("content-type")), (429, "application/problem+json"), "{}", spent.text());
    assert_eq!(spent.header("ratelimit-remaining"), "0");
    assert!(spent.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=11).contains(&seconds)));
    // Neither another spelling of the header nor another address of the API helps; another token does.
    let request = server.browser().request("GET".parse().unwrap(), "/api/v1/organizations/northwind/services");
    let request = request.header("authorization", format!("bearer   {}", viewer.token));
    assert_eq!(server.browser().send(request).await.status, 429);
    let other = Bearer::of(&server, &owner, "northwind", "viewer").await;
    assert_eq!(other.get("/api/v1/me").await.status, 200);
}

/// Walks the document, so that no route is forgotten.
async fn every_operation_knows_who_asks(server: TestServer) {
    let server = server.restart_with(&["--api-requests-per-minute", "6000"]).await;
    let owner = server.owner("northwind").await;
    let stranger = server.owner("southwind").await;
    let service = owner.create_service("northwind", "API", "").await;
    let program = Bearer::personal(&server, &stranger, "northwind", "owner").await;
    let document = server.browser().get("/api/openapi.json").await.right();
    let before = server.texts("select cast(version as text) from organizations order by slug").await;
    let mut walked = 0;
    let mut anonymous = Bearer::new(&server, "northwind", "");
    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path.replace("{organization}", "northwind").replace("{id}", &service);
        let address =
            address.split('{').enumerate().fold(String::new(), |whole, (at, part)| match part.split_once('}') {
                Some((_, rest)) if at > 0 => whole + "aaaaaaaaaaaa" + rest,
                _ => whole + part,
            });
        for (method, operation) in item.as_object().unwrap() {
            let Some(security) = operation.get("security").and_then(Value::as_array) else { continue };
            assert!(!security.is_empty(), "{method} {path}");
            // One way in that asks for nothing: it is public.
            if security.iter().any(|way| *way == json!({})) {
                continue;
            }
            let body = operation.get("requestBody").map(|_| json!({}));
            let method = method.to_uppercase();
            anonymous.token = format!("cnd_{walked}");
            // Strangers have a limit of their own.
            let answer = anonymous.ask(&method, &address, body.as_ref(), &[]).await;
            assert!([401, 429].contains(&answer.status), "{method} {address}: {} {}", answer.status, answer.text());
            if path.contains("{organization}") {
                let answer = program.ask(&method, &address, body.as_ref(), &[]).await;
                // What is wrong with the body may be said first: it tells nothing of the organization.
                assert!([404, 422].contains(&answer.status), "{method} {address}: {} {}", answer.status, answer.text());
            }
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked}");
    assert_eq!(server.texts("select cast(version as text) from organizations order by slug").await, before);
}

async fn the_document_and_its_page_come_from_here(server: TestServer) {
    let browser = server.browser();
    let document = browser.get("/api/openapi.json").await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    let tag = document.header("etag");
    assert_eq!(browser.get_with("/api/openapi.json", &[("if-none-match", tag)]).await.status, 304);
    assert_eq!(document.json()["info"]["title"], "Candor");

    assert_eq!(browser.get("/docs").await.location(), "/docs/");
    let page = browser.get("/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"), "{policy}");
    let text = page.text();
    assert!(!text.contains("http") && !text.contains("//"), "nothing from elsewhere: {text}");
    for part in
        text.split(['"']).filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"))
    {
        let file = browser.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(file.status, 200, "{part}");
    }
    let script = browser.get("/docs/swagger-initializer.js").await.text();
    assert!(script.contains("/api/openapi.json") && !script.contains("http"), "{script}");
    assert_eq!(browser.get("/docs/nothing.js").await.status, 404);
    let packed = browser.get_with("/docs/swagger-ui-bundle.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < 700_000, "{}", packed.body.len());
}

async fn nobody_reads_across_origins_with_a_token(server: TestServer) {
    let owner = server.owner("northwind").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let answer = viewer.ask("GET", "/services", None, &[("origin", "https://elsewhere.example")]).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ""));
    let asked = [("origin", "https://elsewhere.example"), ("access-control-request-method", "GET")];
    let preflight = viewer.ask("OPTIONS", "/services", None, &asked).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (405, ""));
}

/// Membership counts as it is now, also for an answer that was kept.
async fn who_may_not_read_any_more_is_not_told_again(server: TestServer) {
    let owner = server.owner("northwind").await;
    let reporter = Bearer::of(&server, &owner, "northwind", "status_reporter").await;
    let (body, key) = (json!({ "title": "Down", "body": "x" }), [("idempotency-key", "k-1")]);
    assert_eq!(reporter.ask("POST", "/incidents", Some(&body), &key).await.status, 201);
    let again = reporter.ask("POST", "/incidents", Some(&body), &key).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    server.execute("update organizations set suspended_at = 1 where slug = 'northwind'").await;
    let refused = reporter.ask("POST", "/incidents", Some(&body), &key).await;
    assert_eq!(refused.status, 404, "{}", refused.text());
}

async fn a_token_makes_none_that_outlives_it(server: TestServer) {
    let owner = server.owner("northwind").await;
    let month = Bearer::of(&server, &owner, "northwind", "admin").await;
    for days in [json!(null), json!(90), json!(365)] {
        let refused = month.post("/tokens", json!({ "name": "x", "role": "viewer", "expires_in_days": days })).await;
        assert_eq!((refused.status, problem_fields(&refused)), (422, vec!["expires_in_days".to_owned()]), "{days}");
    }
    let whole = Bearer::personal(&server, &owner, "northwind", "owner").await;
    assert_eq!(whole.post("/tokens", json!({ "name": "x", "role": "viewer" })).await.status, 201);
}

async fn rules_that_never_come_again_are_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let reporter = Bearer::of(&server, &owner, "northwind", "status_reporter").await;
    for rule in ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYHOUR=1,2,3", "FREQ=WEEKLY;COUNT=1"] {
        let window = json!({
            "title": "Upgrade", "body": "x", "services": [api], "repeat": rule,
            "starts_at": "2030-11-21T22:00:00Z", "ends_at": "2030-11-21T23:00:00Z",
        });
        let refused = reporter.post("/maintenance", window).await;
        assert_eq!((refused.status, problem_fields(&refused)), (422, vec!["repeat".to_owned()]), "{rule}");
    }
}

async fn pages_of_other_sites_ask_with_what_they_have(server: TestServer) {
    server.owner("northwind").await;
    let site = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "if-none-match"),
    ];
    for path in ["/api/v1/status/northwind", "/status/northwind/api/v2/summary.json", "/status/northwind/embed.json"] {
        let mut request = server.browser().request("OPTIONS".parse().unwrap(), path);
        for (name, value) in site {
            request = request.header(name, value);
        }
        let preflight = server.browser().send(request).await;
        let said = (preflight.status, preflight.header("access-control-allow-headers"));
        assert_eq!(said, (204, "if-none-match"), "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), "*", "{path}");
        let answer = server.browser().get(path).await;
        assert_eq!(answer.header("access-control-expose-headers"), "etag", "{path}");
    }
}

async fn everything_is_there_as_files(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let viewer = Bearer::of(&server, &owner, "northwind", "viewer").await;
    let whole = Bearer::personal(&server, &owner, "northwind", "owner").await;
    assert_eq!(viewer.get("/export").await.status, 403);
    let file = whole.get("/export").await;
    assert_eq!((file.status, file.json()["format"].clone()), (200, json!("candor")));
    for (path, heading) in [("/uptime.csv?days=30", "date,group,service"), ("/incidents.csv", "id,title,impact")] {
        let table = viewer.get(path).await;
        assert_eq!((table.status, table.header("content-type")), (200, "text/csv; charset=utf-8"), "{path}");
        assert!(table.text().starts_with(heading), "{path}");
    }
    assert_eq!(viewer.get("/uptime.csv?days=31").await.status, 422);
}
