//! The database: SQLite or PostgreSQL by its address, one set of statements for both.
//!
//! Connections are lent only against a [`Proof`], and every change goes through [`Write`], whose
//! commit raises the organization's version, writes the audit entry and tells the live hub: a verb
//! cannot forget them.

pub mod bulk;
mod derived;
pub mod error;
pub mod in_list;
pub mod row_packing;
mod store;
mod types;

pub use derived::DerivedWrite;

use crate::{
    domain::{
        audit::Door,
        error::{AppError, Result},
        ids::{ID_LENGTH, OrganizationId, TeamId, UserId},
        live::Topic,
        role::{Action, PermissionScope},
        time::Time,
    },
    server::{
        access::{Proof, forbidden, security_log},
        clock, files,
        keyed_queue::{KeyedQueue, QueuePermit},
        live::Hub,
        test_hooks,
    },
};
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Transaction,
    any::AnyPoolOptions,
    pool::{PoolConnection, PoolConnectionMetadata},
};
use std::{fmt, io, path::Path, pin::Pin, time::Duration};

/// Statements of one write at most, but for the operator's commands. While it lasts nobody else writes on SQLite; so
/// the rows of a change are bounded too, and go many to a statement ([`bulk`]).
pub const MAX_STATEMENTS: u32 = 200;
/// Rows that a sweep deletes in one write; it goes on with the next ones in another.
pub const SWEEP_ROWS: u64 = 1_000;
/// What begins a write on PostgreSQL: a statement that takes longer than 10 seconds ends it, and so does silence.
const BEGIN_POSTGRES: &str =
    "begin; set local statement_timeout = '10s'; set local idle_in_transaction_session_timeout = '10s'";

/// What begins a reading on PostgreSQL: one view, and an end of statements that take too long.
const BEGIN_READ_POSTGRES: &str =
    "begin isolation level repeatable read, read only; set local statement_timeout = '10s'";
/// The same for [`Db::read_long`].
const BEGIN_LONG_READ_POSTGRES: &str =
    "begin isolation level repeatable read, read only; set local statement_timeout = '20s'";

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The pools. Private to this module: see [`Db::read`] and [`Db::write`].
#[derive(Debug, Clone)]
pub struct Db {
    engine: Engine,
    readers: AnyPool,
    long_readers: AnyPool,
    long_reads: KeyedQueue<String>,
    writer: AnyPool,
    keyed_queue: KeyedQueue<OrganizationId>,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is of no known kind.
    #[error("DATABASE_URL must start with sqlite: or postgres:")]
    UnknownEngine,
    /// The file or its folder could not be made.
    #[error("could not create the database file {0}: {1}")]
    File(String, std::io::Error),
    /// It could not be reached.
    #[error("could not open the database: {0}")]
    Connect(#[from] sqlx::Error),
    /// Its tables could not be brought up to date.
    #[error("could not migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// The file of a SQLite address, if it has one.
pub fn sqlite_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| Path::new(path))
}

/// Makes the file of a SQLite database where there is none, and keeps other accounts out of it. What SQLite
/// writes beside it gets the same mode.
fn create(file: &Path) -> io::Result<()> {
    files::create_folder_of(file)?;
    match files::create_new(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    for beside in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        files::close_to_others(Path::new(&name));
    }
    Ok(())
}

/// Of one connection for reading.
const SQLITE_READER: &str =
    "pragma foreign_keys = on; pragma busy_timeout = 5000; pragma query_only = on; pragma cache_size = -8000;";
/// Searches, reports and exports that are read at once.
const MAX_LONG_READS: u32 = 3;

