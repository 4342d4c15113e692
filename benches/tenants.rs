//! Many organizations on one server: what the others have costs nobody anything.
//!
//! Two programs run beside each other, one with a single organization and one with fifty of the
//! same size, and take turns at rendering every screen of the dashboard for a member of the first.

use crate::{
    Bench,
    candor::{BENCH, EMAIL, PASSWORD, assembled, database_url, sign_in},
    machine::Folder,
    program::Program,
    report::{Goal, Row},
    rounds::{Rounds, median, take_turns},
    visitors::request,
};
use candor::{
    domain::{
        organization::NewOrganization,
        role::Role,
        service::GroupInput,
        status::{Cause, ServiceStatus},
    },
    server::{
        access::accounts,
        organizations,
        services::{self, NewService},
    },
};
use sqlx::{Connection, SqliteConnection};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};

/// Organizations on the full server.
const MANY: usize = 50;
/// Members of each.
const MEMBERS: usize = 20;
/// Services of each, in groups of ten.
const SERVICES: usize = 40;
/// Times that each screen is asked for in a round. One person has 600 requests at once.
const TIMES: usize = 10;

/// A program with so many organizations, and the session of a member of the first.
struct Tenants {
    program: Program,
    cookie: String,
    service: String,
    _folder: Folder,
}

impl Tenants {
    fn start(bench: &Bench, organizations: usize) -> Self {
        let folder = Folder::within(&bench.candor.folder, &format!("tenants-{organizations}"));
        let service = bench.candor.runtime.handle().block_on(fill(&folder, organizations));
        let program = Program::candor(&folder, &database_url(&folder), &[], "/status/tenant-0");
        let cookie = bench.visitors.block_on(sign_in(program.address));
        Self { program, cookie, service, _folder: folder }
    }

    /// Milliseconds until a screen is there, the median of some.
    fn screen(&self, path: &str) -> f64 {
        let path = path.replace("{id}", &self.service);
        let headers = [("cookie", self.cookie.as_str()), ("connection", "close"), ("accept", "text/html")];
        let request = request("GET", &path, self.program.address, &headers, "");
        let once = || {
            let started = Instant::now();
            let mut stream = TcpStream::connect(self.program.address).unwrap();
            let mut answer = Vec::new();
            stream.write_all(&request).and_then(|()| stream.read_to_end(&mut answer)).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer[..200]));
            started.elapsed().as_secs_f64() * 1e3
        };
        median((0..TIMES).map(|_| once()).collect())
    }
}

async fn fill(folder: &Folder, organizations: usize) -> String {
    let (app, _) = assembled(folder, ([127, 0, 0, 1], 0).into(), &[]).await;
    let user = accounts::set_password(&app, BENCH, EMAIL, "Member", PASSWORD.to_owned()).await.unwrap();
    let mut first = None;
    for number in 0..organizations {
        let new = NewOrganization {
            name: format!("Tenant {number}"),
            slug: format!("tenant-{number}"),
            time_zone: "Europe/Vienna".to_owned(),
            listed: true,
        };
        let (id, _) = organizations::find_or_create(&app, BENCH, new).await.unwrap();
        if number == 0 {
            organizations::add_member(&app, BENCH, &id, &user, Role::Owner).await.unwrap();
        }
        let mut write = BENCH.write(&app, &id).await.unwrap();
        let mut group = None;
        for service in 0..SERVICES {
            let texts = |what: &str| GroupInput { name: format!("{what} {service}"), description: String::new() };
            if service % 10 == 0 {
                group = Some(services::add_group(&mut write, &texts("Region"), None).await.unwrap());
            }
            let new = NewService {
                texts: texts("Service"),
                group_id: group.clone(),
                team_id: None,
                status: ServiceStatus::Operational,
                source_id: None,
                cause: Cause::Manual,
                created_at: None,
                observed_since: None,
            };
            let id = services::add(&mut write, new).await.unwrap();
            first.get_or_insert(id.to_string());
        }
        write.commit(&[]).await.unwrap();
    }
    drop(app);
    people(folder).await;
    first.unwrap()
}

/// The other members of every organization: people without a password.
async fn people(folder: &Folder) {
    let mut database = SqliteConnection::connect(&database_url(folder)).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!(
        "pragma busy_timeout = 5000;
         with recursive number (n) as (select 1 union all select n + 1 from number where n + 1 < {MEMBERS})
         insert into users (id, email, email_key, name, created_at, updated_at)
         select substr(o.id, 1, 8) || printf('%04d', n), 'm' || n || '@' || o.slug || '.example', 'm' || n || '@' || o.slug || '.example',
                'Member ' || n, 0, 0 from organizations o cross join number;
         insert into members (organization_id, user_id, role, created_at)
         select o.id, u.id, 'viewer', 0 from organizations o join users u on u.email_key like '%@' || o.slug || '.example'"
    ));
    sqlx::raw_sql(statement).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

/// Every screen of an organization that a member opens.
const SCREENS: &[(&str, &str)] = &[
    ("overview", ""),
    ("services", "/services"),
    ("a service", "/services/{id}"),
    ("its form", "/services/{id}/edit"),
    ("team", "/team"),
    ("settings", "/settings"),
    ("API tokens", "/settings/tokens"),
    ("audit log", "/audit"),
];

pub fn tenants(bench: &Bench) -> Vec<Row> {
    let (many, one) = (Tenants::start(bench, MANY), Tenants::start(bench, 1));
    let row = |(name, rest): &(&str, &str)| {
        let path = format!("/dashboard/tenant-0{rest}");
        let pairs = take_turns(7, || many.screen(&path), || one.screen(&path));
        Row {
            what: format!("dashboard, {name}: {MANY} organizations beside one"),
            goal: Goal::AtMost(1.2),
            rounds: Rounds::of(&pairs, |time| *time),
            unit: "ms",
            detail: String::new(),
            hint: "a statement of this screen reads what belongs to others",
        }
    };
    SCREENS.iter().map(row).collect()
}
