//! Organizations: the verbs.

pub mod deletion;
mod store;

use super::{
    App,
    access::{Scope, SignedIn, SystemScope},
    clock,
    db::{AuditEntry, Read, Write, random_id},
    incidents,
};
use crate::domain::{
    account::{single_line, trimmed_text},
    error::{AppError, FieldErrors, Result},
    ids::OrganizationId,
    live::Topic,
    organization::{
        MAX_NAME_LENGTH, NewOrganization, OrganizationFrame, OrganizationSettings, OrganizationSummary, SlugCheck,
        slug, suggest_slug, support_url,
    },
    role::{Role, allowed},
    status::{PageStatus, ServiceStatus, StatusLabels},
};

/// For how long a deletion or an import is remembered, in seconds (a year). A process that is cut off from the database
/// for longer, or that has run since an older deletion of what is imported again, has to be restarted.
const EVENTS_KEPT: i64 = 365 * 86_400;
/// Most organizations that one person can create.
const MAX_CREATED: i64 = 20;
/// Former slugs that an organization holds; the oldest of more becomes free for everybody.
pub const MAX_FORMER_SLUGS: usize = 5;

/// Creates an organization; who creates it is its first owner.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong.
pub async fn create(by: SignedIn, input: NewOrganization) -> Result<OrganizationSummary> {
    let new = check(&input)?;
    let id = OrganizationId::from_random(random_id());
    let app = by.app();
    let mut write = app.db.write_new(&by, &id, by.actor(), &app.hub).await?;
    write.lock_user(&by.user().id).await?;
    if store::count_owned(&mut write, &by.user().id).await? >= MAX_CREATED {
        return Err(AppError::Conflict(format!(
            "You already own {MAX_CREATED} organizations. Delete one first, or contact the server’s administrator."
        )));
    }
    insert(&mut write, &new).await?;
    store::insert_member(&mut write, &by.user().id, Role::Owner).await?;
    write.commit(&[Topic::Organization]).await?;
    by.use_organization(&id).await?;
    Ok(OrganizationSummary { id, slug: new.slug, name: new.name, role: Role::Owner })
}

fn check(input: &NewOrganization) -> Result<NewOrganization> {
    let mut errors = FieldErrors::default();
    let name =
        errors.take("name", single_line("the organization’s name", &input.name, MAX_NAME_LENGTH)).unwrap_or_default();
    let slug = errors.take("slug", slug(&input.slug)).unwrap_or_default();
    let time_zone = errors.take("time_zone", time_zone(&input.time_zone)).unwrap_or_default();
    errors.finish()?;
    Ok(NewOrganization { name, slug, time_zone, listed: input.listed })
}

fn time_zone(text: &str) -> Result<String, String> {
    let zone: Result<chrono_tz::Tz, _> = if text.trim().is_empty() { Ok(chrono_tz::UTC) } else { text.trim().parse() };
    zone.map(|zone| zone.name().to_owned())
        .map_err(|_| "Choose a time zone from the list, for example Europe/Vienna.".to_owned())
}

/// The names of all time zones, for the list to choose from.
pub fn time_zones() -> Vec<String> {
    let mut names: Vec<String> = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| name.contains('/') || *name == "UTC")
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

async fn insert(write: &mut Write, new: &NewOrganization) -> Result<()> {
    if store::slug_held(write, &new.slug).await? {
        return Err(AppError::field("slug", "This URL is already taken. Choose another one."));
    }
    store::insert_organization(write, new).await?;
    let id = write.organization.clone();
    write.audit(AuditEntry::new("organization.created", &id, &new.name).values(None, Some(new.slug.clone())));
    Ok(())
}

/// Whether a slug can be had, and one that can.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn check_slug(by: SignedIn, text: String) -> Result<SlugCheck> {
    let checked = match slug(&text) {
        Ok(slug) => slug,
        Err(problem) => return Ok(SlugCheck { slug: text, problem: Some(problem), suggestion: None }),
    };
    let mut read = by.app().db.read(&by).await?;
    if !store::slug_taken(&mut read, &checked).await? {
        return Ok(SlugCheck { slug: checked, problem: None, suggestion: None });
    }
    let mut suggestion = None;
    for number in 2..20 {
        let candidate = format!("{}-{number}", suggest_slug(&checked));
        if slug(&candidate).is_ok() && !store::slug_taken(&mut read, &candidate).await? {
            suggestion = Some(candidate);
            break;
        }
    }
    Ok(SlugCheck { slug: checked, problem: Some("This URL is already taken.".to_owned()), suggestion })
}

