//! `/sign-up`: a new account.

use crate::support::{PASSWORD, TestServer, both_engines};

both_engines!(
    signing_up_signs_in,
    what_is_wrong_stands_next_to_its_field,
    an_address_has_one_account_whatever_its_case,
    a_password_is_kept_only_as_argon2id,
    sign_ups_of_one_address_are_limited,
    a_form_cannot_smuggle_more_than_its_fields,
    who_is_signed_in_is_taken_on,
);

async fn signing_up_signs_in(server: TestServer) {
    let browser = server.browser();
    assert_eq!(browser.get("/sign-up").await.status, 200);
    assert_eq!(browser.session(), None, "a visitor has no session");
    browser.sign_up("ana").await;
    let me = browser.rpc("who_am_i", serde_json::json!({})).await.right();
    assert_eq!((me["name"].as_str(), me["email"].as_str()), (Some("ana"), Some("ana@example.com")));
    assert_eq!(me["organizations"], serde_json::json!([]));
    assert!(me.get("password").is_none() && me.get("password_hash").is_none());
}

async fn what_is_wrong_stands_next_to_its_field(server: TestServer) {
    let (many, long) = ("x".repeat(81), "y".repeat(257));
    for (name, email, password, what) in [
        ("", "ana@example.com", PASSWORD, "no name"),
        (many.as_str(), "ana@example.com", PASSWORD, "a long name"),
        ("A\u{7}na", "ana@example.com", PASSWORD, "a bell in the name"),
        ("Ana", "ana", PASSWORD, "no address"),
        ("Ana", "ana@localhost", PASSWORD, "no dot"),
        ("Ana", "", PASSWORD, "an empty address"),
        ("Ana", "ana@example.com", "eleven char", "a short password"),
        ("Ana", "ana@example.com", &long, "a long password"),
        ("Ana", "ana@example.com", "ana@example.com1", "the address in the password"),
        ("Ana", "ana@example.com", "", "no password"),
        ("Ana", "ana@example.com", "            ", "twelve spaces"),
        ("Ana", "ana@example.com", "password1234", "a common password"),
        ("Ana", "ana@example.com", "123456789012", "a row of digits"),
        ("Ana", "ana.lind@example.com", "ana.lind1234", "the name in the password"),
    ] {
        let browser = server.browser();
        let answer = browser.post("/sign-up", &[("name", name), ("email", email), ("password", password)]).await;
        assert_eq!(answer.status, 422, "{what}");
        let page = answer.text();
        assert!(page.contains(r#"aria-invalid="true""#), "{what}: {page}");
        assert!(
            password.is_empty() || !page.contains(&format!("value=\"{password}\"")),
            "{what}: the password came back"
        );
        if name == "Ana" {
            assert!(page.contains(r#"value="Ana""#), "{what}: what was typed stays");
        }
        assert_eq!(browser.session(), None, "{what}");
    }
    assert_eq!(server.number("select count(*) from users").await, 0);
    let fields = [("name", "Ana"), ("email", "ana@example.com"), ("password", "password1234")];
    let page = server.browser().post("/sign-up", &fields).await.text();
    assert!(page.contains("too easy to guess") && page.contains("a few unrelated words"), "{page}");
}

async fn an_address_has_one_account_whatever_its_case(server: TestServer) {
    server.person("ana").await;
    let answer = server
        .browser()
        .post("/sign-up", &[("name", "Other"), ("email", " ANA@Example.com "), ("password", PASSWORD)])
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("An account with this address already exists"));
    assert_eq!(server.number("select count(*) from users").await, 1);
}

async fn a_password_is_kept_only_as_argon2id(server: TestServer) {
    server.person("ana").await;
    let hashes = server.texts("select password_hash from users").await;
    assert!(hashes[0].starts_with("$argon2id$"), "{hashes:?}");
}

async fn sign_ups_of_one_address_are_limited(server: TestServer) {
    let browser = server.browser();
    let mut limited = None;
    for number in 0..21 {
        let answer = browser
            .copy()
            .post("/sign-up", &[("name", "X"), ("email", &format!("x{number}@example.com")), ("password", PASSWORD)])
            .await;
        if answer.status != 303 {
            limited = Some((number, answer));
            break;
        }
    }
    let (number, answer) = limited.expect("the 21st is refused");
    assert_eq!((number, answer.status), (20, 429));
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=31).contains(&seconds)));
    assert!(answer.text().contains("Too many attempts"), "in words");
}

async fn a_form_cannot_smuggle_more_than_its_fields(server: TestServer) {
    let browser = server.browser();
    let smuggled = [
        ("name", "Ana"),
        ("email", "ana@example.com"),
        ("password", PASSWORD),
        ("id", "aaaaaaaaaaaa"),
        ("email_verified_at", "1"),
        ("role", "owner"),
    ];
    assert_eq!(browser.post("/sign-up", &smuggled).await.status, 303);
    assert_eq!(
        server.number("select count(*) from users where email_verified_at is null and id <> 'aaaaaaaaaaaa'").await,
        1
    );
}

async fn who_is_signed_in_is_taken_on(server: TestServer) {
    let ana = server.person("ana").await;
    let answer = ana.get("/sign-up?next=/dashboard/northwind").await;
    assert_eq!((answer.status, answer.location()), (303, "/dashboard/northwind"));
}
