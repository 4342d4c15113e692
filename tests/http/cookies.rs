//! Cookies over https: one reading of the header, and what browsers demand of the `__Host-` prefix.

use crate::support::{Answer, Browser, PASSWORD, TestServer, both_engines};
use reqwest::{Method, header::HeaderValue};

both_engines!(planted_cookies_change_nobody, sign_out_removes_the_host_cookie, the_theme_cookie_is_bound_to_the_host,);

const HSTS: &str = "max-age=63072000; includeSubDomains";

/// The server as it is behind a proxy with TLS.
async fn https(server: TestServer) -> TestServer {
    server.restart_with(&["--url", "https://status.example.com", "--hsts", HSTS]).await
}

/// Who the server takes a program with this `Cookie` header for.
async fn who(browser: &Browser, lines: &[&[u8]]) -> Option<String> {
    let request = browser.request(Method::POST, "/rpc/who_am_i").header("sec-fetch-site", "same-origin");
    let request =
        lines.iter().fold(request, |request, line| request.header("cookie", HeaderValue::from_bytes(line).unwrap()));
    let answer = browser.send(request.header("content-type", "application/x-www-form-urlencoded")).await;
    match answer.status {
        200 => Some(answer.json()["email"].as_str().unwrap().to_owned()),
        401 => None,
        other => panic!("neither signed in nor out: {other}"),
    }
}

/// A page of a sibling host can set cookies for the whole domain, but none of a `__Host-` name. What only
/// looks like one to a careless reader signs nobody in and takes nobody's session away.
async fn planted_cookies_change_nobody(server: TestServer) {
    let server = https(server).await;
    let (victim, attacker) = (server.person("victim").await, server.person("attacker").await);
    let (victim, attacker) = (victim.session().unwrap(), attacker.session().unwrap());
    let browser = server.browser();
    let with = |template: &str| template.replace("VICTIM", &victim).replace("ATTACKER", &attacker);
    for line in [
        "__Host-candor=VICTIM",
        "__Host-candor=VICTIM; __%48ost-candor=ATTACKER",
        "__%48ost-candor=ATTACKER; __Host-candor=VICTIM",
        "candor=ATTACKER; __Host-candor=VICTIM; %63andor=ATTACKER",
        "\u{2000}__Host-candor=ATTACKER; __Host-candor=VICTIM; x=é",
        "=x; \"; __Host-candor=VICTIM; __host-candor=ATTACKER",
    ] {
        let found = who(&browser, &[with(line).as_bytes()]).await;
        assert_eq!(found.as_deref(), Some("victim@example.com"), "{line}");
    }
    let two = [with("x=\u{e9}"), with("__Host-candor=VICTIM")];
    assert_eq!(who(&browser, &[two[0].as_bytes(), two[1].as_bytes()]).await.as_deref(), Some("victim@example.com"));
    for line in [
        "__%48ost-candor=ATTACKER",
        "candor=ATTACKER",
        "\u{a0}__Host-candor=ATTACKER",
        "__Host-candor =ATTACKER",
        "__Host-candor=\"ATTACKER\"",
        "__Host-candor=VICTIM; __Host-candor=ATTACKER",
    ] {
        assert_eq!(who(&browser, &[with(line).as_bytes()]).await, None, "{line}");
    }
    let twice = with("__Host-candor=VICTIM");
    assert_eq!(who(&browser, &[twice.as_bytes(), twice.as_bytes()]).await, None);
}

#[track_caller]
fn removes_the_session(answer: &Answer) {
    let set: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let [cookie] = set.as_slice() else { panic!("one cookie: {set:?}") };
    let parts: Vec<&str> = cookie.split("; ").collect();
    assert_eq!(parts[0], "__Host-candor=", "{cookie}");
    for needed in ["Secure", "Path=/", "Max-Age=0"] {
        assert!(parts.contains(&needed), "{needed}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!(answer.header("strict-transport-security"), HSTS);
}

/// Browsers refuse a `__Host-` cookie without `Secure` and `Path=/`, its removal too.
async fn sign_out_removes_the_host_cookie(server: TestServer) {
    let server = https(server).await;
    let ana = server.person("ana").await;
    removes_the_session(&ana.post("/sign-out", &[]).await);
    assert_eq!(ana.session(), None);
    ana.sign_in("ana", PASSWORD).await;
    removes_the_session(&ana.post("/account/sessions", &[("what", "all")]).await);
    ana.sign_in("ana", PASSWORD).await;
    removes_the_session(&ana.post("/account", &[("what", "delete"), ("delete_password", PASSWORD)]).await);
}

/// The theme that a sibling host chooses is not this host's.
async fn the_theme_cookie_is_bound_to_the_host(server: TestServer) {
    let server = https(server).await;
    for (cookie, theme) in [
        ("__Host-theme=dark", "data-theme=\"dark\""),
        ("__Host-theme=light; theme=dark", "data-theme=\"light\""),
        ("theme=dark", ""),
        ("__Host-theme=\"><script>", ""),
    ] {
        let page = server.browser().get_with("/sign-in", &[("cookie", cookie)]).await.text();
        assert_eq!(page.contains("<html lang=\"en\" data-theme"), !theme.is_empty(), "{cookie}");
        assert!(page.contains(theme), "{cookie}");
    }
}
