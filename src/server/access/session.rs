//! Sessions of signed-in people: tower-sessions over our own table.
//!
//! Only somebody who is signed in has a session, so a visitor costs no row; the table holds the
//! hash of the id, and the person in a column of its own.

use super::{
    InternalProof, SignedIn,
    accounts::Authenticated,
    cookies,
    device::Device,
    oidc::FLOW_SECONDS,
    security_log::{self, Method},
    store,
};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::UserId,
        time::Time,
    },
    server::{
        App, clock,
        config::BaseUrl,
        db::{Db, SWEEP_ROWS},
    },
};
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store,
};

const USER: &str = "user";
const SEEN: &str = "seen";
const BROWSER: &str = "browser";
const ADDRESS: &str = "address";
const AUTHENTICATED_AT: &str = "authenticated_at";
/// On the way to and from its column.
const ACCESS_VERSION: &str = "access_version";
/// When it ends at the latest, if that is before [`ABSOLUTE_SECONDS`].
const ENDS: &str = "ends";

/// A session ends after this many seconds without a request: 14 days.
pub const IDLE_SECONDS: i64 = 14 * 86_400;
/// A session ends this many seconds after signing in, or after it was last confirmed, whatever happens: 30 days.
pub const ABSOLUTE_SECONDS: i64 = 30 * 86_400;
/// How often a session in use is written again, in seconds: once an hour.
const TOUCH_SECONDS: i64 = 3_600;

/// The layer that gives every request its session.
pub fn layer(db: &Db, url: &BaseUrl) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(db))
        .with_name(cookies::session_name(url.secure()))
        .with_secure(url.secure())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::seconds(IDLE_SECONDS)))
}

/// Begins a session of this person in this browser, under a new id; one that was there before ends.
/// `authenticated_at` is when they proved who they are, where that is known.
///
/// # Errors
/// [`AppError::Conflict`] when what they proved it with was ended meanwhile; [`AppError::Unavailable`] when it cannot be
/// kept.
pub async fn begin(
    app: &App,
    session: &Session,
    Authenticated { user, access_version }: &Authenticated,
    device: &Device,
    method: Method,
    authenticated_at: Option<Time>,
) -> Result<()> {
    let before = self::user(session).await?;
    // Not `flush`: it would keep the id.
    session.clear().await;
    session.cycle_id().await.map_err(lost)?;
    session.insert(USER, user).await.map_err(lost)?;
    session.insert(ACCESS_VERSION, access_version).await.map_err(lost)?;
    session.insert(SEEN, clock::now().seconds()).await.map_err(lost)?;
    session.insert(BROWSER, &device.browser).await.map_err(lost)?;
    session.insert(ADDRESS, &device.address).await.map_err(lost)?;
    if let Some(at) = authenticated_at {
        session.insert(AUTHENTICATED_AT, at.seconds()).await.map_err(lost)?;
    }
    if method == Method::Oidc && app.oidc_session_seconds < ABSOLUTE_SECONDS {
        let ends = clock::now().plus_seconds(app.oidc_session_seconds).seconds();
        session.insert(ENDS, ends).await.map_err(lost)?;
    }
    if let Err(error) = session.save().await {
        return Err(match access_version_of(&app.db, user).await? {
            Some(now) if now == *access_version => lost(error),
            _ => AppError::Conflict("You were signed out everywhere while signing in. Sign in again.".to_owned()),
        });
    }
    if let Some(before) = before {
        app.hub.revalidate_sessions(&before);
    }
    security_log::signed_in(user, method, &device.address);
    Ok(())
}

/// Notes that the person has just proved who they are. The session goes on under a new id, which is given back: an
/// old one that somebody else has is worth nothing any more.
///
/// # Errors
/// [`AppError::Unauthenticated`] when it was ended meanwhile; [`AppError::Unavailable`] when it cannot be kept.
pub async fn confirm(by: &SignedIn, session: &Session, at: Time) -> Result<Option<Id>> {
    let access_version: Option<i64> = session.get(ACCESS_VERSION).await.map_err(lost)?;
    // `cycle_id` would begin another session also where this one was ended alone.
    if let Some(id) = session.id() {
        let mut write = by.app.db.write_accounts(&InternalProof).await?;
        let was_there = store::delete_session(&mut write, &id_hash(id)).await?;
        write.commit().await?;
        if !was_there {
            return Err(AppError::Unauthenticated);
        }
    }
    session.cycle_id().await.map_err(lost)?;
    session.insert(AUTHENTICATED_AT, at.seconds()).await.map_err(lost)?;
    if let Err(error) = session.save().await {
        return Err(match access_version_of(&by.app.db, &by.user.id).await? == access_version {
            true => lost(error),
            false => AppError::Unauthenticated,
        });
    }
    Ok(session.id())
}

async fn access_version_of(db: &Db, user: &UserId) -> Result<Option<i64>> {
    store::access_version(db.read(&InternalProof).await?.connection(), user).await
}

/// When the person last proved in this session who they are, where that is known.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn authenticated_at(session: &Session) -> Result<Option<Time>> {
    Ok(session.get(AUTHENTICATED_AT).await.map_err(lost)?.map(seconds))
}

/// Ends the session on the server.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn end(session: &Session) -> Result<()> {
    session.flush().await.map_err(lost)
}

/// Whose session it is, if anybody's.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn user(session: &Session) -> Result<Option<UserId>> {
    session.get(USER).await.map_err(lost)
}

