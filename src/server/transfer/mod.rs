//! One organization as a file: everything of it that is no secret, to keep or to carry to another server.
//!
//! Exported, imported into a database that does not have it, and exported again it is the same bytes. Ids
//! stay, because they are permanent addresses. Of people the file knows address and name: on import they are
//! found by the address, or get an account without a password. Nobody becomes a member by an address that
//! they have not proven: whoever can sign in to an unverified account gets an open invitation instead.
//!
//! An export holds one table in memory and writes while it reads; an import holds the file, about twice its
//! size. Both go by the tables of one list (`tables.rs`), which is compared with the database by a test.

mod format;
mod store;
mod tables;

pub use tables::{LEFT_OUT, exported};

use super::{
    App,
    access::Scope,
    clock,
    command::COMMAND,
    db::{Read, Write, random_id},
    exports::{self, ExportPermit},
    files, invitations, organizations,
    terminal::visible,
};
use crate::domain::{
    account::{Email, email},
    error::{AppError, Result},
    ids::{OrganizationId, TeamId, UserId},
    live::Topic,
    organization::slug,
    role::{Role, TeamRole, allowed},
};
use axum::body::{Body, Bytes};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use format::Document;
use futures_util::stream;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    fs::File,
    io::{self, BufReader, BufWriter, Cursor, Read as _},
    path::Path,
    str::FromStr,
    sync::Arc,
};
use tables::{FORMER_SLUGS, Kind, MEMBERS, ORGANIZATION, Row, TABLES, TEAM_MEMBERS, Table, Value};

/// Seconds by which the clock of the server that wrote a file may be ahead.
const CLOCK_TOLERANCE: i64 = 86_400;
/// Bytes that are written, and sent, together.
const CHUNK: usize = 64 * 1024;

/// Why nothing was exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A file cannot be read or written.
    #[error("{file}: {error}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// What is written cannot leave.
    #[error("could not write the export: {0}")]
    Out(#[from] io::Error),
    /// The file is not what it should be.
    #[error("nothing was imported from {file}: {words}")]
    Content {
        /// Which file.
        file: String,
        /// What is wrong, with the path in the document.
        words: String,
    },
    /// A verb refused.
    #[error(transparent)]
    Refused(#[from] AppError),
}

impl From<TransferError> for AppError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Refused(error) => error,
            error => {
                tracing::error!(%error, "organization could not be exported");
                Self::Internal
            }
        }
    }
}

/// Does what blocks where it holds nobody up.
async fn beside<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, TransferError>
where
    T: Send + 'static,
    E: Send + 'static,
    TransferError: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => {
            tracing::error!(%error, "export or import task failed");
            Err(AppError::Internal.into())
        }
    }
}

fn no_organization() -> AppError {
    AppError::NotFound("organization".to_owned())
}

/// Writes everything of the organization, as it is in this one moment.
async fn write<W>(read: &mut Read, id: &OrganizationId, mut out: W) -> Result<W, TransferError>
where
    W: io::Write + Send + 'static,
{
    let organization = store::rows(read, id, &ORGANIZATION).await?.pop().ok_or_else(no_organization)?;
    out = beside(move || format::begin(&mut out, &organization).map(|()| out)).await?;
    let mut members: Arc<HashSet<String>> = Arc::default();
    for table in TABLES {
        let mut rows = store::rows(read, id, table).await?;
        if let Some(place) = table.id().filter(|_| table.name == MEMBERS) {
            members = Arc::new(rows.iter().filter_map(|row| row[place].text().map(str::to_owned)).collect());
        }
        let members = members.clone();
        let list = move || {
            format::prepare(table, &mut rows, &members);
            format::list(&mut out, table, &rows).map(|()| out)
        };
        out = beside(list).await?;
    }
    beside(move || format::end(&mut out).and_then(|()| out.flush()).map(|()| out)).await
}

/// Exports the organization of this slug for the operator, also when it is suspended; what was written to.
///
/// # Errors
/// [`AppError::NotFound`] when there is none; when it cannot be read or written.
pub async fn export<W>(app: &App, slug: &str, out: W) -> Result<W, TransferError>
where
    W: io::Write + Send + 'static,
{
    let mut read = app.db.read(&COMMAND).await?;
    let id = store::by_slug(&mut read, slug).await?.ok_or_else(no_organization)?;
    write(&mut read, &id, out).await
}

