//! The shapes of the compatible API: every key, in the order in which Statuspage writes them.

use super::model::{Affected, Entry, Update};
use crate::{
    domain::{
        ids::{GroupId, ServiceId},
        service::{Group, Service, ServiceList},
        status::{Indicator, PageDescription, PageStatus, ServiceStatus},
        time::Time,
    },
    server::{local_time, organizations::PublicOrganization},
};
use chrono::{SecondsFormat, TimeZone};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::HashMap;

/// How moments are written: by the clocks of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    zone: Tz,
    /// `Z` stands for UTC itself, not for other clocks that show the same.
    utc: bool,
}

impl Clock {
    pub(super) fn of(name: &str) -> Self {
        let zone = local_time::zone(name);
        let utc = zone.from_utc_datetime(&Time::default().utc().naive_utc()).format("%Z").to_string() == "UTC";
        Self { zone, utc }
    }

    /// `2022-02-15T13:37:37.407-08:00`
    pub(super) fn moment(self, at: Time) -> String {
        let local = self.zone.from_utc_datetime(&at.utc().naive_utc());
        local.to_rfc3339_opts(SecondsFormat::Millis, self.utc)
    }

    fn day(self, at: Time) -> String {
        local_time::date(self.zone, at).format("%Y-%m-%d").to_string()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    id: &'a str,
    name: &'a str,
    url: String,
    time_zone: &'a str,
    updated_at: String,
}

impl<'a> Page<'a> {
    /// `url`: where people read it.
    pub(super) fn of(organization: &'a PublicOrganization, url: String, clock: Clock) -> Self {
        Self {
            id: organization.id.as_str(),
            name: &organization.name,
            url,
            time_zone: &organization.time_zone,
            updated_at: clock.moment(organization.changed_at),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Status {
    indicator: Indicator,
    description: PageDescription,
}

impl From<PageStatus> for Status {
    fn from(PageStatus { indicator, description }: PageStatus) -> Self {
        Self { indicator, description }
    }
}

/// A service, or a group, which names its services.
#[derive(Debug, Serialize)]
pub(super) struct Component<'a> {
    id: &'a str,
    name: &'a str,
    status: ServiceStatus,
    created_at: String,
    updated_at: String,
    position: i64,
    description: Option<&'a str>,
    showcase: bool,
    start_date: Option<String>,
    group_id: Option<&'a str>,
    page_id: &'a str,
    group: bool,
    only_show_if_degraded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<&'a str>>,
}

/// Where the services stand in the list.
pub(super) fn places<'a>(components: &[Component<'a>]) -> HashMap<&'a str, usize> {
    let services = components.iter().enumerate().filter(|(_, component)| !component.group);
    services.map(|(place, component)| (component.id, place)).collect()
}

/// A group or a service in the one flat list.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    Group(&'a Group),
    Service(&'a Service),
}

impl<'a> Row<'a> {
    /// By place; a group stands before a service of the same place.
    fn key(self) -> (i64, bool, &'a str) {
        match self {
            Self::Group(group) => (group.position, false, group.id.as_str()),
            Self::Service(service) => (service.position, true, service.id.as_str()),
        }
    }

    const fn parent(self) -> Option<&'a GroupId> {
        match self {
            Self::Group(_) => None,
            Self::Service(service) => service.group_id.as_ref(),
        }
    }
}

/// All of them in order, each with its number. As there, what stands in groups and what holds them is
/// numbered alike and mixed: a number rises among neighbours of the same group, and never falls in the
/// list.
fn rows(list: &ServiceList) -> Vec<(Row<'_>, i64)> {
    let mut rows: Vec<Row<'_>> = list.groups.iter().map(Row::Group).collect();
    rows.extend(list.services.iter().map(Row::Service));
    rows.sort_by_key(|row| row.key());
    let mut last = 0;
    let mut last_of: HashMap<Option<&GroupId>, i64> = HashMap::new();
    let mut numbered = Vec::with_capacity(rows.len());
    for row in rows {
        let sibling = last_of.entry(row.parent()).or_default();
        last = last.max(*sibling + 1);
        *sibling = last;
        numbered.push((row, last));
    }
    numbered
}