impl Db {
    /// Opens the database, making the file if there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`OpenError`], in words for the operator.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let engine = match url.split(':').next() {
            Some("sqlite") => Engine::Sqlite,
            Some("postgres" | "postgresql") => Engine::Postgres,
            _ => return Err(OpenError::UnknownEngine),
        };
        let db = match engine {
            Engine::Sqlite => {
                let file = sqlite_file(url).ok_or(OpenError::UnknownEngine)?;
                // Made here or never: a file that is moved away while the server runs comes back whole, unless
                // another takes its place meanwhile.
                create(file).map_err(|error| OpenError::File(file.display().to_string(), error))?;
                let url = format!("sqlite://{}?mode=rw", file.display());
                let writer = sqlite_pool(
                    1,
                    "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000;",
                );
                let writer = writer.connect(&url).await?;
                let readers = sqlite_pool(4, SQLITE_READER);
                let long_readers = sqlite_pool(MAX_LONG_READS, SQLITE_READER);
                Self::of(engine, readers.connect_lazy(&url)?, long_readers.connect_lazy(&url)?, writer)
            }
            Engine::Postgres => {
                let pool = AnyPoolOptions::new()
                    .max_connections(10)
                    .acquire_timeout(Duration::from_secs(5))
                    .after_connect(prepare("set lock_timeout = '5s'"))
                    .connect(url)
                    .await?;
                let long_readers =
                    AnyPoolOptions::new().max_connections(MAX_LONG_READS).acquire_timeout(Duration::from_secs(5));
                Self::of(engine, pool.clone(), long_readers.connect_lazy(url)?, pool)
            }
        };
        sqlx::migrate!().run(&db.writer).await?;
        Ok(db)
    }

    fn of(engine: Engine, readers: AnyPool, long_readers: AnyPool, writer: AnyPool) -> Self {
        let (long_reads, keyed_queue) = (KeyedQueue::default(), KeyedQueue::default());
        Self { engine, readers, long_readers, long_reads, writer, keyed_queue }
    }

    /// Closes the connections, each as soon as it is returned. What SQLite keeps beside the file is then merged into it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.long_readers.close().await;
        self.writer.close().await;
    }

    /// The kind of this database.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// A consistent view for reading: everything read through it is of one moment.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when there is no connection within five seconds.
    pub async fn read(&self, _proof: &impl Proof) -> Result<Read> {
        self.begin_read(&self.readers, None).await
    }

    /// The same for what may take seconds, as it goes through everything that an organization ever wrote: searches,
    /// reports, exports. It has connections of its own, so that others' pages and changes do not wait for it, and one
    /// caller makes one at a time.
    ///
    /// # Errors
    /// As [`Db::read`]; [`AppError::Busy`] when too much of the same caller waits already.
    pub async fn read_long(&self, _proof: &impl Proof, caller: &impl fmt::Display) -> Result<Read> {
        let permit = self.long_reads.take(&caller.to_string()).await?;
        self.begin_read(&self.long_readers, Some(permit)).await
    }

    async fn begin_read(&self, pool: &AnyPool, permit: Option<QueuePermit<String>>) -> Result<Read> {
        let begin = match (self.engine, &permit) {
            (Engine::Sqlite, _) => "begin",
            (Engine::Postgres, None) => BEGIN_READ_POSTGRES,
            (Engine::Postgres, Some(_)) => BEGIN_LONG_READ_POSTGRES,
        };
        Ok(Read { transaction: pool.begin_with(begin).await.map_err(error::refused)?, _permit: permit })
    }

    /// The one write transaction of a change to this organization. Nothing is kept unless
    /// [`Write::commit`] is called.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the writer is not free within five seconds, [`AppError::Busy`] when
    /// too many changes of the organization wait for it.
    pub async fn write(
        &self,
        _proof: &impl Proof,
        organization: &OrganizationId,
        actor: Actor,
        leave: Grant,
        hub: &Hub,
    ) -> Result<Write> {
        let permit = self.keyed_queue.take(organization).await?;
        let mut transaction = self.begin_write().await?;
        // Also the lock that lets one change of an organization go before the next: the moment is
        // the one after waiting, and later than that of every change before.
        let (version, at) = store::raise_version(&mut transaction, organization, clock::now()).await?;
        Ok(Write {
            transaction,
            engine: self.engine,
            statements: 0,
            at,
            organization: organization.clone(),
            version,
            actor,
            leave,
            hub: hub.clone(),
            written: Vec::new(),
            permit: Some(permit),
        })
    }

    /// The write transaction that creates an organization, which has no version to raise yet.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_new(
        &self,
        _proof: &impl Proof,
        organization: &OrganizationId,
        actor: Actor,
        hub: &Hub,
    ) -> Result<Write> {
        let transaction = self.begin_write().await?;
        Ok(Write {
            transaction,
            engine: self.engine,
            statements: 0,
            at: clock::now(),
            organization: organization.clone(),
            version: 1,
            actor,
            leave: Grant::everything(Action::OwnOrganization),
            hub: hub.clone(),
            written: Vec::new(),
            permit: None,
        })
    }

    /// A write that belongs to no organization: people and their sessions.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_accounts(&self, _proof: &impl Proof) -> Result<AccountWrite> {
        Ok(AccountWrite { transaction: self.begin_write().await? })
    }

    async fn begin_write(&self) -> Result<Transaction<'static, Any>> {
        let begin = match self.engine {
            Engine::Sqlite => "begin immediate",
            Engine::Postgres => BEGIN_POSTGRES,
        };
        self.writer.begin_with(begin).await.map_err(error::refused)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when it does not within two seconds.
    pub async fn ping(&self) -> Result<()> {
        tokio::time::timeout(Duration::from_secs(2), store::ping(&self.readers))
            .await
            .map_err(|_| AppError::Unavailable)?
    }

    /// Versions of the organizations that changed, were deleted or imported since then: how a change that another
    /// process made (the command line) becomes known.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn changed_since(&self, then: Time) -> Result<Vec<(OrganizationId, i64)>> {
        store::changed_since(&self.readers, then).await
    }
}

