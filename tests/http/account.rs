//! `/account` and what mail about it leads to: `/forgot-password`, `/reset-password`, `/verify-email`.

use crate::support::{Browser, PASSWORD, TestServer, both_engines, eventually};
use candor::{
    domain::{error::AppError, ids::UserId},
    server::{
        access::{accounts::sign_in_oidc, oidc::OidcIdentity},
        clock,
    },
};

both_engines!(
    the_pages_need_a_session,
    a_name_is_changed,
    an_address_is_verified_by_a_click_and_not_by_a_look,
    a_new_address_counts_once_it_is_verified,
    a_new_address_can_be_taken_back,
    without_mail_the_word_counts,
    a_new_password_ends_the_other_sessions,
    what_is_wrong_with_a_password_is_said,
    a_forgotten_password_is_reset_once,
    nobody_learns_whether_an_address_has_an_account,
    a_link_ends,
    reset_links_of_others_hinder_nobody,
    password_reset_lets_the_owner_sign_in_while_many_networks_guess,
    requests_for_reset_links_are_limited_by_network,
    uses_of_links_are_limited_by_network,
    sessions_are_listed_and_ended,
    an_account_is_deleted,
    the_last_owner_is_told_what_to_do,
    notices_say_only_our_words,
    an_account_is_linked_only_when_both_have_verified_the_address,
);

const NEW: &str = "another lantern walks south";

/// The newest link to this place in the queue.
async fn link(server: &TestServer, to: &str, path: &str) -> String {
    let query = format!("select text_body from messages where recipient = '{to}' order by created_at desc");
    eventually(&format!("mail to {to} with {path}"), async || {
        let bodies = server.texts(&query).await;
        bodies.iter().flat_map(|body| body.lines()).find_map(|line| {
            let place = line.strip_prefix(&server.url)?;
            place.starts_with(&format!("{path}?token=")).then(|| place.to_owned())
        })
    })
    .await
}

