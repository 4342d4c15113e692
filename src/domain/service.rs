//! Services and their groups, as screens and programs see them.

use super::{
    account::{single_line, trimmed_text},
    error::{AppError, FieldErrors},
    ids::{GroupId, ServiceId, TeamId},
    incident::Incident,
    maintenance::Maintenance,
    member::Team,
    status::{Cause, ServiceStatus},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// Most characters of a service's or a group's name.
pub const MAX_NAME_LENGTH: usize = 255;
/// Most characters of a description.
pub const MAX_DESCRIPTION_LENGTH: usize = 1_000;
/// Most services of one organization.
pub const MAX_SERVICES: usize = 5_000;

/// A service, as the dashboard lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Service {
    /// Permanent.
    pub id: ServiceId,
    /// The heading it stands under.
    pub group_id: Option<GroupId>,
    /// The team that owns it.
    pub team_id: Option<TeamId>,
    /// Unique within its group.
    pub name: String,
    /// One sentence for visitors, may be empty.
    pub description: String,
    /// What it says of itself.
    pub own_status: ServiceStatus,
    /// What visitors see: the worst of its own and of what holds it.
    pub status: ServiceStatus,
    /// Since when it has had that status.
    pub since: Time,
    /// Its place in the hand-made order.
    pub position: i64,
    /// When it was added.
    pub created_at: Time,
    /// When it was last edited.
    pub updated_at: Time,
}

/// A heading over services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Group {
    /// Permanent.
    pub id: GroupId,
    /// Unique within the organization.
    pub name: String,
    /// One sentence for visitors, may be empty.
    pub description: String,
    /// Its place among groups and services without a group.
    pub position: i64,
}

/// Every group and service of one organization, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ServiceList {
    /// By position.
    pub groups: Vec<Group>,
    /// By position; those of different groups stand mixed.
    pub services: Vec<Service>,
    /// The teams that can own a service, by name; none on public pages.
    pub teams: Vec<Team>,
}

/// One heading and what stands under it; services without a group stand alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section<'a> {
    /// A group with its services, in order.
    Group(&'a Group, Vec<&'a Service>),
    /// A run of neighbouring services without a group.
    Loose(Vec<&'a Service>),
}

impl ServiceList {
    /// The list as it is shown: groups and services without one, in their common order.
    pub fn sections(&self) -> Vec<Section<'_>> {
        enum Item<'a> {
            Group(&'a Group),
            Service(&'a Service),
        }
        let mut items: Vec<(i64, Item<'_>)> =
            self.groups.iter().map(|group| (group.position, Item::Group(group))).collect();
        items.extend(self.services.iter().filter(|s| s.group_id.is_none()).map(|s| (s.position, Item::Service(s))));
        items.sort_by_key(|(position, _)| *position);
        let mut sections: Vec<Section<'_>> = Vec::new();
        for (_, item) in items {
            match (item, sections.last_mut()) {
                (Item::Group(group), _) => {
                    let inside = self.services.iter().filter(|s| s.group_id.as_ref() == Some(&group.id)).collect();
                    sections.push(Section::Group(group, inside));
                }
                (Item::Service(service), Some(Section::Loose(run))) => run.push(service),
                (Item::Service(service), _) => sections.push(Section::Loose(vec![service])),
            }
        }
        sections
    }
}

/// What a person types about a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInput {
    /// Unique within its group.
    pub name: String,
    /// One sentence for visitors, may be empty.
    #[serde(default)]
    pub description: String,
    /// Empty: no group.
    #[serde(default)]
    pub group_id: String,
    /// Empty: no team.
    #[serde(default)]
    pub team_id: String,
}

/// What a person typed about a service, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedService {
    /// Trimmed texts.
    pub texts: GroupInput,
    /// Its group.
    pub group_id: Option<GroupId>,
    /// The team that owns it.
    pub team_id: Option<TeamId>,
}

/// What a person types about a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInput {
    /// Unique within the organization.
    pub name: String,
    /// One sentence for visitors, may be empty.
    #[serde(default)]
    pub description: String,
}

impl ServiceInput {
    /// Trims and checks every field.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong.
    pub fn check(&self) -> Result<CheckedService, AppError> {
        let mut errors = FieldErrors::default();
        let texts = texts(&mut errors, &self.name, &self.description, "a name");
        let group_id = match self.group_id.trim() {
            "" => None,
            id => errors.take("group_id", id.parse().map_err(|_| "Choose a group.".to_owned())),
        };
        let team_id = match self.team_id.trim() {
            "" => None,
            id => errors.take("team_id", id.parse().map_err(|_| "Choose a team.".to_owned())),
        };
        errors.finish()?;
        Ok(CheckedService { texts, group_id, team_id })
    }
}

impl GroupInput {
    /// Trims and checks every field.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong.
    pub fn check(&self) -> Result<Self, AppError> {
        let mut errors = FieldErrors::default();
        let checked = texts(&mut errors, &self.name, &self.description, "a name");
        errors.finish()?;
        Ok(checked)
    }
}

fn texts(errors: &mut FieldErrors, name: &str, description: &str, what: &str) -> GroupInput {
    GroupInput {
        name: errors.take("name", single_line(what, name, MAX_NAME_LENGTH)).unwrap_or_default(),
        description: errors.take("description", trimmed_text(description, MAX_DESCRIPTION_LENGTH)).unwrap_or_default(),
    }
}

/// The form of a name that makes it unique: case and space at the edges do not count.
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// One interval of a service's status history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Interval {
    /// The status in this interval.
    pub status: ServiceStatus,
    /// First moment.
    pub from: Time,
    /// First moment after it; `None` while it lasts.
    pub to: Option<Time>,
    /// What caused it.
    pub cause: Cause,
    /// Who did it, as the person was called then.
    pub by: Option<String>,
}

/// A service with its latest history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDetail {
    /// The service.
    pub service: Service,
    /// Its group's name.
    pub group: Option<String>,
    /// The name of the team that owns it.
    pub team: Option<String>,
    /// Newest first, the latest hundred.
    pub history: Vec<Interval>,
    /// Open incidents that say something of it.
    pub holding: Vec<Incident>,
}

/// What a deleted service was, enough to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Deleted {
    /// Its id, which it keeps when it comes back.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
}

/// The numbers of the overview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// How many services have each status, in the order of the menu, zeros left out.
    pub by_status: Vec<(ServiceStatus, usize)>,
    /// Services that are not operational, worst first.
    pub unwell: Vec<Service>,
    /// The latest transitions of any service, newest first.
    pub recent: Vec<Transition>,
    /// Number of services.
    pub services: usize,
    /// Number of members.
    pub members: usize,
    /// Open incidents, latest first.
    pub incidents: Vec<Incident>,
    /// Maintenance that goes on or comes next, earliest first.
    pub maintenance: Vec<Maintenance>,
}

/// A change of one service's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Transition {
    /// Which service.
    pub service_id: ServiceId,
    /// Its name now.
    pub service: String,
    /// The status before, if it had one.
    pub before: Option<ServiceStatus>,
    /// The new status.
    pub status: ServiceStatus,
    /// When.
    pub at: Time,
    /// What caused it.
    pub cause: Cause,
    /// Who did it.
    pub by: Option<String>,
}