/// Keeps a session in use from ending, with a write at most once an hour.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn touch(session: &Session) -> Result<()> {
    let now = clock::now().seconds();
    let seen: i64 = session.get(SEEN).await.map_err(lost)?.unwrap_or(now);
    if now - seen > TOUCH_SECONDS {
        session.insert(SEEN, now).await.map_err(lost)?;
    }
    Ok(())
}

/// Whether the session of this id has not ended.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn is_alive(db: &Db, id: Id) -> Result<bool> {
    let now = clock::now();
    Ok(store::session(&mut db.read(&InternalProof).await?, &id_hash(id), now, now.plus_seconds(-ABSOLUTE_SECONDS))
        .await?
        .is_some())
}

/// Deletes sessions that have ended, and what is known of sign-ins whose time is over.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(db: &Db) -> Result<u64> {
    let now = clock::now();
    let mut deleted = 0;
    loop {
        let mut write = db.write_accounts(&InternalProof).await?;
        let some = store::delete_ended_sessions(&mut write, now, now.plus_seconds(-ABSOLUTE_SECONDS)).await?;
        let flows = store::delete_ended_flows(&mut write, now).await?;
        write.commit().await?;
        deleted += some;
        if some.max(flows) < SWEEP_ROWS {
            return Ok(deleted);
        }
    }
}

/// Notes that the sign-in of this hash of a `state` was used; whether it was the first time. Removing its
/// cookie is not enough: a browser may have sent it twice, or somebody may have kept it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn use_flow(db: &Db, state_hash: &str) -> Result<bool> {
    let mut write = db.write_accounts(&InternalProof).await?;
    let first = store::insert_used_flow(&mut write, state_hash, clock::now().plus_seconds(FLOW_SECONDS)).await?;
    write.commit().await?;
    Ok(first)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn lost(error: tower_sessions::session::Error) -> AppError {
    tracing::error!(%error, "session could not be read or saved");
    AppError::Unavailable
}

/// The table of sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    db: Db,
}

impl Sessions {
    /// Those of this database.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone() }
    }
}

/// What the database keeps of a session's id.
pub(super) fn id_hash(id: Id) -> String {
    Sha256::digest(id.0.to_be_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn seconds(since_1970: i64) -> Time {
    Time::from_micros(since_1970.saturating_mul(1_000_000))
}

fn moment(date: time::OffsetDateTime) -> Time {
    seconds(date.unix_timestamp())
}

/// Whichever comes first: the end for want of use, or the latest end.
fn expires_at(record: &Record) -> Time {
    let idle = moment(record.expiry_date);
    let latest = record.data.get(ENDS).and_then(serde_json::Value::as_i64).map(seconds);
    latest.map_or(idle, |latest| idle.min(latest))
}

fn word(data: &HashMap<String, serde_json::Value>, key: &str) -> String {
    data.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn ended(user: &UserId) -> session_store::Error {
    session_store::Error::Backend(format!("the sessions of {user} have been ended"))
}

fn backend(error: AppError) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

fn encode(data: &HashMap<String, serde_json::Value>) -> session_store::Result<String> {
    serde_json::to_string(data).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let user_id: UserId = record
            .data
            .get(USER)
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .ok_or_else(|| session_store::Error::Backend("only a signed-in user can have a session".to_owned()))?;
        let access_version =
            record.data.get(ACCESS_VERSION).and_then(serde_json::Value::as_i64).ok_or_else(|| ended(&user_id))?;
        loop {
            let mut write = self.db.write_accounts(&InternalProof).await.map_err(backend)?;
            write.lock_user(&user_id).await.map_err(backend)?;
            let now = store::access_version(write.connection(), &user_id).await.map_err(backend)?;
            if now != Some(access_version) {
                return Err(ended(&user_id));
            }
            let row = store::SessionRow {
                id_hash: id_hash(record.id),
                user_id: user_id.clone(),
                data: encode(&record.data)?,
                browser: word(&record.data, BROWSER),
                address: word(&record.data, ADDRESS),
                access_version,
                created_at: clock::now(),
                expires_at: expires_at(record),
            };
            let inserted = store::insert_session(&mut write, row).await.map_err(backend)?;
            write.commit().await.map_err(backend)?;
            if inserted {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let mut write = self.db.write_accounts(&InternalProof).await.map_err(backend)?;
        let seen = record.data.get(SEEN).and_then(serde_json::Value::as_i64).map(seconds);
        store::update_session(
            &mut write,
            &id_hash(record.id),
            encode(&record.data)?,
            seen.unwrap_or_else(clock::now),
            expires_at(record),
        )
        .await
        .map_err(backend)?;
        write.commit().await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let now = clock::now();
        let mut read = self.db.read(&InternalProof).await.map_err(backend)?;
        let found = store::session(&mut read, &id_hash(*id), now, now.plus_seconds(-ABSOLUTE_SECONDS))
            .await
            .map_err(backend)?;
        let Some((data, expires_at, access_version)) = found else { return Ok(None) };
        let mut data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        data.insert(ACCESS_VERSION.to_owned(), access_version.into());
        let expiry_date = time::OffsetDateTime::from_unix_timestamp(expires_at.seconds())
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let mut write = self.db.write_accounts(&InternalProof).await.map_err(backend)?;
        store::delete_session(&mut write, &id_hash(*id)).await.map_err(backend)?;
        write.commit().await.map_err(backend)
    }
}