/// Exports it into a file that only its owner may read. It takes its name when it is whole.
///
/// # Errors
/// As [`export`].
pub async fn export_file(app: &App, slug: &str, path: &Path) -> Result<(), TransferError> {
    let partial = files::partial(path);
    let wrong = |error: io::Error| TransferError::File { file: path.display().to_string(), error };
    let file = files::begin(&partial).map_err(wrong)?;
    let written = match export(app, slug, BufWriter::with_capacity(CHUNK, file)).await {
        Ok(out) => {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error);
            file.and_then(|file| files::finish(&file, &partial, path)).map_err(wrong)
        }
        Err(TransferError::Out(error)) => Err(wrong(error)),
        Err(error) => Err(error),
    };
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// An export that is ready to be sent: compressed, because its reader may be slow.
#[derive(Debug)]
pub struct Compressed(Vec<u8>, ExportPermit);

impl Compressed {
    /// The bytes to send, compressed for whoever understands gzip.
    pub fn body(self, gzip: bool) -> Body {
        let Self(packed, permit) = self;
        let mut reader: Box<dyn io::Read + Send> = Box::new(Cursor::new(packed));
        if !gzip {
            reader = Box::new(GzDecoder::new(reader));
        }
        exports::body(
            permit,
            stream::try_unfold(reader, |mut reader| async move {
                let mut chunk = vec![0; CHUNK];
                let length = reader.read(&mut chunk).map_err(|_| AppError::Internal)?;
                chunk.truncate(length);
                Ok((length > 0).then(|| (Bytes::from(chunk), reader)))
            }),
        )
    }
}

/// Exports the organization for an owner.
///
/// # Errors
/// [`AppError::Busy`] when others download already; [`AppError::Unavailable`] when the database does not
/// answer.
pub async fn download(scope: Scope<allowed::OwnOrganization>) -> Result<Compressed> {
    let permit = scope.app().exports.begin(&scope.principal()).await?;
    let mut read = scope.read_long().await?;
    let packed = BufWriter::with_capacity(CHUNK, GzEncoder::new(Vec::new(), Compression::fast()));
    let packed = write(&mut read, scope.id(), packed).await?;
    drop(read);
    let finish = move || packed.into_inner().map_err(io::IntoInnerError::into_error).and_then(GzEncoder::finish);
    let bytes = beside(finish).await?;
    tracing::info!(organization = %scope.id(), by = scope.actor().name, "organization exported");
    Ok(Compressed(bytes, permit))
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// The organization's slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Members who have an account here already.
    pub known: usize,
    /// Members who got one, without a password.
    pub made: usize,
    /// Addresses of members whose account here is not verified: they are invited instead.
    pub waiting: Vec<String>,
    /// Whether every owner is among those.
    pub ownerless: bool,
    /// Former slugs that lead elsewhere here.
    pub slugs: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slug, name, known, made, waiting, ownerless, slugs } = self;
        let (slug, name) = (visible(slug), visible(name));
        write!(f, "{name} was imported.\n  page      /status/{slug}")?;
        write!(f, "\n  members   {known} with an account here, {made} with a new one")?;
        if *made > 0 {
            f.write_str("\nNew accounts have no password. Members can set one with “Forgot your password?”, or you can give them one with\n`candor users reset-password EMAIL`.")?;
        }
        if !waiting.is_empty() {
            f.write_str("\nThese members have accounts here with unverified email addresses, so they were invited instead.\nThey can accept the invitation once they have verified their address:")?;
            waiting.iter().try_for_each(|address| write!(f, "\n  {}", visible(address)))?;
        }
        if *ownerless {
            write!(
                f,
                "\nIt has no owner until one of them accepts. To add one now: `candor users make-owner EMAIL --organization {slug}`."
            )?;
        }
        slugs.iter().try_for_each(|slug| write!(f, "\nThe former URL /status/{} is already taken here.", visible(slug)))
    }
}

