//! Status changes per second, each on the disk before it is answered: beside a bare connection that
//! runs the same statements on the same file with the same durability.

use crate::{
    Bench,
    candor::{DEMO, database_url},
    machine::Folder,
    report::{Goal, Row},
    rounds::{Rounds, take_turns},
};
use sqlx::{Connection, SqliteConnection};
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(400);

/// As the server's writer.
const PRAGMAS: &str =
    "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000;";

pub fn writes(bench: &Bench) -> Vec<Row> {
    let (candor, yardstick) = (&bench.candor, &bench.yardstick.runtime);
    let mut bare = yardstick.block_on(async {
        let mut database = SqliteConnection::connect(&database_url(&candor.folder)).await.unwrap();
        sqlx::raw_sql(PRAGMAS).execute(&mut database).await.unwrap();
        database
    });
    let mut number = 0;
    let pairs = take_turns(
        ROUNDS,
        || {
            per_second(|| {
                candor.runtime.block_on(candor.change());
            })
        },
        || {
            per_second(|| {
                number += 1;
                yardstick.block_on(change(&mut bare, number));
            })
        },
    );
    vec![Row {
        what: "status changes per second, durable".to_owned(),
        goal: Goal::AtLeast(0.7),
        rounds: Rounds::of(&pairs, |per_second| *per_second),
        unit: "per second",
        detail: String::new(),
        hint: "every statement goes through Any and a channel to sqlx's worker thread",
    }]
}

fn per_second(mut change: impl FnMut()) -> f64 {
    let (started, mut count) = (Instant::now(), 0.0);
    while started.elapsed() < ROUND {
        change();
        count += 1.0;
    }
    count / started.elapsed().as_secs_f64()
}

/// The statements of one status change, one after the other, without anything around them. On the
/// demo organization, so that the server's own next change finds its services as it left them.
async fn change(database: &mut SqliteConnection, number: i64) {
    let status = if number % 2 == 1 { "major_outage" } else { "operational" };
    let now = candor::server::clock::now().micros();
    let mut write = database.begin_with("begin immediate").await.unwrap();
    let (organization, at): (String, i64) = sqlx::query_as(
        "update organizations set version = version + 1, changed_at = case when changed_at >= $1 then changed_at + 1 else $1 end
         where slug = $2 returning id, changed_at",
    )
    .bind(now)
    .bind(DEMO)
    .fetch_one(&mut *write)
    .await
    .unwrap();
    let (service, before): (String, String) = sqlx::query_as(
        "select s.id, h.status from services s join status_history h on h.service_id = s.id and h.ended_at is null
         where s.organization_id = $1 and s.name = 'Documentation' and s.deleted_at is null",
    )
    .bind(&organization)
    .fetch_one(&mut *write)
    .await
    .unwrap();
    sqlx::query("update services set own_status = $1, updated_at = $2 where organization_id = $3 and id = $4")
        .bind(status)
        .bind(at)
        .bind(&organization)
        .bind(&service)
        .execute(&mut *write)
        .await
        .unwrap();
    let (ended,): (i64,) = sqlx::query_as(
        "update status_history set ended_at = case when started_at > $1 then started_at else $1 end
         where organization_id = $2 and service_id = $3 and ended_at is null returning ended_at",
    )
    .bind(at)
    .bind(&organization)
    .bind(&service)
    .fetch_one(&mut *write)
    .await
    .unwrap();
    sqlx::query(
        "insert into status_history (id, organization_id, service_id, status, started_at, cause, user_id, user_name)
         values ($1, $2, $3, $4, $5, 'manual', null, 'bench')",
    )
    .bind(id(number))
    .bind(&organization)
    .bind(&service)
    .bind(status)
    .bind(ended)
    .execute(&mut *write)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_entries (id, organization_id, at, user_id, actor, door, address, action, subject_id, subject, before_value, after_value)
         values ($1, $2, $3, null, 'bench', 'command_line', null, 'service.status_set', $4, 'Documentation', $5, $6)",
    )
    .bind(id(number))
    .bind(&organization)
    .bind(at)
    .bind(&service)
    .bind(before)
    .bind(status)
    .execute(&mut *write)
    .await
    .unwrap();
    write.commit().await.unwrap();
}

fn id(number: i64) -> String {
    format!("bare{number:08}")
}

/// A database of one table, as durable as the server's.
pub async fn one_row_database(folder: &Folder) -> SqliteConnection {
    let url = format!("sqlite:{}?mode=rwc", folder.0.join("one.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(PRAGMAS).execute(&mut database).await.unwrap();
    sqlx::raw_sql("create table changes (number integer primary key)").execute(&mut database).await.unwrap();
    database
}

/// Saves one row, durably.
pub async fn save_one_row(database: &mut SqliteConnection) {
    sqlx::query("insert into changes default values").execute(database).await.unwrap();
}