fn sqlite_pool(connections: u32, pragmas: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(prepare(pragmas))
        // A commit for which there is no space is rolled back by SQLite itself, and sqlx goes on believing
        // in the transaction: such a connection takes no other.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

/// Settings of every new connection.
fn prepare(
    settings: &'static str,
) -> impl for<'c> Fn(&'c mut AnyConnection, PoolConnectionMetadata) -> Prepared<'c> + Send + Sync + 'static {
    move |connection, _| {
        Box::pin(async move {
            sqlx::raw_sql(settings).execute(connection).await?;
            Ok(())
        })
    }
}

type Prepared<'c> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'c>>;

/// A consistent view for reading.
#[derive(Debug)]
pub struct Read {
    transaction: Transaction<'static, Any>,
    /// Dropped after the transaction: fields go in order.
    _permit: Option<QueuePermit<String>>,
}

impl Read {
    /// For statements in a `store.rs`.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

/// A write to people and sessions.
#[derive(Debug)]
pub struct AccountWrite {
    transaction: Transaction<'static, Any>,
}

impl AccountWrite {
    /// For statements in a `store.rs`.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
    /// Locks the person's row until the end of the transaction: what is counted after this and then inserted
    /// is counted once, also on PostgreSQL.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the account has been deleted.
    pub async fn lock_user(&mut self, user: &UserId) -> Result<()> {
        store::lock_user(&mut self.transaction, user).await
    }
    /// Keeps what was written.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when it could not be kept: then nothing was.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(error::refused)
    }
}

/// Who makes a change, for history and audit.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person, if it is one.
    pub user_id: Option<UserId>,
    /// The person's name now, or what the job is called.
    pub name: String,
    /// How the change came in.
    pub door: Door,
    /// From where, if it came over the network.
    pub address: Option<String>,
}

/// What a write was allowed, and where.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The action that was checked.
    pub action: Action,
    /// How far it reaches.
    pub reach: PermissionScope,
}

impl Grant {
    /// Leave to do this everywhere.
    pub const fn everything(action: Action) -> Self {
        Self { action, reach: PermissionScope::Everything }
    }
}

/// One thing that was done, for the audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// What was done, as `noun.verb`: `service.created`.
    pub action: &'static str,
    /// The id of what it was done to.
    pub subject_id: Option<String>,
    /// What it was done to, as it is called.
    pub subject: String,
    /// What was there before.
    pub before: Option<String>,
    /// What is there now.
    pub after: Option<String>,
}

