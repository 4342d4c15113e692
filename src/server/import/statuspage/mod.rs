//! Files of the Statuspage v2 API, and what other vendors write in that shape: `summary.json`,
//! `components.json`, `incidents.json`, `scheduled-maintenances.json` and their shorter sisters.
//!
//! What a file is follows from the lists that stand in it, so any files come in any order. Tolerant:
//! whatever is missing or unknown is passed over and reported, never guessed. Importing again updates
//! what came from a file before and doubles nothing.

mod file;
mod incidents;
mod services;

use crate::{
    domain::{error::AppError, live::Topic, organization::NewOrganization},
    server::{App, command::COMMAND, incidents::Imported, organizations, terminal::visible},
};
use file::Document;
use std::{fmt, path::PathBuf};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("could not read {file}: {error}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is no Statuspage document.
    #[error("{file} is not a Statuspage v2 API file: {error}")]
    Shape {
        /// Which file.
        file: String,
        /// Where it is not.
        error: String,
    },
    /// A verb refused.
    #[error(transparent)]
    Refused(#[from] AppError),
}

/// How many of one kind became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// That are new.
    pub added: usize,
    /// That the files say something new of.
    pub updated: usize,
    /// That were as the files say.
    pub unchanged: usize,
}

impl Counts {
    const fn count(&mut self, what: Imported) {
        match what {
            Imported::Added => self.added += 1,
            Imported::Updated => self.updated += 1,
            Imported::Unchanged => self.unchanged += 1,
        }
    }

    const fn all(self) -> usize {
        self.added + self.updated + self.unchanged
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, updated, unchanged } = self;
        write!(f, "{added} added, {updated} updated, {unchanged} unchanged")
    }
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// The organization's slug.
    pub organization: String,
    /// Whether it was made now.
    pub made: bool,
    /// Groups and services.
    pub services: Counts,
    /// Incidents with their updates.
    pub incidents: Counts,
    /// Maintenance windows with their updates.
    pub maintenance: Counts,
    /// What could not be placed, in words.
    pub notes: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was {}.", self.organization, if self.made { "created and filled" } else { "filled" })?;
        let kinds =
            [("groups and services", self.services), ("incidents", self.incidents), ("maintenance", self.maintenance)];
        for (kind, counts) in kinds.into_iter().filter(|(_, counts)| counts.all() > 0) {
            write!(f, "\n  {kind}: {counts}")?;
        }
        if !self.notes.is_empty() {
            f.write_str("\nNot imported exactly as in the file:")?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n  {}", visible(note)))
    }
}

/// Tells how far it has come.
struct Progress<F> {
    done: usize,
    all: usize,
    tell: F,
}

impl<F: FnMut(usize, usize)> Progress<F> {
    fn step(&mut self) {
        self.done += 1;
        (self.tell)(self.done, self.all);
    }
}

/// Imports the files into the organization of this slug; makes it, public, when there is none.
/// Services come first, whichever file they stand in, then incidents and maintenance. Where two files
/// tell of the same service the latter counts; of the same incident, what was updated last.
/// `progress` hears how many of how many things are done.
///
/// # Errors
/// [`ImportError`]. Nothing is imported unless every file can be read; what was kept before the
/// database refused stays, and importing again goes on from there.
pub async fn statuspage(
    app: &App,
    files: &[PathBuf],
    slug: &str,
    progress: impl FnMut(usize, usize),
) -> Result<Report, ImportError> {
    let mut report = Report { organization: slug.to_owned(), ..Report::default() };
    let mut documents = Vec::with_capacity(files.len());
    for path in files {
        let document = file::read(path)?;
        if document.is_empty() {
            report.notes.push(format!("{} contains nothing to import", path.display()));
        }
        documents.push(document);
    }
    let (id, made) = organizations::find_or_create(app, COMMAND, organization(slug, &documents)).await?;
    report.made = made;
    let rows = services::rows(&documents, &mut report.notes);
    let entries = incidents::entries(&documents);
    let mut progress = Progress { done: 0, all: rows.len() + entries.len(), tell: progress };
    if !rows.is_empty() {
        let mut write = COMMAND.write(app, &id).await?;
        if services::fill(&mut write, &rows, &mut report, &mut progress).await? {
            write.commit(&[Topic::Services]).await?;
        }
    }
    incidents::fill(app, &id, &entries, &mut report, &mut progress).await?;
    Ok(report)
}

/// The organization as the files call it.
fn organization(slug: &str, documents: &[Document]) -> NewOrganization {
    let pages = || documents.iter().filter_map(|document| document.page.as_ref());
    let mut names = pages().filter_map(|page| page.name.as_deref()).map(|name| file::line(name, 80));
    let mut zones = pages().filter_map(|page| page.time_zone.as_deref());
    NewOrganization {
        name: names.find(|name| !name.is_empty()).unwrap_or_else(|| slug.to_owned()),
        slug: slug.to_owned(),
        time_zone: zones.find(|zone| zone.parse::<chrono_tz::Tz>().is_ok()).unwrap_or("UTC").to_owned(),
        listed: true,
    }
}