/// What the frame of the dashboard shows around every screen; notes that the person works here.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn frame(scope: Scope<allowed::Read>) -> Result<OrganizationFrame> {
    if let Some(person) = scope.person() {
        person.use_organization(scope.id()).await?;
    }
    let mut read = scope.read().await?;
    let statuses = store::effective_statuses(&mut read, scope.id()).await?;
    let members = store::count_members(&mut read, scope.id()).await?;
    let labels = store::labels(&mut read, scope.id()).await?;
    Ok(OrganizationFrame {
        organization: scope.organization().clone(),
        teams: scope.teams().to_vec(),
        time_zone: scope.time_zone().to_owned(),
        status: PageStatus::of(statuses.iter().copied(), incidents::open_impacts(&mut read, scope.id()).await?),
        incidents: incidents::count_open(&mut read, scope.id()).await?,
        labels,
        services: statuses.len(),
        members,
        status_page: scope.app().url.join(&format!("/status/{}", scope.organization().slug)),
    })
}

/// What can be changed about the organization, as it is.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn settings(scope: Scope<allowed::Read>) -> Result<OrganizationSettings> {
    let settings = store::settings(&mut scope.read().await?, scope.id()).await?;
    settings.ok_or_else(|| AppError::NotFound("organization".to_owned()))
}

/// Changes the organization. Its latest former slugs go on leading to it, and nobody else can have them.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong; [`AppError::TooMany`] when the slug changes too often.
pub async fn update(scope: Scope<allowed::EditOrganization>, input: OrganizationSettings) -> Result<String> {
    let mut errors = FieldErrors::default();
    let name =
        errors.take("name", single_line("the organization’s name", &input.name, MAX_NAME_LENGTH)).unwrap_or_default();
    let slug = errors.take("slug", slug(&input.slug)).unwrap_or_default();
    let description = errors.take("description", trimmed_text(&input.description, 500)).unwrap_or_default();
    let time_zone = errors.take("time_zone", time_zone(&input.time_zone)).unwrap_or_default();
    let support_url = errors.take("support_url", support_url(&input.support_url)).unwrap_or_default();
    let labels = input.labels.check(&mut errors);
    errors.finish()?;
    let new = OrganizationSettings { name, slug, description, time_zone, support_url, listed: input.listed, labels };
    let mut write = scope.write().await?;
    let before = store::settings_in(&mut write).await?.ok_or_else(|| AppError::NotFound("organization".to_owned()))?;
    if before == new {
        return Ok(new.slug);
    }
    if before.slug != new.slug {
        if store::slug_held(&mut write, &new.slug).await? {
            return Err(AppError::field("slug", "This URL is already taken. Choose another one."));
        }
        scope.app().limits.change_slug(scope.id())?;
        store::keep_slug(&mut write, &before.slug, &new.slug).await?;
        store::free_old_slugs(&mut write, MAX_FORMER_SLUGS).await?;
    }
    store::update(&mut write, &new).await?;
    let id = write.organization.clone();
    let (old, now) = (changed(&before, &new), changed(&new, &before));
    write.audit(AuditEntry::new("organization.updated", &id, &new.name).values(Some(old), Some(now)));
    write.commit(&[Topic::Organization]).await?;
    Ok(new.slug)
}

/// The fields of `one` that are otherwise in `other`, for the audit log.
fn changed(one: &OrganizationSettings, other: &OrganizationSettings) -> String {
    let listed = |settings: &OrganizationSettings| if settings.listed { "yes" } else { "no" }.to_owned();
    let label = |settings: &OrganizationSettings, status| settings.labels.label(status).to_owned();
    [
        ("name", one.name.clone(), other.name.clone()),
        ("slug", one.slug.clone(), other.slug.clone()),
        ("description", one.description.clone(), other.description.clone()),
        ("time zone", one.time_zone.clone(), other.time_zone.clone()),
        ("support link", one.support_url.clone(), other.support_url.clone()),
        ("listed", listed(one), listed(other)),
    ]
    .into_iter()
    .chain(ServiceStatus::MENU.map(|status| (status.as_str(), label(one, status), label(other, status))))
    .filter(|(_, one, other)| one != other)
    .map(|(field, one, _)| format!("{field}: {one}"))
    .collect::<Vec<_>>()
    .join("; ")
}

/// Deletes the organization with everything in it. Its name has to be typed.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`] in a session that is to be confirmed first; [`AppError::Invalid`] when
/// another name was typed.
pub async fn delete(scope: Scope<allowed::OwnOrganization>, typed: String) -> Result<()> {
    scope.require_recent_authentication()?;
    if typed.trim() != scope.organization().name {
        return Err(AppError::field("name", "Type the organization’s name exactly as shown."));
    }
    let mut write = scope.write().await?;
    let later = deletion::delete(&mut write).await?;
    write.announce().await?;
    tracing::warn!(organization = %scope.id(), slug = scope.organization().slug, by = scope.actor().name, "organization deleted");
    write.commit(&[Topic::Organization, Topic::Services, Topic::Members]).await?;
    if later {
        deletion::go_on_later(scope.app(), scope.id());
    }
    Ok(())
}