impl AuditEntry {
    /// An entry without values.
    pub fn new(action: &'static str, subject_id: &impl ToString, subject: impl Into<String>) -> Self {
        Self { action, subject_id: Some(subject_id.to_string()), subject: subject.into(), before: None, after: None }
    }
    /// The same with what was before and what is now.
    #[must_use]
    pub fn values(mut self, before: Option<String>, after: Option<String>) -> Self {
        (self.before, self.after) = (before.map(cut), after.map(cut));
        self
    }
    /// The same with each field that is another now: what it is called, what it was, what it is.
    #[must_use]
    pub fn changed(self, fields: &[(&str, &str, &str)]) -> Self {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (field, old, new) in fields.iter().filter(|(_, old, new)| old != new) {
            before.push(format!("{field}: {old}"));
            after.push(format!("{field}: {new}"));
        }
        let words = |parts: Vec<String>| (!parts.is_empty()).then(|| parts.join("; "));
        self.values(words(before), words(after))
    }
}

/// Characters of a value in the audit log; of longer ones the beginning stays.
const MAX_AUDIT_VALUE: usize = 2_000;

fn cut(value: String) -> String {
    match value.char_indices().nth(MAX_AUDIT_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

/// One write transaction of one organization.
#[derive(Debug)]
pub struct Write {
    transaction: Transaction<'static, Any>,
    engine: Engine,
    statements: u32,
    /// The moment of the change: one for all its rows.
    pub at: Time,
    /// Whose rows are written.
    pub organization: OrganizationId,
    /// The version this change makes.
    pub version: i64,
    /// Who makes it.
    pub actor: Actor,
    leave: Grant,
    hub: Hub,
    written: Vec<AuditEntry>,
    /// Dropped after the transaction: fields go in order.
    permit: Option<QueuePermit<OrganizationId>>,
}

impl Write {
    /// For one statement in a `store.rs`.
    pub fn connection(&mut self) -> &mut AnyConnection {
        self.statements += 1;
        &mut self.transaction
    }
    /// Refuses unless the write may touch what belongs to this team, or to none.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require(&self, team: Option<&TeamId>) -> Result<()> {
        if self.leave.reach.includes(team) { Ok(()) } else { Err(self.refuse(self.leave.action)) }
    }
    /// The refusal of an action, which is logged.
    pub fn refuse(&self, action: Action) -> AppError {
        let error = forbidden(action);
        security_log::access_refused(&self.actor, action, self.organization.as_str(), &error);
        error
    }
    /// Lets other processes know of a deletion or an import, which they do not see by when the organization changed.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn announce(&mut self) -> Result<()> {
        store::insert_event(self).await
    }
    /// As [`AccountWrite::lock_user`].
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the account has been deleted.
    pub async fn lock_user(&mut self, user: &UserId) -> Result<()> {
        store::lock_user(&mut self.transaction, user).await
    }
    /// Notes one thing that was done; the entries are written with the commit.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.written.push(entry);
    }
    /// Keeps the change, with its audit entries, and tells everybody who watches.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when it could not be kept: then nothing was.
    pub async fn commit(mut self, topics: &[Topic]) -> Result<()> {
        let entries = std::mem::take(&mut self.written);
        store::insert_audit(&mut self, &entries).await?;
        test_hooks::wrote(&self.organization, self.statements);
        if self.statements > MAX_STATEMENTS && self.actor.door != Door::CommandLine {
            let (organization, statements, actions) = (&self.organization, self.statements, first_actions(&entries));
            tracing::warn!(%organization, statements, actions, "a change used more statements than allowed");
        }
        self.transaction.commit().await.map_err(error::refused)?;
        self.hub.publish(&self.organization, self.version, topics);
        // Not before: the next change's topics would be told first, and these would be no news.
        drop(self.permit);
        Ok(())
    }
}

/// What a change did first, for the log.
fn first_actions(entries: &[AuditEntry]) -> String {
    entries.iter().take(3).map(|entry| entry.action).collect::<Vec<_>>().join(", ")
}

/// Characters of a search that count: nobody types more.
const MAX_SEARCH: usize = 100;

/// Searched words as columns in lower case have them. A statement says `replace(column, $1, '') <> column`, which both
/// engines know, and which costs a small part of what `like` does with long texts; nothing is found by no words.
pub fn searched(words: &str) -> String {
    words.trim().to_lowercase().chars().take(MAX_SEARCH).collect()
}

/// Twelve random bytes for a new id.
pub fn random_id() -> [u8; ID_LENGTH] {
    rand::random()
}

/// A connection outside any transaction, for the health check and the poller of this module.
type Plain = PoolConnection<Any>;
