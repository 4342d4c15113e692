//! When something breaks: the database, the disk, the page of one organization, or the server is told to stop.
//! Visitors go on reading what was good last, and a change is kept whole or not at all.

use crate::support::{
    Answer, Browser, Engine, PASSWORD, Program, TestServer, aloud, both_engines, eventually, sections,
};
use candor::{domain::live::Topic, server::access::PublicPage};
use serde_json::json;
use sqlx::{AnyConnection, Connection};
use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

both_engines!(
    while_no_connection_is_free_the_last_good_page_stays,
    open_sockets_are_told_that_the_server_stops,
    who_says_nothing_is_not_listened_to_for_ever,
);

const PAGE: &str = "/status/northwind";
const HISTORY: &str = "/status/northwind/history";

/// How long a visitor waits at most while the database does not answer: more than the second and a half that is
/// promised, for a machine that runs other tests meanwhile, and less than a connection may take.
const PROMPT: Duration = Duration::from_secs(3);
/// The same for what is shown again when the database is back.
const SOON: Duration = Duration::from_secs(5);
/// The same for a page that nobody has read before, of which there is no last good one.
const AT_LAST: Duration = Duration::from_secs(15);
/// The same for a connection that says nothing to end, which takes half a minute.
const SILENCE: Duration = Duration::from_secs(60);
/// Room for the log that the database writes ahead; a few changes fill it.
const ROOM: u64 = 200 * 1024;

/// What is answered within that time.
async fn within<T>(most: Duration, what: &str, answer: impl Future<Output = T>) -> T {
    timeout(most, answer).await.unwrap_or_else(|_| panic!("{what}: not within {most:?}"))
}