fn token(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

async fn subjects(server: &TestServer, to: &str) -> Vec<String> {
    server.texts(&format!("select subject from messages where recipient = '{to}' order by created_at")).await
}

async fn change(browser: &Browser, what: &str, fields: &[(&str, &str)]) -> crate::support::Answer {
    let fields: Vec<_> = [("what", what)].into_iter().chain(fields.iter().copied()).collect();
    browser.post("/account", &fields).await
}

async fn the_pages_need_a_session(server: TestServer) {
    for path in ["/account", "/account/sessions"] {
        let answer = server.browser().get(path).await;
        assert_eq!((answer.status, answer.location()), (303, format!("/sign-in?next={path}").as_str()));
        let answer = server.browser().post(path, &[("what", "delete")]).await;
        assert_eq!((answer.status, answer.location()), (303, format!("/sign-in?next={path}").as_str()));
    }
    let ana = server.person("ana").await;
    let page = ana.get("/account").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(!page.text().contains("<script"), "works without a script");
    assert_eq!(change(&ana, "nonsense", &[]).await.status, 400);
}

async fn a_name_is_changed(server: TestServer) {
    let ana = server.person("ana").await;
    let answer = change(&ana, "name", &[("name", " Ana <b>Lindqvist</b> ")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/account?done=name"));
    let page = ana.get(answer.location()).await.text();
    assert!(page.contains("Name updated.") && page.contains("Ana &lt;b&gt;Lindqvist"), "{page}");
    let refused = change(&ana, "name", &[("name", "")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Enter your name."));
    let me = ana.rpc("who_am_i", serde_json::json!({})).await.right();
    assert_eq!(me["name"], "Ana <b>Lindqvist</b>");
}

async fn an_address_is_verified_by_a_click_and_not_by_a_look(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    assert!(ana.get("/account").await.text().contains("Not verified"));
    let first = link(&server, "ana@example.com", "/verify-email").await;
    assert_eq!(change(&ana, "verification", &[]).await.location(), "/account?done=verification");
    let link = link(&server, "ana@example.com", "/verify-email").await;
    assert_ne!(link, first);
    let stranger = server.browser();
    assert_eq!(stranger.get(&first).await.status, 200, "a newer link does not void the older");
    for _ in 0..3 {
        let page = stranger.get(&link).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("ana@example.com"));
    }
    assert_eq!(server.number("select count(*) from users where email_verified_at is not null").await, 0);
    let kept = server.texts("select token_hash from account_tokens").await;
    assert_eq!(kept.len(), 2);
    for kept in kept {
        assert!(kept != token(&link) && kept.len() == 64, "only the hash is kept: {kept}");
    }
    let answer = ana.post("/verify-email", &[("token", &token(&link))]).await;
    assert_eq!((answer.status, answer.location()), (303, "/verify-email?done=verified"));
    assert_eq!(stranger.get(answer.location()).await.status, 200);
    assert_eq!(server.number("select count(*) from users where email_verified_at is not null").await, 1);
    assert!(ana.get("/account").await.text().contains(">Verified<"));
    assert_eq!(stranger.post("/verify-email", &[("token", &token(&link))]).await.status, 404, "once");
    assert_eq!(stranger.get(&first).await.status, 404, "the use of one voids the others");
    assert_eq!(change(&ana, "verification", &[]).await.status, 409, "nothing is left to verify");
}

async fn a_new_address_counts_once_it_is_verified(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    server.person("bob").await;
    let reset = {
        ana.copy().post("/forgot-password", &[("email", "ana@example.com")]).await;
        link(&server, "ana@example.com", "/reset-password").await
    };
    for (email, password, words) in [
        ("new@example.com", "wrong password here", "isn’t your current password"),
        ("new@example.com", "", "Enter your current password"),
        ("new", PASSWORD, "valid email address"),
        ("BOB@example.com", PASSWORD, "Another account"),
        ("ana@example.com", PASSWORD, "already"),
    ] {
        let answer = change(&ana, "address", &[("email", email), ("address_password", password)]).await;
        assert_eq!(answer.status, 422, "{email}");
        let page = answer.text();
        assert!(page.contains(words) && page.contains(&format!("value=\"{email}\"")), "{words}: {page}");
        assert!(password.is_empty() || !page.contains(password), "a password came back");
    }
    let wish = [("email", "New@example.com"), ("address_password", PASSWORD)];
    assert_eq!(change(&ana, "address", &wish).await.location(), "/account?done=address-waits");
    let page = ana.get("/account").await.text();
    assert!(page.contains("New@example.com") && page.contains("ana@example.com"), "{page}");
    assert_eq!(server.browser().sign_in("new", PASSWORD).await.status, 422, "not yet");
    let link = link(&server, "New@example.com", "/verify-email").await;
    assert!(server.browser().get(&link).await.text().contains("will become the email address"));
    assert_eq!(ana.post("/verify-email", &[("token", &token(&link))]).await.status, 303);
    assert_eq!(server.browser().sign_in("new", PASSWORD).await.status, 303);
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 422);
    assert_eq!(subjects(&server, "ana@example.com").await.last().unwrap(), "Your email address was changed");
    assert_eq!(server.browser().get(&reset).await.status, 404, "a link in the old mailbox opens nothing");
    assert!(ana.is_signed_in().await);
}

async fn a_new_address_can_be_taken_back(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    let wish = [("email", "new@example.com"), ("address_password", PASSWORD)];
    change(&ana, "address", &wish).await;
    let link = link(&server, "new@example.com", "/verify-email").await;
    assert_eq!(change(&ana, "keep-address", &[]).await.location(), "/account?done=address-kept");
    assert_eq!(server.browser().post("/verify-email", &[("token", &token(&link))]).await.status, 404);
    // Somebody else may have taken the address before the link was opened.
    change(&ana, "address", &wish).await;
    let link = self::link(&server, "new@example.com", "/verify-email").await;
    server.person("new").await;
    let answer = ana.post("/verify-email", &[("token", &token(&link))]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("An account with this address already exists"));
    assert!(ana.is_signed_in().await);
}

async fn without_mail_the_word_counts(server: TestServer) {
    let ana = server.person("ana").await;
    server.execute("update users set email_verified_at = 1").await;
    let wish = [("email", "new@example.com"), ("address_password", PASSWORD)];
    assert_eq!(change(&ana, "address", &wish).await.location(), "/account?done=address");
    assert_eq!(server.browser().sign_in("new", PASSWORD).await.status, 303);
    assert_eq!(server.number("select count(*) from users where email_verified_at is null").await, 1, "unverified");
}

async fn a_new_password_ends_the_other_sessions(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    let other = server.browser();
    other.sign_in("ana", PASSWORD).await;
    let bob = server.person("bob").await;
    let answer = change(&ana, "password", &[("current_password", PASSWORD), ("password", NEW)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/account?done=password"));
    assert!(ana.is_signed_in().await, "this one stays");
    assert!(!other.is_signed_in().await, "the others end");
    assert!(bob.is_signed_in().await, "nobody else is touched");
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 422);
    assert_eq!(server.browser().sign_in("ana", NEW).await.status, 303);
    assert_eq!(subjects(&server, "ana@example.com").await.last().unwrap(), "Your password was changed");
}

async fn what_is_wrong_with_a_password_is_said(server: TestServer) {
    let ana = server.person("ana").await;
    for (current, new, words) in [
        ("", NEW, "Enter your current password."),
        ("wrong password here", NEW, "This isn’t your current password."),
        (PASSWORD, "short", "at least 12"),
        (PASSWORD, "ana@example.com!", "doesn’t contain your email address"),
        (PASSWORD, "password1234", "too easy to guess"),
    ] {
        let answer = change(&ana, "password", &[("current_password", current), ("password", new)]).await;
        assert_eq!(answer.status, 422, "{words}");
        let page = answer.text();
        assert!(page.contains(words), "{words}: {page}");
        assert!(!page.contains(&format!("value=\"{new}\"")), "a password came back");
    }
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 303);
    // Guessing it from within a session is limited as it is from without.
    let mut last = 0;
    for _ in 0..12 {
        let fields = [("current_password", "wrong password here"), ("password", NEW)];
        last = change(&ana, "password", &fields).await.status;
    }
    assert_eq!(last, 429);
}

async fn a_forgotten_password_is_reset_once(server: TestServer) {
    let server = server.with_mail().await;
    let ana = server.person("ana").await;
    assert!(server.browser().get("/sign-in").await.text().contains("/forgot-password"));
    let stranger = server.browser();
    let answer = stranger.post("/forgot-password", &[("email", " ANA@example.com")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/forgot-password?done=password-link"));
    let link = link(&server, "ana@example.com", "/reset-password").await;
    assert!(stranger.get(&link).await.text().contains("ana@example.com"));
    let token = token(&link);
    for (password, words) in [("short", "at least 12"), ("password1234", "too easy to guess")] {
        let refused = stranger.post("/reset-password", &[("token", &token), ("password", password)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(words) && refused.text().contains(&token), "{words}");
    }
    let answer = stranger.post("/reset-password", &[("token", &token), ("password", NEW)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?done=reset"));
    assert!(stranger.get(answer.location()).await.text().contains("Password set."));
    assert!(!ana.is_signed_in().await, "every session ends");
    assert_eq!(server.browser().sign_in("ana", NEW).await.status, 303);
    assert_eq!(server.number("select count(*) from users where email_verified_at is not null").await, 1);
    assert_eq!(stranger.post("/reset-password", &[("token", &token), ("password", PASSWORD)]).await.status, 404);
    assert_eq!(subjects(&server, "ana@example.com").await.last().unwrap(), "Your password was changed");
    assert_eq!(server.number("select count(*) from account_tokens").await, 0, "older links are void");
}

async fn nobody_learns_whether_an_address_has_an_account(server: TestServer) {
    let server = server.with_mail().await;
    server.person("ana").await;
    let known = server.browser().post("/forgot-password", &[("email", "ana@example.com")]).await;
    let unknown = server.browser().post("/forgot-password", &[("email", "bob@example.com")]).await;
    assert_eq!((known.status, known.location()), (unknown.status, unknown.location()));
    link(&server, "ana@example.com", "/reset-password").await;
    assert_eq!(server.number("select count(*) from messages where recipient = 'bob@example.com'").await, 0);
    assert_eq!(server.browser().post("/forgot-password", &[("email", "ana")]).await.status, 422);
}

async fn a_link_ends(server: TestServer) {
    let server = server.with_mail().await;
    server.person("ana").await;
    server.browser().post("/forgot-password", &[("email", "ana@example.com")]).await;
    let reset = link(&server, "ana@example.com", "/reset-password").await;
    let verify = link(&server, "ana@example.com", "/verify-email").await;
    // One cannot stand for the other.
    let crossed = format!("/reset-password?token={}", token(&verify));
    assert_eq!(server.browser().get(&crossed).await.status, 404);
    server.execute("update account_tokens set expires_at = created_at").await;
    for link in [&reset, &verify] {
        let page = server.browser().get(link).await;
        assert_eq!(page.status, 404);
        assert!(page.text().contains("This link isn’t valid"));
    }
    let token = token(&reset);
    assert_eq!(server.browser().post("/reset-password", &[("token", &token), ("password", NEW)]).await.status, 404);
    for odd in ["/reset-password", "/reset-password?token=", "/verify-email?token=%01", "/verify-email?token=' or 1=1"]
    {
        assert_eq!(server.browser().get(odd).await.status, 404, "{odd}");
    }
}

/// Older links go on working, however often somebody asks for newer ones; the mailbox is not flooded; and the
/// use of one voids the others.
async fn reset_links_of_others_hinder_nobody(server: TestServer) {
    let server = server.with_mail().await;
    server.person("ana").await;
    server.person("bob").await;
    let sent_to = |name: &str| {
        format!(
            "select count(*) from messages where subject = 'Reset your password' and recipient = '{name}@example.com'"
        )
    };
    let ask = async |name: &str| {
        let email = format!("{name}@example.com");
        let answer = server.browser().post("/forgot-password", &[("email", &email)]).await;
        assert_eq!((answer.status, answer.location()), (303, "/forgot-password?done=password-link"));
    };
    let mut links = Vec::new();
    for number in 1..=5 {
        ask("ana").await;
        eventually("a link", async || (server.number(&sent_to("ana")).await == number).then_some(())).await;
        links.push(link(&server, "ana@example.com", "/reset-password").await);
        // As if it had been sent three minutes ago.
        server
            .execute(
                "update account_tokens set created_at = created_at - 180000000
                 where purpose = 'reset_password' and user_id = (select id from users where name = 'ana')",
            )
            .await;
    }
    for link in &links {
        assert_eq!(server.browser().get(link).await.status, 200, "older links work");
    }
    // A sixth at a time is too many, and a second within two minutes too soon. Nobody is told.
    ask("ana").await;
    ask("bob").await;
    link(&server, "bob@example.com", "/reset-password").await;
    ask("bob").await;

    let fields = [("token", &*token(&links[0])), ("password", NEW)];
    let answer = server.browser().post("/reset-password", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?done=reset"), "the oldest works");
    for link in &links {
        assert_eq!(server.browser().get(link).await.status, 404, "the use of one voids the others");
    }
    let sent = (server.number(&sent_to("ana")).await, server.number(&sent_to("bob")).await);
    assert_eq!(sent, (5, 1));
}

async fn password_reset_lets_the_owner_sign_in_while_many_networks_guess(server: TestServer) {
    let server = server.with_mail().await;
    server.person("ana").await;
    let limits = &server.app.limits;
    for network in 0..=255 {
        for _ in 0..10 {
            let _ = limits.sign_in([192, 0, 2, network].into(), "ana@example.com");
        }
    }
    assert_eq!(server.browser().sign_in("ana", PASSWORD).await.status, 429, "nothing is left for strangers");
    let owner = server.browser();
    owner.post("/forgot-password", &[("email", "ana@example.com")]).await;
    let link = link(&server, "ana@example.com", "/reset-password").await;
    owner.post("/reset-password", &[("token", &token(&link)), ("password", NEW)]).await;
    assert_eq!(owner.sign_in("ana", NEW).await.status, 303);
}

async fn requests_for_reset_links_are_limited_by_network(server: TestServer) {
    let server = server.with_mail().await;
    let mut answers = Vec::new();
    for number in 0..20 {
        answers.push(
            server.browser().post("/forgot-password", &[("email", &format!("x{number}@example.com"))]).await.status,
        );
    }
    assert_eq!((answers[9], answers.last()), (303, Some(&429)));
}

async fn uses_of_links_are_limited_by_network(server: TestServer) {
    let browser = server.browser();
    let mut statuses = Vec::new();
    for number in 0..64 {
        let page = ["/accept-invitation", "/reset-password", "/verify-email"][number % 3];
        statuses.push(browser.post(page, &[("token", &number.to_string())]).await.status);
    }
    assert!(statuses[..60].iter().all(|status| *status == 404), "{statuses:?}");
    assert!(statuses[60..].contains(&429), "{statuses:?}");
    assert_eq!(browser.get("/sign-in").await.status, 200, "other pages are there still");
}

async fn sessions_are_listed_and_ended(server: TestServer) {
    let ana = server.person("ana").await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let phone = server.browser();
    let form = phone.form("/sign-in", &[("email", "ana@example.com"), ("password", PASSWORD)]);
    assert_eq!(phone.send(form.header("user-agent", firefox)).await.status, 303);
    let bob = server.person("bob").await;
    let page = ana.get("/account/sessions").await.text();
    assert!(page.contains("Firefox on Linux") && page.contains("127.0.0.1"), "{page}");
    assert_eq!(page.matches("This session").count(), 1, "{page}");
    assert_eq!(page.matches("name=\"session\"").count(), 2, "bob's is not listed: {page}");
    let row = "select id_hash from sessions where browser = 'Firefox on Linux' and seen_at = created_at";
    let id = server.texts(row).await.remove(0);
    assert_eq!(bob.post("/account/sessions", &[("what", "one"), ("session", &id)]).await.status, 303);
    assert!(phone.is_signed_in().await, "nobody ends a stranger's session");
    let answer = ana.post("/account/sessions", &[("what", "one"), ("session", &id)]).await;
    assert_eq!(answer.location(), "/account/sessions?done=session");
    assert!(!phone.is_signed_in().await && ana.is_signed_in().await);
    phone.sign_in("ana", PASSWORD).await;
    ana.post("/account/sessions", &[("what", "others")]).await;
    assert!(!phone.is_signed_in().await && ana.is_signed_in().await);
    phone.sign_in("ana", PASSWORD).await;
    let answer = ana.post("/account/sessions", &[("what", "all")]).await;
    assert_eq!(answer.location(), "/sign-in?done=everywhere");
    assert!(!phone.is_signed_in().await && !ana.is_signed_in().await && bob.is_signed_in().await);
}

async fn an_account_is_deleted(server: TestServer) {
    let owner = server.owner("northwind").await;
    let ana = server.member("northwind", candor::domain::role::Role::Admin).await;
    let other = ana.copy();
    assert_eq!(change(&ana, "delete", &[("delete_password", "wrong password here")]).await.status, 422);
    let answer = change(&ana, "delete", &[("delete_password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?done=deleted"));
    assert!(ana.get(answer.location()).await.text().contains("Your account has been deleted."));
    assert!(!other.is_signed_in().await);
    assert_eq!(server.number("select count(*) from users").await, 1);
    assert_eq!(server.number("select count(*) from members").await, 1);
    assert_eq!(server.number("select count(*) from audit_entries where action = 'member.left'").await, 1);
    assert!(owner.is_signed_in().await);
}

async fn the_last_owner_is_told_what_to_do(server: TestServer) {
    let owner = server.owner("northwind").await;
    let page = owner.get("/account").await.text();
    assert!(page.contains("only owner") && page.contains("/dashboard/northwind/"), "{page}");
    let answer = change(&owner, "delete", &[("delete_password", PASSWORD)]).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("“northwind”"), "{}", answer.text());
    assert!(owner.is_signed_in().await);
    // Without a password the address is typed instead.
    server.member("northwind", candor::domain::role::Role::Owner).await;
    server.execute("update users set password_hash = null where email like 'owner-%'").await;
    assert_eq!(change(&owner, "delete", &[("delete_address", "owner")]).await.status, 422);
    let typed = [("delete_address", "OWNER-northwind@example.com ")];
    assert_eq!(change(&owner, "delete", &typed).await.location(), "/sign-in?done=deleted");
}

async fn notices_say_only_our_words(server: TestServer) {
    let ana = server.person("ana").await;
    for place in ["/account", "/account/sessions"] {
        let page = ana.get(&format!("{place}?done=Call+555")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("555"), "{place}");
    }
    assert!(!server.browser().get("/sign-in?done=Call+555").await.text().contains("555"));
}

/// "Linked only when the provider's and our own verification succeeded": an address that
/// anybody can claim at a provider opens nobody's account, and whoever signed up here with somebody
/// else's address does not share it with them later.
async fn an_account_is_linked_only_when_both_have_verified_the_address(server: TestServer) {
    let server = server.with_mail().await;
    server.person("ana").await;
    let identity = |subject: &str, email_verified| OidcIdentity {
        issuer: "https://id.example.com".to_owned(),
        subject: subject.to_owned(),
        email: Some("Ana@example.com".to_owned()),
        email_verified,
        name: None,
    };
    let sign_in = async |subject: &str, verified| {
        let signed_in = sign_in_oidc(server.app.clone(), identity(subject, verified), clock::now()).await;
        signed_in.map(|authenticated| authenticated.user().clone())
    };
    let why = |refused: Result<_, AppError>| refused.map(|_: UserId| ()).unwrap_err().to_string();
    assert!(why(sign_in("ana", false).await).contains("The provider hasn’t verified this address"));
    let words = why(sign_in("ana", true).await);
    assert!(words.contains("verify the address under"), "{words}");
    server.execute("update users set email_verified_at = 1").await;
    assert!(why(sign_in("ana", false).await).contains("The provider hasn’t verified this address"));
    assert_eq!(server.number("select count(*) from oidc_identities").await, 0);
    let linked = sign_in("ana", true).await.unwrap();
    assert_eq!(server.texts("select id from users").await, [linked.to_string()]);
    assert_eq!(sign_in("ana", false).await.unwrap(), linked, "from now on the identity is enough");
    // The address at the provider may have gone to somebody else.
    assert!(why(sign_in("another", true).await).contains("different account at the provider"));
}
