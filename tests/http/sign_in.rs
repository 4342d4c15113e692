//! `/sign-in` and `/sign-out`: sessions begin and end on the server.

use crate::support::{Answer, Browser, PASSWORD, TestServer, both_engines};
use candor::domain::ids::UserId;

both_engines!(
    a_session_begins_under_a_new_id,
    signing_out_ends_the_session_on_the_server,
    a_session_that_ends_closes_its_sockets_at_once,
    an_unknown_address_and_a_wrong_password_have_one_answer,
    strangers_lock_nobody_out_of_signing_in,
    device_cookies_are_no_credentials,
    requests_of_one_person_are_limited,
    attempts_of_one_address_are_limited,
    the_way_back_leads_only_into_the_dashboard,
    the_cookie_is_for_this_server_only,
    what_was_typed_stays_but_for_the_password,
    what_is_not_filled_in_is_said,
    whoever_is_signed_out_comes_back_after_signing_in,
    a_made_up_session_is_nobody,
    a_session_that_has_ended_is_over,
    the_database_knows_only_the_hash_of_a_session,
    who_has_gone_is_signed_out,
);

async fn a_session_begins_under_a_new_id(server: TestServer) {
    let ana = server.person("ana").await;
    let first = ana.session().unwrap();
    let stolen = ana.copy();
    assert_eq!(ana.sign_in("ana", PASSWORD).await.status, 303);
    assert_ne!(ana.session().unwrap(), first, "a new id at sign-in");
    assert!(ana.is_signed_in().await);
    assert!(!stolen.is_signed_in().await, "the session from before has ended");
    // An id that somebody planted is not taken over.
    let planted = server.browser();
    planted.set_cookie("candor", "AAAAAAAAAAAAAAAAAAAAAA");
    planted.sign_in("ana", PASSWORD).await;
    assert_ne!(planted.session().unwrap(), "AAAAAAAAAAAAAAAAAAAAAA");
}