/// A page that has to be there promptly.
async fn read(visitor: &Browser, path: &str) -> Answer {
    let answer = within(PROMPT, path, visitor.get(path)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// There is no page, and it is said when to ask again.
async fn is_not_available(visitor: &Browser, path: &str) {
    let answer = within(AT_LAST, path, visitor.get(path)).await;
    let html = answer.text();
    assert_eq!(answer.status, 503, "{path}: {html}");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{path}");
    assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    assert!(html.contains("<h1") && html.contains("Candor") && html.contains("/assets/"), "in our look: {html}");
}

/// Waits until the page says these words.
async fn shows_soon(visitor: &Browser, path: &str, words: &str) {
    let look = eventually(words, async || visitor.get(path).await.text().contains(words).then_some(()));
    within(SOON, path, look).await;
}

/// The names of the services on the page.
async fn shown(visitor: &Browser) -> Vec<String> {
    let sections = sections(&read(visitor, PAGE).await.text());
    sections.into_iter().flat_map(|section| section.services).map(|(name, _)| name).collect()
}

/// The names of the services in the dashboard.
async fn listed(member: &Browser) -> Vec<String> {
    let list = member.services("northwind").await;
    list["services"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// Adds a service, if that can be.
async fn add(member: &Browser, name: &str) -> Answer {
    member.rpc("create_services", json!({ "organization": "northwind", "names": [name] })).await
}

/// Somebody who owns the organization, at a program that serves a database of its own.
async fn owner_at(program: &Program) -> Browser {
    let owner = program.browser();
    owner.sign_up("ana").await;
    owner.create_organization("northwind").await;
    owner
}

/// The statement with which another process gives the organization another name.
fn renamed(name: &str) -> String {
    format!("update organizations set name = '{name}', version = version + 1 where slug = 'northwind'")
}

/// Tells the server that another process has made a change.
async fn tell(server: &TestServer, version: i64) {
    let organization = server.organization_id("northwind").await;
    server.app.hub.publish(&organization, version, Topic::ALL);
}

async fn version(server: &TestServer) -> i64 {
    server.number("select cast(version as text) from organizations where slug = 'northwind'").await
}

/// However many ask while the database does not answer, nobody waits for the others.
async fn many_read(server: &TestServer, path: &'static str) -> Vec<Answer> {
    let mut all = JoinSet::new();
    for _ in 0..30 {
        let visitor = server.browser();
        all.spawn(async move { read(&visitor, path).await });
    }
    all.join_all().await
}

async fn while_no_connection_is_free_the_last_good_page_stays(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    server.owner("southwind").await;
    let visitor = server.browser();
    let good = [(PAGE, read(&visitor, PAGE).await), (HISTORY, read(&visitor, HISTORY).await)];
    let page = PublicPage::find(&server.app, "northwind").await.unwrap();
    let mut held = Vec::new();
    // A connection that is free is lent at once.
    while let Ok(lent) = timeout(Duration::from_secs(1), server.app.db.read(&page)).await {
        held.push(lent.unwrap());
    }
    server.execute(&renamed("Westwind")).await;
    tell(&server, version(&server).await).await;

    for (path, good) in good {
        for answer in many_read(&server, path).await {
            assert_eq!(answer.header("etag"), good.header("etag"), "{path}");
            assert!(answer.header("cdn-cache-control").contains("stale-if-error"), "{path}");
        }
        assert!(good.text().contains("Page updated <time"), "it says how old it is");
    }
    is_not_available(&visitor, "/status/southwind").await;
    drop(held);
    shows_soon(&visitor, PAGE, "Westwind").await;
    shows_soon(&visitor, HISTORY, "Westwind").await;
    read(&visitor, "/status/southwind").await;
}

/// What alters a table, or a backup that is made without care, makes the database slow, not unreachable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_holds_up_no_visitor() {
    let Some(server) = TestServer::start(Engine::Postgres).await else { return };
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    server.owner("southwind").await;
    let visitor = server.browser();
    let good = read(&visitor, PAGE).await;
    let next = version(&server).await + 1;
    let organization = server.organization_id("northwind").await;
    let mut other = AnyConnection::connect(server.database_url()).await.unwrap();
    let locked = format!("begin; lock table organizations in access exclusive mode; {}", renamed("Westwind"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(locked)).execute(&mut other).await.unwrap();
    server.app.hub.publish(&organization, next, Topic::ALL);

    for answer in many_read(&server, PAGE).await {
        assert_eq!(answer.header("etag"), good.header("etag"));
    }
    is_not_available(&visitor, "/status/southwind").await;
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    shows_soon(&visitor, PAGE, "Westwind").await;
    read(&visitor, "/status/southwind").await;
    add(&owner, "Website").await.right();
    assert_eq!(shown(&visitor).await, ["API", "Website"]);
}

/// A change of another process that does not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_does_not_end_holds_up_nobody_who_reads() {
    let Some(server) = TestServer::start(Engine::Sqlite).await else { return };
    let owner = server.owner("northwind").await;
    add(&owner, "API").await.right();
    let visitor = server.browser();
    let good = read(&visitor, PAGE).await;
    let mut other = AnyConnection::connect(server.database_url()).await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();

    let waiting = tokio::spawn({
        let owner = owner.clone();
        async move { add(&owner, "Website").await }
    });
    for _ in 0..10 {
        assert_eq!(read(&visitor, PAGE).await.header("etag"), good.header("etag"));
        assert_eq!(within(PROMPT, "the dashboard", listed(&owner)).await, ["API"]);
    }
    waiting.await.unwrap().refused(503, "unavailable");
    // Made only now, for nobody has read it before.
    read(&visitor, HISTORY).await;
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    assert_eq!(shown(&visitor).await, ["API"], "nothing of it was kept");
    add(&owner, "Website").await.right();
    assert_eq!(shown(&visitor).await, ["API", "Website"]);
}

/// Every change that was acknowledged is there, none that was refused is, and the server goes on by itself
/// as soon as there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_changes_and_takes_none_back() {
    if !Program::room_can_be_limited() {
        return;
    }
    let mut program = Program::start().await;
    let (owner, visitor) = (owner_at(&program).await, program.browser());
    let mut kept = Vec::new();
    let next = |kept: &Vec<String>| format!("Service {}", kept.len());
    for is_killed in [false, true] {
        program.execute("pragma wal_checkpoint(truncate)").await;
        program.leave_room(Some(ROOM));
        let refused = loop {
            let (name, answer) = (next(&kept), add(&owner, &next(&kept)).await);
            if answer.status != 200 {
                break answer;
            }
            kept.push(name);
            assert!(kept.len() < 1_000, "the disk is never full");
        };
        refused.refused(503, "unavailable");
        for _ in 0..3 {
            add(&owner, &next(&kept)).await.refused(503, "unavailable");
        }
        // A session may fit in where a service does not.
        let status = program.browser().sign_in("ana", PASSWORD).await.status;
        assert!(matches!(status, 303 | 503), "{status}");
        assert_eq!((listed(&owner).await, shown(&visitor).await), (kept.clone(), kept.clone()));
        read(&visitor, HISTORY).await;
        if is_killed {
            program.signal("KILL");
            program.ended().await;
            program.start_again(&[]).await;
        } else {
            program.leave_room(None);
        }
        add(&owner, &next(&kept)).await.right();
        kept.push(next(&kept));
        assert_eq!((listed(&owner).await, shown(&visitor).await), (kept.clone(), kept.clone()));
        assert_eq!(program.browser().sign_in("ana", PASSWORD).await.status, 303);
    }
    assert_eq!(program.texts("pragma integrity_check").await, ["ok"]);
}

/// The log may be on the disk that is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_stops_nobody() {
    if !Program::room_can_be_limited() {
        return;
    }
    let program = Program::start().await;
    let (owner, visitor) = (owner_at(&program).await, program.browser());
    add(&owner, "API").await.right();
    program.leave_room(Some(0));
    for _ in 0..3 {
        add(&owner, "Website").await.refused(503, "unavailable");
        assert_eq!(visitor.get("/status/nobody").await.status, 404);
        assert_eq!(shown(&visitor).await, ["API"]);
    }
    program.leave_room(None);
    add(&owner, "Website").await.right();
    assert_eq!(shown(&visitor).await, ["API", "Website"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_may_only_be_read_is_read() {
    let mut program = Program::start().await;
    let (owner, visitor) = (owner_at(&program).await, program.browser());
    add(&owner, "API").await.right();
    program.signal("TERM");
    assert!(program.ended().await.success());
    fs::set_permissions(program.file(), Permissions::from_mode(0o444)).unwrap();
    // Who may do everything gives that up.
    let modest = ["setpriv", "--bounding-set=-dac_override", "--"];
    let is_root = OpenOptions::new().write(true).open(program.file()).is_ok();
    if is_root && !Command::new(modest[0]).args(&modest[1..]).arg("true").status().is_ok_and(|ended| ended.success()) {
        return aloud("SKIPPED: without the program setpriv root may write every file here");
    }
    program.start_again(if is_root { &modest } else { &[] }).await;
    for _ in 0..3 {
        add(&owner, "Website").await.refused(503, "unavailable");
        assert_eq!(program.browser().sign_in("ana", PASSWORD).await.status, 503);
        assert_eq!((listed(&owner).await, shown(&visitor).await), (vec!["API".to_owned()], vec!["API".to_owned()]));
        read(&visitor, HISTORY).await;
    }
    program.signal("TERM");
    assert!(program.ended().await.success());
    fs::set_permissions(program.file(), Permissions::from_mode(0o644)).unwrap();
    program.start_again(&[]).await;
    add(&owner, "Website").await.right();
    assert_eq!(shown(&visitor).await, ["API", "Website"]);
}

/// Moves the file of a database with those that belong to it, over what may be there.
fn move_database(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let file = format!("candor.db{ending}");
        if from.join(&file).exists() {
            fs::rename(from.join(&file), to.join(&file)).unwrap();
        }
    }
}

/// A volume that is mounted elsewhere for a while. New connections find nothing, and make nothing new there: a
/// file that is empty would take the other's log away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_moved_away_and_back_has_lost_nothing() {
    let Some(server) = TestServer::start(Engine::Sqlite).await else { return };
    let owner = server.owner("northwind").await;
    add(&owner, "API").await.right();
    let visitor = server.browser();
    read(&visitor, PAGE).await;
    let file = Path::new(server.database_url().strip_prefix("sqlite:").unwrap());
    let folder = file.parent().unwrap();
    let away = folder.join("away");
    fs::create_dir(&away).unwrap();
    // More at once than there are connections: new ones are needed.
    let many_lists = async || {
        let mut all = JoinSet::new();
        for _ in 0..32 {
            let owner = owner.clone();
            all.spawn(async move { owner.rpc("list_services", json!({ "organization": "northwind" })).await.status });
        }
        all.join_all().await
    };

    move_database(folder, &away);
    // Who has the file open already may go on with it.
    let statuses = many_lists().await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    let meanwhile = add(&owner, "Meanwhile").await;
    assert!(matches!(meanwhile.status, 200 | 503), "{}", meanwhile.text());
    assert!(shown(&visitor).await.contains(&"API".to_owned()));
    let health = server.browser().get("/health").await;
    assert!(matches!((health.status, health.json()["status"].as_str()), (200, Some("ok")) | (503, Some("degraded"))));
    assert!(!file.exists(), "nothing new is made in its place");

    move_database(&away, folder);
    let mut kept = vec!["API".to_owned()];
    kept.extend((meanwhile.status == 200).then(|| "Meanwhile".to_owned()));
    eventually("the database is found again", async || {
        many_lists().await.iter().all(|status| *status == 200).then_some(())
    })
    .await;
    assert_eq!(listed(&owner).await, kept);
    add(&owner, "Back").await.right();
    kept.push("Back".to_owned());
    assert_eq!((listed(&owner).await, shown(&visitor).await), (kept.clone(), kept.clone()));
    assert_eq!(server.texts("pragma integrity_check").await, ["ok"]);
    let session = owner.session().unwrap();
    let server = server.restart().await;
    let owner = server.browser();
    owner.set_cookie("candor", &session);
    assert_eq!((listed(&owner).await, shown(&server.browser()).await), (kept.clone(), kept));
}

/// What a test wants holds for the process, so no other test has an organization of these names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_cannot_be_rendered_takes_no_other_with_it() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(server) = TestServer::start(engine).await else { continue };
        let (fragile, sturdy) = (server.owner("fragile").await, server.owner("sturdy").await);
        let of_fragile = fragile.create_service("fragile", "API", "").await;
        let of_sturdy = sturdy.create_service("sturdy", "API", "").await;
        let visitor = server.browser();
        let panics = async |panics: bool| {
            let path = format!("/test/panic?organization=fragile&panics={panics}");
            let answer = visitor.post(&path, &[]).await;
            assert_eq!(answer.status, 200, "the server is built with the feature movable-clock");
        };
        let good = read(&visitor, "/status/fragile").await;
        read(&visitor, "/status/sturdy").await;
        let seen = good.text().split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut socket = visitor.socket(&format!("/status/fragile/live?version={seen}")).await.unwrap();

        panics(true).await;
        fragile.set_status("fragile", &[&of_fragile], "major_outage").await;
        sturdy.set_status("sturdy", &[&of_sturdy], "major_outage").await;
        for _ in 0..3 {
            let answer = read(&visitor, "/status/fragile").await;
            assert_eq!(answer.header("etag"), good.header("etag"));
            assert!(read(&visitor, "/status/sturdy").await.text().contains("Major outage"));
        }
        read(&visitor, "/status/fragile/history").await;
        socket.is_quiet().await;
        assert_eq!(visitor.get("/health").await.status, 200);
        assert!(fragile.is_signed_in().await);

        panics(false).await;
        shows_soon(&visitor, "/status/fragile", "Major outage").await;
        let told = socket.next().await;
        assert!(told["reload"] == true || told["regions"].to_string().contains("Major outage"), "{told}");
    }
}