/// Groups and services as one flat list.
pub(super) fn components<'a>(
    list: &'a ServiceList,
    page_id: &'a str,
    times: &HashMap<GroupId, (Time, Time)>,
    clock: Clock,
) -> Vec<Component<'a>> {
    let mut inside: HashMap<&GroupId, Vec<&Service>> = HashMap::new();
    for service in &list.services {
        if let Some(group) = &service.group_id {
            inside.entry(group).or_default().push(service);
        }
    }
    let words = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    let component = |(row, position): (Row<'a>, i64)| match row {
        Row::Service(service) => Component {
            id: service.id.as_str(),
            name: &service.name,
            status: service.status,
            created_at: clock.moment(service.created_at),
            updated_at: clock.moment(changed(service)),
            position,
            description: words(&service.description),
            showcase: true,
            start_date: Some(clock.day(service.created_at)),
            group_id: service.group_id.as_ref().map(GroupId::as_str),
            page_id,
            group: false,
            only_show_if_degraded: false,
            components: None,
        },
        Row::Group(group) => {
            let inside = inside.get(&group.id).map(Vec::as_slice).unwrap_or_default();
            let (created_at, updated_at) = times.get(&group.id).copied().unwrap_or_default();
            let worst = inside.iter().map(|service| service.status).max();
            let updated_at = inside.iter().map(|service| service.since).fold(updated_at, Time::max);
            Component {
                id: group.id.as_str(),
                name: &group.name,
                status: worst.unwrap_or(ServiceStatus::Operational),
                created_at: clock.moment(created_at),
                updated_at: clock.moment(updated_at),
                position,
                description: words(&group.description),
                showcase: false,
                start_date: None,
                group_id: None,
                page_id,
                group: true,
                only_show_if_degraded: false,
                components: Some(inside.iter().map(|service| service.id.as_str()).collect()),
            }
        }
    };
    rows(list).into_iter().map(component).collect()
}

/// When a service was last edited, or became what it is.
fn changed(service: &Service) -> Time {
    service.updated_at.max(service.since)
}

#[derive(Debug, Serialize)]
struct AffectedComponent<'a> {
    code: &'a str,
    name: &'a str,
    old_status: ServiceStatus,
    new_status: ServiceStatus,
}

impl<'a> From<&'a Affected> for AffectedComponent<'a> {
    fn from(affected: &'a Affected) -> Self {
        let Affected { code, name, old, new } = affected;
        Self { code, name, old_status: *old, new_status: *new }
    }
}

/// Always null.
#[derive(Debug, Clone, Copy, Serialize)]
struct Nothing;

#[derive(Debug, Serialize)]
struct IncidentUpdate<'a> {
    id: &'a str,
    status: &'static str,
    body: &'a str,
    incident_id: &'a str,
    created_at: String,
    updated_at: String,
    display_at: String,
    affected_components: Option<Vec<AffectedComponent<'a>>>,
    deliver_notifications: bool,
    custom_tweet: Nothing,
    tweet_id: Nothing,
}

impl<'a> IncidentUpdate<'a> {
    fn of(incident_id: &'a str, update: &'a Update, clock: Clock) -> Self {
        Self {
            id: &update.id,
            status: update.status,
            body: &update.body,
            incident_id,
            created_at: clock.moment(update.created_at),
            updated_at: clock.moment(update.updated_at),
            display_at: clock.moment(update.display_at),
            affected_components: update.affected.as_ref().map(|all| all.iter().map(Into::into).collect()),
            deliver_notifications: update.delivered,
            custom_tweet: Nothing,
            tweet_id: Nothing,
        }
    }
}

/// An incident, or a maintenance: that has its window instead of reminders.
#[derive(Debug, Serialize)]
pub(super) struct Incident<'a> {
    id: &'a str,
    name: &'a str,
    status: &'static str,
    created_at: String,
    updated_at: String,
    monitoring_at: Option<String>,
    resolved_at: Option<String>,
    impact: &'static str,
    shortlink: String,
    started_at: String,
    page_id: &'a str,
    incident_updates: Vec<IncidentUpdate<'a>>,
    components: Vec<&'a Component<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reminder_intervals: Option<Nothing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_until: Option<String>,
}