async fn signing_out_ends_the_session_on_the_server(server: TestServer) {
    let ana = server.person("ana").await;
    let (stolen, other) = (ana.copy(), server.browser());
    other.sign_in("ana", PASSWORD).await;
    let answer = ana.post("/sign-out", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in"));
    assert_eq!(ana.session(), None, "the cookie is gone");
    assert!(!stolen.is_signed_in().await, "and so is the session, whoever has its id");
    assert!(other.is_signed_in().await, "another browser's session stays");
    assert_eq!(server.browser().post("/sign-out", &[]).await.status, 303, "signed out is signed out");
}

/// Not only at the next ping: the dashboard in another tab hears nothing more.
async fn a_session_that_ends_closes_its_sockets_at_once(server: TestServer) {
    let owner = server.owner("northwind").await;
    let other = server.browser();
    other.sign_in("owner-northwind", PASSWORD).await;
    let path = "/rpc/live?organization=northwind";
    let mut others = other.socket(path).await.unwrap();
    others.next().await;
    let mut socket = owner.socket(path).await.unwrap();
    socket.next().await;
    // Another session takes its place.
    assert_eq!(owner.sign_in("owner-northwind", PASSWORD).await.status, 303);
    assert_eq!(socket.closed().await.0, Some(4401));
    let mut socket = owner.socket(path).await.unwrap();
    socket.next().await;
    owner.post("/sign-out", &[]).await;
    assert_eq!(socket.closed().await.0, Some(4401));
    others.is_quiet().await;
}

/// "One answer with equal work whether the address exists or not".
async fn an_unknown_address_and_a_wrong_password_have_one_answer(server: TestServer) {
    server.person("ana").await;
    let wrong = server.browser().sign_in("ana", "not the password").await;
    let unknown = server.browser().sign_in("bob", "not the password").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(wrong.text().replace("ana@", "x@"), unknown.text().replace("bob@", "x@"));
    let long = "x".repeat(1000);
    let endless = server.browser().sign_in("ana", &long).await;
    assert_eq!(endless.text(), wrong.text(), "a password that nobody can have");
}

/// Attempts from one network on one account are limited. The owner signs in all the same: from another network,
/// and from the same one in a browser that is known.
async fn strangers_lock_nobody_out_of_signing_in(server: TestServer) {
    let server = server.restart_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let from = async |browser: &Browser, address: &str, email: &str, password: &str| {
        let form = browser.form("/sign-in", &[("email", email), ("password", password)]);
        browser.send(form.header("x-forwarded-for", address)).await
    };
    let ana = server.person("ana").await;
    ana.post("/sign-out", &[]).await;
    for number in 0..10 {
        let answer = from(&server.browser(), "203.0.113.1", "ana@example.com", "not the password").await;
        assert_eq!(answer.status, 422, "{number}");
    }
    // Its case makes it no other account, and the right password no difference.
    let answer = from(&server.browser(), "203.0.113.1", "Ana@Example.com", PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert!(
        answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=31).contains(&seconds)),
        "{:?}",
        answer.headers
    );
    assert!(answer.text().contains("Too many attempts"));
    assert_eq!(from(&server.browser(), "203.0.113.1", "bob@example.com", "not the password").await.status, 422);
    // Nothing is left for the network altogether either.
    for number in 0..30 {
        from(&server.browser(), "203.0.113.1", &format!("x{number}@example.com"), "not the password").await;
    }
    assert_eq!(from(&server.browser(), "203.0.113.2", "ana@example.com", PASSWORD).await.status, 303);
    assert_eq!(from(&ana, "203.0.113.1", "ana@example.com", PASSWORD).await.status, 303, "a known browser");
    // It is known for its own account only, and what is tried in it is limited too. One attempt of the network comes
    // back every six seconds.
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(from(&ana, "203.0.113.1", "bob@example.com", "not the password").await.status);
    }
    assert!(others.contains(&429), "{others:?}");
    let mut last = 0;
    for _ in 0..12 {
        last = from(&ana.copy(), "203.0.113.1", "ana@example.com", "not the password").await.status;
    }
    assert_eq!(last, 429);
}

async fn device_cookies_are_no_credentials(server: TestServer) {
    let ana = server.person("ana").await;
    let device = ana.cookie("candor-device").expect("the browser is known");
    assert!(!device.contains(&ana.user_id().await), "encrypted: {device}");
    ana.post("/sign-out", &[]).await;
    assert_eq!(ana.cookie("candor-device").as_deref(), Some(device.as_str()), "it outlives signing out");
    assert!(!ana.is_signed_in().await, "and opens nothing");
}

async fn requests_of_one_person_are_limited(server: TestServer) {
    let (ana, bob) = (server.person("ana").await, server.person("bob").await);
    let user: UserId = ana.user_id().await.parse().unwrap();
    // Twenty requests a second come back: one may be there again when the request arrives.
    let limited = async |path: &str| {
        for _ in 0..50 {
            while server.app.limits.dashboard(&user).is_ok() {}
            let answer = match path.strip_prefix("/rpc/") {
                Some(function) => ana.rpc(function, serde_json::json!({})).await,
                None => ana.get(path).await,
            };
            if answer.status == 429 {
                return answer;
            }
        }
        panic!("{path} is not limited");
    };
    let answer = limited("/rpc/who_am_i").await;
    answer.refused(429, "too_many");
    assert_eq!(answer.header("retry-after"), "1");
    for path in ["/account", "/dashboard"] {
        assert!(limited(path).await.text().contains("Too many requests"), "{path}");
    }
    assert!(bob.is_signed_in().await, "nobody else is held up");
}