/// Imports a file into a database that does not have its organization, in one transaction: nothing is
/// written unless everything can be. Its audit log stays as it was: the import is no line of it. `slug` takes
/// the place of the file's. `progress` hears how many of how many rows are written.
///
/// # Errors
/// [`TransferError::Content`] when the file is not right, [`AppError::Conflict`] when the organization or
/// its slug is there already.
pub async fn import(
    app: &App,
    path: &Path,
    slug: Option<&str>,
    mut progress: impl FnMut(usize, usize),
) -> Result<Report, TransferError> {
    let file = path.to_owned();
    let mut document = beside(move || read(&file)).await?;
    let content = |words: String| TransferError::Content { file: path.display().to_string(), words };
    let slug = match slug {
        Some(slug) => slug.to_owned(),
        None => self::slug(text(&document.organization, "slug"))
            .map_err(|words| content(format!("organization.slug: {words} Choose another one with --slug.")))?,
    };
    if let Some(place) = ORGANIZATION.place("slug") {
        document.organization[place] = Value::Text(slug.clone());
    }
    let name = text(&document.organization, "name").to_owned();
    // Each change to come is later than it.
    let changed_at = ORGANIZATION.place("changed_at").and_then(|place| document.organization[place].number());
    if changed_at > Some(clock::now().plus_seconds(CLOCK_TOLERANCE).micros()) {
        return Err(content("organization.changed_at: it is in the future".to_owned()));
    }
    let id: OrganizationId =
        text(&document.organization, "id").parse().map_err(|error| content(format!("organization.id: {error}")))?;
    let mut write = app.db.write_new(&COMMAND, &id, COMMAND.actor(), &app.hub).await?;
    if let Some(there) = store::slug_of_same_id(&mut write).await? {
        let words =
            format!("This organization already exists in the database, at /status/{there}. Nothing was imported.");
        return Err(AppError::Conflict(words).into());
    }
    if store::slug_held(&mut write, &slug).await? {
        let words =
            format!("The URL /status/{slug} is already taken in this database. Choose another slug with --slug.");
        return Err(AppError::Conflict(words).into());
    }
    let mut report = Report { slug, name, ..Report::default() };
    write_rows(&mut write, document, &mut report, &mut progress).await.map_err(|error| match error {
        RowError::Taken(path) => content(format!("{path}: another organization in this database already has it")),
        RowError::Refused(error) => error.into(),
    })?;
    write.announce().await?;
    write.commit(Topic::ALL).await?;
    tracing::info!(organization = %id, slug = report.slug, file = %path.display(), "organization imported");
    Ok(report)
}

/// Reads and checks a file.
fn read(path: &Path) -> Result<Document, TransferError> {
    let file = || path.display().to_string();
    let wrong = |error: io::Error| TransferError::File { file: file(), error };
    let document = format::read(BufReader::with_capacity(CHUNK, File::open(path).map_err(wrong)?));
    let document = document.map_err(|error| {
        let words = match error.classify() {
            serde_json::error::Category::Io => return wrong(error.into()),
            serde_json::error::Category::Eof => format!("it is incomplete ({error})"),
            serde_json::error::Category::Syntax => format!("it is not valid JSON ({error})"),
            serde_json::error::Category::Data => error.to_string(),
        };
        TransferError::Content { file: file(), words }
    })?;
    format::check(&document).map_err(|words| TransferError::Content { file: file(), words })?;
    Ok(document)
}

/// A text of the organization, which is there.
fn text<'a>(organization: &'a [Value], column: &str) -> &'a str {
    ORGANIZATION.place(column).and_then(|place| organization[place].text()).unwrap_or_default()
}

/// Why rows cannot be written.
enum RowError {
    /// What is at this path of the file may be there only once.
    Taken(String),
    Refused(AppError),
}

impl From<AppError> for RowError {
    fn from(error: AppError) -> Self {
        Self::Refused(error)
    }
}

