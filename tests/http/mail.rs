//! The queue of mail: it leaves once, is tried again, and survives.

use crate::support::{MailServer, TestServer, both_engines, eventually};
use candor::server::jobs;

both_engines!(
    mail_leaves_at_once_and_only_once,
    what_cannot_be_sent_now_is_tried_again_later,
    what_is_refused_for_good_is_given_up,
    mail_that_was_queued_before_a_restart_leaves_after_it,
    without_a_mail_server_nothing_is_queued,
    account_mail_goes_first_and_organizations_take_turns,
);

async fn with(server: TestServer, mail: &MailServer) -> TestServer {
    let server =
        server.restart_with(&["--smtp-url", &mail.url, "--mail-from", "Status pages <status@example.com>"]).await;
    jobs::start(&server.app);
    server
}

async fn row(server: &TestServer, columns: &str) -> String {
    server.texts(&format!("select {columns} from messages order by created_at")).await.join("|")
}

async fn mail_leaves_at_once_and_only_once(server: TestServer) {
    let mail = MailServer::start().await;
    let server = with(server, &mail).await;
    server.person("ana").await;
    let message = eventually("the mail to ana", async || mail.messages().first().cloned()).await;
    for part in [
        "To: ana@example.com",
        "From: \"Status pages\" <status@example.com>",
        "Subject: Verify your email address",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain",
        "Content-Type: text/html",
        &format!("{}/verify-email?token=", server.url),
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    eventually("the queue is empty", async || {
        (row(&server, "cast(attempts as text)").await == "1"
            && server
                .number("select count(*) from messages where sent_at is not null and next_attempt_at is null")
                .await
                == 1)
            .then_some(())
    })
    .await;
    assert_eq!(row(&server, "text_body").await, "", "a link that has left is not kept");
    // A second process on the same database finds nothing to send.
    let second = server.second().await;
    jobs::start(&second);
    server.person("bob").await;
    eventually("the mail to bob", async || (mail.messages().len() == 2).then_some(())).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(mail.messages().len(), 2);
}

async fn what_cannot_be_sent_now_is_tried_again_later(server: TestServer) {
    let mail = MailServer::start().await;
    mail.refuse(452);
    let server = with(server, &mail).await;
    server.person("ana").await;
    let error = eventually("the attempt is over", async || {
        Some(row(&server, "last_error").await).filter(|error| !error.is_empty())
    })
    .await;
    assert!(error.contains("452") || error.contains("not now"), "{error}");
    assert_eq!(
        server
            .number("select count(*) from messages where attempts = 1 and sent_at is null and next_attempt_at - created_at between 60000000 and 75000000")
            .await,
        1,
        "in a minute"
    );
    mail.refuse(0);
    server.execute("update messages set next_attempt_at = 1").await;
    server.app.mail_is_waiting();
    eventually("the mail to ana", async || mail.messages().first().cloned()).await;
    eventually("it is noted", async || {
        (server
            .number("select count(*) from messages where attempts = 2 and sent_at is not null and last_error is null")
            .await
            == 1)
            .then_some(())
    })
    .await;
}

async fn what_is_refused_for_good_is_given_up(server: TestServer) {
    let mail = MailServer::start().await;
    mail.refuse(550);
    let server = with(server, &mail).await;
    server.person("ana").await;
    eventually("it is given up", async || {
        (server
            .number("select count(*) from messages where next_attempt_at is null and sent_at is null and text_body = '' and last_error is not null")
            .await
            == 1)
            .then_some(())
    })
    .await;
    mail.refuse(0);
    // So is what has been tried too often.
    mail.refuse(452);
    server.person("bob").await;
    let tried = "select count(*) from messages where recipient = 'bob@example.com' and last_error is not null";
    eventually("the first attempt", async || (server.number(tried).await == 1).then_some(())).await;
    server.execute("update messages set attempts = 5, next_attempt_at = 1 where recipient = 'bob@example.com'").await;
    server.app.mail_is_waiting();
    let given_up = "select count(*) from messages where recipient = 'bob@example.com' and next_attempt_at is null and attempts = 6";
    eventually("it is given up too", async || (server.number(given_up).await == 1).then_some(())).await;
    assert!(mail.messages().is_empty());
}

async fn mail_that_was_queued_before_a_restart_leaves_after_it(server: TestServer) {
    // No job runs in this one, as if it had stopped right after the commit.
    let server = server.with_mail().await;
    server.person("ana").await;
    assert_eq!(server.number("select count(*) from messages where next_attempt_at is not null").await, 1);
    let mail = MailServer::start().await;
    let _server = with(server, &mail).await;
    eventually("the mail to ana", async || mail.messages().first().cloned()).await;
}

async fn without_a_mail_server_nothing_is_queued(server: TestServer) {
    let ana = server.person("ana").await;
    assert_eq!(server.number("select count(*) from messages").await, 0);
    assert_eq!(server.number("select count(*) from account_tokens").await, 0);
    let page = server.browser().get("/forgot-password").await.text();
    assert!(page.contains("Email isn’t set up") && page.contains("administrator") && !page.contains("<form"), "{page}");
    let answer = server.browser().post("/forgot-password", &[("email", "ana@example.com")]).await;
    assert_eq!(answer.status, 409);
    assert!(!server.browser().get("/sign-in").await.text().contains("/forgot-password"));
    // Nobody can verify anything, so nobody is told to.
    assert!(!ana.get("/account").await.text().contains("Not verified"));
}

/// One organization's many messages delay neither mail about accounts nor another organization's.
async fn account_mail_goes_first_and_organizations_take_turns(server: TestServer) {
    for slug in ["northwind", "southwind"] {
        server.owner(slug).await;
    }
    let mail = MailServer::start().await;
    let server = server.restart_with(&["--smtp-url", &mail.url, "--mail-from", "status@example.com"]).await;
    let now: i64 = server.texts("select cast(max(created_at) as text) from users").await[0].parse().unwrap();
    let mut number = 0;
    let mut queue = async |slug: Option<&str>, seconds_ago: i64, delivered: bool| {
        number += 1;
        let organization = match slug {
            Some(slug) => format!("'{}'", server.organization_id(slug).await),
            None => "null".to_owned(),
        };
        let at = now - seconds_ago * 1_000_000;
        let (due, attempted) = if delivered { ("null", at.to_string()) } else { ("1", "null".to_owned()) };
        let to = format!("{}-{number}@example.com", slug.unwrap_or("account"));
        let columns =
            "id, organization_id, recipient, subject, text_body, html_body, created_at, next_attempt_at, attempted_at";
        let values = format!("'{number:0>12}', {organization}, '{to}', 'S', 'T', 'H', {at}, {due}, {attempted}");
        server.execute(&format!("insert into messages ({columns}) values ({values})")).await;
    };
    for _ in 0..20 {
        queue(Some("northwind"), 60, true).await;
    }
    for _ in 0..4 {
        queue(Some("northwind"), 50, false).await;
    }
    for _ in 0..7 {
        queue(Some("southwind"), 40, false).await;
    }
    queue(None, 0, false).await;
    jobs::start(&server.app);
    let sent = eventually("all mail", async || Some(mail.messages()).filter(|messages| messages.len() == 12)).await;
    // Four at a time.
    let to = |name: &str| sent.iter().position(|message| message.contains(&format!("To: {name}-"))).unwrap();
    assert!(to("account") < 4, "{sent:?}");
    assert!(sent[..8].iter().all(|message| !message.contains("To: northwind-")), "{sent:?}");
}