impl<'a> Incident<'a> {
    /// `url`: where people read it. Of its services those are shown that the page shows, in its order.
    pub(super) fn of(
        entry: &'a Entry,
        url: String,
        page_id: &'a str,
        components: &'a [Component<'a>],
        places: &HashMap<&str, usize>,
        clock: Clock,
    ) -> Self {
        let mut shown: Vec<usize> =
            entry.services.iter().filter_map(|id: &ServiceId| places.get(id.as_str()).copied()).collect();
        shown.sort_unstable();
        Self {
            id: &entry.id,
            name: &entry.title,
            status: entry.status,
            created_at: clock.moment(entry.created_at),
            updated_at: clock.moment(entry.updated_at),
            monitoring_at: entry.monitoring_at.map(|at| clock.moment(at)),
            resolved_at: entry.resolved_at.map(|at| clock.moment(at)),
            impact: entry.impact,
            shortlink: url,
            started_at: clock.moment(entry.started_at),
            page_id,
            incident_updates: entry.updates.iter().map(|update| IncidentUpdate::of(&entry.id, update, clock)).collect(),
            components: shown.into_iter().filter_map(|place| components.get(place)).collect(),
            reminder_intervals: entry.window.is_none().then_some(Nothing),
            scheduled_for: entry.window.map(|(from, _)| clock.moment(from)),
            scheduled_until: entry.window.map(|(_, to)| clock.moment(to)),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct SummaryBody<'a> {
    pub page: Page<'a>,
    pub components: &'a [Component<'a>],
    pub incidents: Vec<Incident<'a>>,
    pub scheduled_maintenances: Vec<Incident<'a>>,
    pub status: Status,
}

#[derive(Debug, Serialize)]
pub(super) struct StatusBody<'a> {
    pub page: Page<'a>,
    pub status: Status,
}

#[derive(Debug, Serialize)]
pub(super) struct ComponentsBody<'a> {
    pub page: Page<'a>,
    pub components: &'a [Component<'a>],
}

#[derive(Debug, Serialize)]
pub(super) struct IncidentsBody<'a> {
    pub page: Page<'a>,
    pub incidents: Vec<Incident<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct MaintenancesBody<'a> {
    pub page: Page<'a>,
    pub scheduled_maintenances: Vec<Incident<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_of_the_pages_clocks() {
        let at = |text: &str| serde_json::from_value::<Time>(text.into()).expect("a time");
        let winter = at("2022-02-15T21:37:37.407999Z");
        for (zone, expected) in [
            ("America/Tijuana", "2022-02-15T13:37:37.407-08:00"),
            ("Etc/UTC", "2022-02-15T21:37:37.407Z"),
            ("UTC", "2022-02-15T21:37:37.407Z"),
            ("Europe/London", "2022-02-15T21:37:37.407+00:00"),
            ("Asia/Kolkata", "2022-02-16T03:07:37.407+05:30"),
        ] {
            assert_eq!(Clock::of(zone).moment(winter), expected, "{zone}");
        }
        assert_eq!(Clock::of("America/Tijuana").moment(at("2022-07-01T00:00:00Z")), "2022-06-30T17:00:00.000-07:00");
        assert_eq!(Clock::of("Asia/Kolkata").day(winter), "2022-02-16");
    }

    fn group(id: u8, position: i64) -> Group {
        Group { id: GroupId::from_random([id; 12]), name: String::new(), description: String::new(), position }
    }

    fn service(id: u8, group: Option<&Group>, position: i64, status: ServiceStatus) -> Service {
        Service {
            id: ServiceId::from_random([id; 12]),
            group_id: group.map(|group| group.id.clone()),
            team_id: None,
            name: format!("Service {id}"),
            description: String::new(),
            own_status: status,
            status,
            since: Time::default(),
            position,
            created_at: Time::default(),
            updated_at: Time::default(),
        }
    }

    #[test]
    fn numbers_rise_in_each_group_and_never_fall_in_the_list() {
        use ServiceStatus::{DegradedPerformance, Operational, PartialOutage};
        let (first, second) = (group(1, 10), group(2, 30));
        let services = vec![
            service(3, Some(&first), 10, Operational),
            service(4, Some(&second), 15, DegradedPerformance),
            service(5, None, 20, Operational),
            service(6, Some(&second), 25, PartialOutage),
            service(7, Some(&first), 26, Operational),
        ];
        let list = ServiceList { groups: vec![first, second], services, teams: Vec::new() };
        let all = components(&list, "page", &HashMap::new(), Clock::of("UTC"));
        let shown: Vec<_> = all.iter().map(|one| (one.group, one.position, one.status)).collect();
        assert_eq!(
            shown,
            [
                (true, 1, Operational),
                (false, 1, Operational),
                (false, 1, DegradedPerformance),
                (false, 2, Operational),
                (false, 2, PartialOutage),
                (false, 2, Operational),
                (true, 3, PartialOutage),
            ]
        );
        let inside = all[6].components.as_ref().map(Vec::len);
        assert_eq!((all[0].components.as_ref().map(Vec::len), inside), (Some(2), Some(2)));
        assert!(all.iter().all(|one| one.group == one.components.is_some()));
    }
}
