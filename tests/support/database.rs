//! A fresh database for each test, gone afterwards. It is a copy of a template that has its tables already, which is
//! made once for each state of the migrations and stays: tables take longer to make than most tests to run.

use candor::server::db::Db;
use sqlx::{AnyConnection, Connection, Row};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::LazyLock,
};
use tokio::sync::OnceCell;

/// The variable that names a PostgreSQL server in which tests may create databases.
const SERVER: &str = "CANDOR_TEST_POSTGRES";

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file in a folder of its own.
    Sqlite,
    /// A database of its own in the server that the environment names.
    Postgres,
}

/// A database that goes away with this value.
pub enum Database {
    /// The folder, and the address of the file in it.
    Sqlite(PathBuf, String),
    /// The server's address, the name of the database, and its address.
    Postgres(String, String, String),
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

fn fresh_name() -> String {
    format!("candor_test_{}", candor::domain::ids::id_text(rand::random()))
}

/// A name for the template of these migrations.
static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        (file.file_name(), fs::read(&file).unwrap()).hash(&mut hasher);
    }
    format!("candor_template_{:016x}", hasher.finish())
});

/// The file of the template. It takes its name when it is whole.
async fn sqlite_template() -> &'static Path {
    static FILE: OnceCell<PathBuf> = OnceCell::const_new();
    let make = async || {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.db", *TEMPLATE));
        if !file.exists() {
            let partial = file.with_extension(fresh_name());
            Db::open(&format!("sqlite:{}", partial.display())).await.unwrap().close().await;
            fs::rename(&partial, &file).unwrap();
        }
        file
    };
    FILE.get_or_init(make).await
}

/// The name of the template in this server.
async fn postgres_template(server: &str) -> &'static str {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let make = async || {
        let mut connection = AnyConnection::connect(server).await.unwrap();
        // Test programs may run side by side: one makes it, and the lock ends with the connection.
        sqlx::query("select cast(pg_advisory_lock(4242) as text)").execute(&mut connection).await.unwrap();
        let there = sqlx::query("select 1 from pg_database where datname = $1").bind(&*TEMPLATE);
        if there.fetch_optional(&mut connection).await.unwrap().is_none() {
            let partial = fresh_name();
            run(server, &format!("create database {partial}")).await;
            Db::open(&address(server, &partial)).await.unwrap().close().await;
            run(server, &format!("alter database {partial} rename to {}", *TEMPLATE)).await;
        }
        connection.close().await.unwrap();
    };
    MADE.get_or_init(make).await;
    &TEMPLATE
}

/// The address of another database of the same server.
fn address(server: &str, name: &str) -> String {
    let end = server.find('?').unwrap_or(server.len());
    let start = server[..end].rfind('/').unwrap_or(end);
    format!("{}/{name}{}", &server[..start], &server[end..])
}

impl Database {
    /// `None` when this machine has no such engine, which is said aloud.
    pub async fn create(engine: Engine) -> Option<Self> {
        sqlx::any::install_default_drivers();
        match engine {
            Engine::Sqlite => {
                let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(fresh_name());
                fs::create_dir_all(&folder).unwrap();
                let file = folder.join("candor.db");
                fs::copy(sqlite_template().await, &file).unwrap();
                Some(Self::Sqlite(folder, format!("sqlite:{}", file.display())))
            }
            Engine::Postgres => {
                let Some(server) = server() else {
                    static SAID: std::sync::Once = std::sync::Once::new();
                    SAID.call_once(|| {
                        super::aloud(&format!("SKIPPED: {SERVER} is not set, so nothing is tried on PostgreSQL here"));
                    });
                    return None;
                };
                let (template, name) = (postgres_template(&server).await, fresh_name());
                run(&server, &format!("create database {name} template {template}")).await;
                let url = address(&server, &name);
                Some(Self::Postgres(server, name, url))
            }
        }
    }

    /// Its address, as `DATABASE_URL` spells it.
    pub fn url(&self) -> &str {
        match self {
            Self::Sqlite(_, url) | Self::Postgres(.., url) => url,
        }
    }

    /// The first column of what a query finds.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let mut connection = AnyConnection::connect(self.url()).await.unwrap();
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(query))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        connection.close().await.unwrap();
        rows.iter().map(|row| row.try_get::<Option<String>, _>(0).unwrap().unwrap_or_default()).collect()
    }

    /// Drops it while it is in use.
    pub async fn lose(&self) {
        let Self::Postgres(server, name, _) = self else { panic!("only a database server can lose one") };
        run(server, &format!("drop database {name} with (force)")).await;
    }

    /// Runs one statement.
    pub async fn execute(&self, statement: &str) {
        run(self.url(), statement).await;
    }
}

async fn run(url: &str, statement: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(folder, _) => {
                let _ = fs::remove_dir_all(folder);
            }
            Self::Postgres(server, name, _) => {
                // The test's own runtime is about to end: a thread with one of its own does it.
                let (server, statement) = (server.clone(), format!("drop database if exists {name} with (force)"));
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(run(&server, &statement));
                });
                let _ = dropped.join();
            }
        }
    }
}