/// Open pages come back at moments of their own (1012: the service restarts), and hold nothing up.
async fn open_sockets_are_told_that_the_server_stops(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let mut program = Program::on(server.database_url()).await;
    let (visitor, member) = (program.browser(), program.browser());
    member.set_cookie("candor", &owner.session().unwrap());
    let html = read(&visitor, PAGE).await.text();
    let seen = html.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = visitor.socket(&format!("{PAGE}/live?version={seen}")).await.unwrap();
        socket.is_quiet().await;
        sockets.push(socket);
        let mut socket = member.socket("/rpc/live?organization=northwind").await.unwrap();
        assert_eq!(socket.next().await["topics"], json!([]));
        sockets.push(socket);
    }

    let told = Instant::now();
    program.signal("TERM");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await.0, Some(1012));
    }
    // They stay open at this end.
    assert!(program.ended().await.success());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    drop(sockets);
}

/// "Bounded everything": neither a connection that asks for nothing, nor one that never says all it asks for.
async fn who_says_nothing_is_not_listened_to_for_ever(server: TestServer) {
    server.owner("northwind").await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let mut silent = JoinSet::new();
    for said in ["", "GET /status/northwind HTTP/1.1\r\nHost: a", "GET /status/northwind HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let address = address.clone();
        silent.spawn(async move {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(said.as_bytes()).await.unwrap();
            let mut heard = String::new();
            within(SILENCE, said, connection.read_to_string(&mut heard)).await.unwrap();
            (said.ends_with("\r\n\r\n"), heard.starts_with("HTTP/1.1 200"))
        });
    }
    for (asked, answered) in silent.join_all().await {
        assert_eq!(asked, answered, "what was asked for is answered before the end");
    }
    read(&server.browser(), PAGE).await;
}