async fn write_rows(
    write: &mut Write,
    mut document: Document,
    report: &mut Report,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), RowError> {
    if let Some(place) = ORGANIZATION.place("version") {
        // Kept, as everything else is. Where it was deleted, processes know the version of that: later is news to them.
        let version = document.organization[place].number().unwrap_or(write.version);
        let deleted = store::deleted_version(write).await?;
        write.version = deleted.map_or(version, |deleted| version.max(deleted + 1));
        document.organization[place] = Value::Number(write.version);
    }
    let name_key = report.name.to_lowercase();
    let mut searches: Vec<HashMap<String, String>> =
        TABLES.iter().map(|table| format::searches(&document, table)).collect();
    let all: usize = document.lists.iter().map(Vec::len).sum();
    if !store::insert(write, &ORGANIZATION, document.organization, Some(name_key)).await? {
        return Err(RowError::Taken(ORGANIZATION.name.to_owned()));
    }
    let (mut people, mut done): (HashMap<String, RowPlace>, usize) = Default::default();
    let mut team_roles: HashMap<String, (TeamId, TeamRole)> = HashMap::new();
    for ((table, rows), searches) in TABLES.iter().zip(document.lists).zip(&mut searches) {
        if table.name == MEMBERS {
            people = accounts(write, table, &rows, report).await?;
        }
        let oldest = rows.len().saturating_sub(organizations::MAX_FORMER_SLUGS);
        for (number, mut row) in rows.into_iter().enumerate() {
            done += 1;
            progress(done, all);
            if table.name == FORMER_SLUGS && !can_be_had(write, table, &row, number >= oldest, report).await? {
                continue;
            }
            if waits(table, &row, &people) {
                if table.name == TEAM_MEMBERS {
                    let role = (parsed(cell(table, &row, "team_id"))?, parsed(cell(table, &row, "role"))?);
                    team_roles.entry(cell(table, &row, "user_id").to_owned()).or_insert(role);
                }
                continue;
            }
            let derived = match (table.messages, table.id()) {
                (Some(_), Some(place)) => row[place].text().map(|id| searches.remove(id).unwrap_or_default()),
                _ => None,
            };
            for (column, value) in table.columns.iter().zip(&mut row) {
                let person =
                    matches!(column.kind, Kind::Person) || (table.name == MEMBERS && matches!(column.kind, Kind::Id));
                let Some(place) = value.text().filter(|_| person).and_then(|id| people.get(id)) else { continue };
                *value = match place {
                    RowPlace::Member(here) => Value::Text(here.to_string()),
                    RowPlace::Waits(..) => Value::Null,
                };
            }
            if !store::insert(write, table, row, derived).await? {
                return Err(RowError::Taken(format!("{}[{number}]", table.name)));
            }
        }
    }
    for (id, place) in people {
        if let RowPlace::Waits(email, role) = place {
            invitations::keep_for(write, &email, role, team_roles.get(&id)).await?;
        }
    }
    Ok(())
}

/// What a member of the file is here.
enum RowPlace {
    /// A member, with this account.
    Member(UserId),
    /// Somebody who has to prove the address first.
    Waits(Email, Role),
}

/// Whether the row says where a person belongs who is no member yet. Of what they did only the name is kept.
fn waits(table: &Table, row: &[Value], people: &HashMap<String, RowPlace>) -> bool {
    [MEMBERS, TEAM_MEMBERS].contains(&table.name)
        && matches!(people.get(cell(table, row, "user_id")), Some(RowPlace::Waits(..)))
}

/// A text in a row.
fn cell<'a>(table: &Table, row: &'a [Value], column: &str) -> &'a str {
    table.place(column).and_then(|place| row[place].text()).unwrap_or_default()
}

/// What was checked when the file was read.
fn parsed<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| AppError::Internal)
}

/// What each member of the file is here, by the id in the file. The account is the one with the same address,
/// or a new one.
async fn accounts(
    write: &mut Write,
    table: &Table,
    rows: &[Row],
    report: &mut Report,
) -> Result<HashMap<String, RowPlace>> {
    let mut people = HashMap::new();
    report.ownerless = true;
    for row in rows {
        let id = cell(table, row, "user_id").to_owned();
        let address = email(cell(table, row, "email")).map_err(|words| AppError::field("email", words))?;
        let role: Role = parsed(cell(table, row, "role"))?;
        let here = match store::account(write, &address).await? {
            Some(known) if !known.is_proven => {
                report.waiting.push(address.shown.clone());
                people.insert(id, RowPlace::Waits(address, role));
                continue;
            }
            Some(known) => {
                report.known += 1;
                known.id
            }
            None => {
                report.made += 1;
                // Who has the id here has another address, and so is somebody else.
                let mut here: UserId = parsed(&id)?;
                if store::is_user(write, &here).await? {
                    here = UserId::from_random(random_id());
                }
                store::insert_user(write, &here, &address, cell(table, row, "name")).await?;
                here
            }
        };
        report.ownerless &= role != Role::Owner;
        people.insert(id, RowPlace::Member(here));
    }
    Ok(people)
}

/// Whether a former slug can lead here; told of if not.
async fn can_be_had(
    write: &mut Write,
    table: &Table,
    row: &[Value],
    is_recent: bool,
    report: &mut Report,
) -> Result<bool> {
    let former = table.place("slug").and_then(|place| row[place].text()).unwrap_or_default();
    if former == report.slug {
        return Ok(false);
    }
    let free = is_recent && slug(former).is_ok() && !store::slug_held(write, former).await?;
    if !free {
        report.slugs.push(former.to_owned());
    }
    Ok(free)
}