/// Forgets deletions and imports of which every process has heard long ago.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut write = app.db.write_accounts(&SystemScope::job("events of organizations")).await?;
    store::forget_events(&mut write, clock::now().plus_seconds(-EVENTS_KEPT)).await?;
    write.commit().await
}

/// Number of members.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn count_members(read: &mut Read, organization: &OrganizationId) -> Result<usize> {
    store::count_members(read, organization).await
}

/// An organization as its public page and the directory need it.
#[derive(Debug, Clone)]
pub struct PublicOrganization {
    /// Permanent.
    pub id: OrganizationId,
    /// Part of its address.
    pub slug: String,
    /// As it is shown.
    pub name: String,
    /// A sentence for visitors, may be empty.
    pub description: String,
    /// IANA name.
    pub time_zone: String,
    /// Where visitors find help, may be empty.
    pub support_url: String,
    /// What the statuses of services are called on its page.
    pub labels: StatusLabels,
    /// Counts its writes.
    pub version: i64,
    /// When it last changed.
    pub changed_at: crate::domain::time::Time,
}

/// The organization of a public page.
///
/// # Errors
/// [`AppError::NotFound`] when it has gone.
pub async fn public(read: &mut Read, id: &OrganizationId) -> Result<PublicOrganization> {
    store::public(read, id).await?.ok_or_else(|| AppError::NotFound("status page".to_owned()))
}

/// An organization in the directory.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Name, slug.
    pub organization: PublicOrganization,
    /// What its services add up to.
    pub status: PageStatus,
    /// Names and effective statuses of its services, worst first.
    pub services: Vec<(String, ServiceStatus)>,
}

/// Organizations that the directory lists, by name.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn listed(app: &App, search: &str, most: i64) -> Result<Vec<Listed>> {
    let job = SystemScope::job("directory");
    let mut read = match search.trim() {
        "" => app.db.read(&job).await?,
        _ => app.db.read_long(&job, &"directory").await?,
    };
    let organizations = store::listed(&mut read, search, most).await?;
    let ids: Vec<OrganizationId> = organizations.iter().map(|organization| organization.id.clone()).collect();
    let mut services = store::services_in_short(&mut read, &ids).await?;
    let mut impacts = incidents::directory::open_impacts(&mut read, &ids).await?;
    let listed = |organization: PublicOrganization| {
        let services = services.remove(&organization.id).unwrap_or_default();
        let impacts = impacts.remove(&organization.id).unwrap_or_default();
        let status = PageStatus::of(services.iter().map(|(_, status)| *status), impacts);
        Listed { organization, status, services }
    };
    Ok(organizations.into_iter().map(listed).collect())
}

/// The slug of the only organization that the directory lists.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn only_listed(app: &App) -> Result<Option<String>> {
    let mut read = app.db.read(&SystemScope::job("directory")).await?;
    let mut slugs = store::listed_slugs(&mut read, 2).await?;
    Ok(if slugs.len() == 1 { slugs.pop() } else { None })
}

/// The organization of this slug for the operator's command line, made when there is none.
///
/// # Errors
/// [`AppError::Invalid`] when the name or the time zone is wrong.
pub async fn find_or_create(app: &App, by: SystemScope, new: NewOrganization) -> Result<(OrganizationId, bool)> {
    let mut read = app.db.read(&by).await?;
    if let Some(id) = store::by_slug(&mut read, &new.slug).await? {
        return Ok((id, false));
    }
    drop(read);
    let new = check(&new)?;
    let id = OrganizationId::from_random(random_id());
    let mut write = app.db.write_new(&by, &id, by.actor(), &app.hub).await?;
    insert(&mut write, &new).await?;
    write.commit(&[Topic::Organization]).await?;
    Ok((id, true))
}

/// Makes somebody a member, for the operator's command line.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn add_member(
    app: &App,
    by: SystemScope,
    organization: &OrganizationId,
    user: &crate::domain::ids::UserId,
    role: Role,
) -> Result<()> {
    let mut write = by.write(app, organization).await?;
    store::insert_member(&mut write, user, role).await?;
    write.audit(AuditEntry::new("member.added", user, user.as_str()).values(None, Some(role.as_str().to_owned())));
    write.commit(&[Topic::Members]).await
}