async fn attempts_of_one_address_are_limited(server: TestServer) {
    let mut statuses = Vec::new();
    for number in 0..31 {
        statuses.push(server.browser().sign_in(&format!("nobody{number}"), "not the password").await.status);
    }
    assert!(statuses[..30].iter().all(|status| *status == 422), "{statuses:?}");
    // Should the machine be so slow that a token came back, one more will do.
    let last =
        if statuses[30] == 429 { 429 } else { server.browser().sign_in("nobody", "not the password").await.status };
    assert_eq!(last, 429);
    // Nobody believes a header that no trusted proxy sent.
    let browser = server.browser();
    let fields = [("email", "nobody@example.com"), ("password", "not the password")];
    let mut statuses = Vec::new();
    for address in ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"] {
        statuses.push(browser.send(browser.form("/sign-in", &fields).header("x-forwarded-for", address)).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

/// "Remember where I was going cannot be made an open redirect".
async fn the_way_back_leads_only_into_the_dashboard(server: TestServer) {
    let ana = server.person("ana").await;
    for good in ["/dashboard", "/dashboard/northwind/services", "/dashboard/northwind/services?status=major_outage"] {
        let answer = ana.get_with("/sign-in", &[]).await;
        assert_eq!(answer.location(), "/dashboard");
        let escaped = good.replace('?', "%3F").replace('=', "%3D");
        assert_eq!(ana.get(&format!("/sign-in?next={escaped}")).await.location(), good);
    }
    for (number, bad) in [
        "https://evil.test",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/dashboard//evil.test",
        "/dashboard/../../evil.test",
        "/dashboard@evil.test",
        "/dashboard\r\nset-cookie: a=b",
        "/dashboard%0d%0aset-cookie:a=b",
        "/dashboardevil",
        "/sign-out",
        "\t/dashboard",
        " /dashboard",
        "/DASHBOARD",
        "/./dashboard",
        "http://127.0.0.1/dashboard",
        "/dashboard/#@evil.test",
        "/dashboard\u{2028}",
        "／evil.test",
    ]
    .into_iter()
    .enumerate()
    {
        // Signed in already, and at the form: two ways to the same destination.
        let escaped = crate::support::encode(&[("next", bad)]);
        let answer = ana.get(&format!("/sign-in?{escaped}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/dashboard"), "{bad:?}");
        let page = server.browser().get(&format!("/sign-in?{escaped}")).await.text();
        assert!(page.contains(r#"name="next" value="/dashboard""#) && !page.contains("evil"), "{bad:?}: {page}");
        if number < 8 {
            let email = format!("ana{number}@example.com");
            let browser = server.browser();
            let answer = browser
                .post("/sign-up", &[("name", "Ana"), ("email", &email), ("password", PASSWORD), ("next", bad)])
                .await;
            assert_eq!((answer.status, answer.location()), (303, "/dashboard"), "{bad:?}");
            let answer = browser.post("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", bad)]).await;
            assert_eq!((answer.status, answer.location()), (303, "/dashboard"), "{bad:?}");
        }
    }
}

async fn the_cookie_is_for_this_server_only(server: TestServer) {
    server.person("ana").await;
    let answer = server.browser().sign_in("ana", PASSWORD).await;
    let set = |answer: &Answer, name: &str| -> String {
        let all: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        let found = all.iter().find(|cookie| cookie.starts_with(&format!("{name}=")));
        found.unwrap_or_else(|| panic!("no {name}: {all:?}")).to_lowercase()
    };
    for name in ["candor", "candor-device"] {
        let cookie = set(&answer, name);
        let flags: Vec<&str> = cookie.split(';').skip(1).map(str::trim).collect();
        for wanted in ["httponly", "samesite=lax", "path=/"] {
            assert!(flags.contains(&wanted), "{wanted}: {cookie}");
        }
        let others = flags.iter().any(|flag| *flag == "secure" || flag.starts_with("domain"));
        assert!(!others, "plain http, one host: {cookie}");
    }
    // On https the cookie is bound to the host.
    let Some(secure) =
        TestServer::start_with(crate::support::Engine::Sqlite, &["--url", "https://status.example.com"]).await
    else {
        return;
    };
    let browser = secure.browser();
    let request = browser.form("/sign-up", &[("name", "Ana"), ("email", "ana@example.com"), ("password", PASSWORD)]);
    let answer = browser.send(request).await;
    for name in ["__Host-candor", "__Host-candor-device"] {
        let cookie = set(&answer, name);
        let bound = cookie.contains("; secure") && cookie.contains("; path=/") && !cookie.contains("domain=");
        assert!(bound && cookie.contains("httponly"), "{cookie}");
    }
    assert!(answer.header("strict-transport-security").contains("max-age="));
}

async fn what_was_typed_stays_but_for_the_password(server: TestServer) {
    let answer = server
        .browser()
        .post(
            "/sign-in",
            &[("email", "ana@example.com"), ("password", "hunter2hunter2"), ("next", "/dashboard/northwind")],
        )
        .await;
    let page = answer.text();
    assert!(page.contains(r#"value="ana@example.com""#), "{page}");
    assert!(page.contains(r#"value="/dashboard/northwind""#), "where they were going stays too");
    assert!(!page.contains("hunter2"), "{page}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let hostile =
        server.browser().post("/sign-in", &[("email", "\"><script>alert(1)</script>"), ("password", "x")]).await.text();
    assert!(!hostile.contains("<script>alert"), "{hostile}");
}

async fn what_is_not_filled_in_is_said(server: TestServer) {
    let page = server.browser().post("/sign-in", &[]).await;
    assert_eq!(page.status, 422);
    let page = page.text();
    assert!(page.contains("Enter an email address.") && page.contains("Enter your password."), "{page}");
}

async fn whoever_is_signed_out_comes_back_after_signing_in(server: TestServer) {
    server.person("ana").await;
    let browser = server.browser();
    let answer = browser.get("/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in"));
    let answer = browser.get("/dashboard?tab=services").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/dashboard%3Ftab%3Dservices"));
    let page = browser.get(answer.location()).await.text();
    assert!(page.contains(r#"value="/dashboard?tab=services""#), "{page}");
    let fields = [("email", "ana@example.com"), ("password", PASSWORD), ("next", "/dashboard?tab=services")];
    assert_eq!(browser.post("/sign-in", &fields).await.location(), "/dashboard?tab=services");
}

async fn a_made_up_session_is_nobody(server: TestServer) {
    server.person("ana").await;
    for value in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA", "' or 1=1 --", "../../../etc/passwd", &"a".repeat(5000)] {
        let browser = server.browser();
        browser.set_cookie("candor", value);
        assert!(!browser.is_signed_in().await, "{value:?}");
        assert_eq!(browser.get("/").await.status, 200, "{value:?}");
    }
}

async fn a_session_that_has_ended_is_over(server: TestServer) {
    let ana = server.person("ana").await;
    server.execute("update sessions set expires_at = 1").await;
    assert!(!ana.is_signed_in().await, "14 days without a request");
    let ana = server.browser();
    ana.sign_in("ana", PASSWORD).await;
    assert!(ana.is_signed_in().await);
    server.execute("update sessions set created_at = created_at - 31 * 86400000000").await;
    assert!(!ana.is_signed_in().await, "30 days after signing in, whatever happens");
    candor::server::access::session::sweep(&server.app.db).await.unwrap();
    assert_eq!(server.number("select count(*) from sessions").await, 0);
}

async fn the_database_knows_only_the_hash_of_a_session(server: TestServer) {
    let ana = server.person("ana").await;
    let kept = server.texts("select id_hash || ' ' || data from sessions").await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains(&ana.session().unwrap()), "{kept:?}");
    assert_eq!(kept[0].split(' ').next().unwrap().len(), 64);
}

async fn who_has_gone_is_signed_out(server: TestServer) {
    let ana = server.person("ana").await;
    server.execute("delete from users").await;
    assert!(!ana.is_signed_in().await);
    assert_eq!(ana.get("/dashboard").await.status, 303);
}
