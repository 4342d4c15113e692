//! What the list of services leaves away: by words, by status, by team.

use super::status::status_items;
use crate::{
    dashboard::frame::Organization,
    domain::{
        ids::TeamId,
        service::{Service, ServiceList},
        status::ServiceStatus,
    },
    ui::*,
};
use leptos::{html, prelude::*};

/// The item of the menu that stands for services without a team; no team has such an id.
const NO_TEAM: &str = "none";

/// Whose services are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// Those that no team owns.
    Nobody,
    /// Those of one team.
    Team(TeamId),
}

impl Ownership {
    fn read(item: &str) -> Option<Self> {
        if item == NO_TEAM { Some(Self::Nobody) } else { item.parse::<TeamId>().ok().map(Self::Team) }
    }

    fn includes(&self, team: Option<&TeamId>) -> bool {
        match self {
            Self::Nobody => team.is_none(),
            Self::Team(id) => team == Some(id),
        }
    }
}

/// Which services are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceCriteria {
    /// Small letters; empty: any.
    words: String,
    status: Option<ServiceStatus>,
    whose: Option<Ownership>,
}

impl ServiceCriteria {
    /// Nothing is left away, so that places have a meaning.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is one of them.
    pub fn includes(&self, service: &Service) -> bool {
        (self.words.is_empty()
            || service.name.to_lowercase().contains(&self.words)
            || service.description.to_lowercase().contains(&self.words))
            && self.status.is_none_or(|status| service.status == status)
            && self.whose.as_ref().is_none_or(|whose| whose.includes(service.team_id.as_ref()))
    }
}

/// What is typed and chosen above the list.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    list: Signal<ServiceList>,
    words: RwSignal<String>,
    status: RwSignal<Option<ServiceStatus>>,
    whose: RwSignal<Option<Ownership>>,
}

impl Filter {
    /// One that leaves nothing away yet.
    pub fn new(list: Signal<ServiceList>) -> Self {
        Self { list, words: RwSignal::new(String::new()), status: RwSignal::new(None), whose: RwSignal::new(None) }
    }

    /// Which services it lets pass.
    pub fn wanted(self) -> ServiceCriteria {
        ServiceCriteria {
            words: self.words.read().trim().to_lowercase(),
            status: self.status.get(),
            whose: self.whose(),
        }
    }

    /// Leaves nothing away again.
    pub fn clear(self) {
        self.words.set(String::new());
        self.status.set(None);
        self.whose.set(None);
    }

    /// The team that was chosen, as long as there is something to choose it from.
    fn whose(self) -> Option<Ownership> {
        let list = self.list.read();
        self.whose.get().filter(|whose| match whose {
            Ownership::Nobody => !list.teams.is_empty(),
            Ownership::Team(id) => list.teams.iter().any(|team| team.id == *id),
        })
    }

    fn team_in_words(self) -> String {
        match self.whose() {
            None => "any".to_owned(),
            Some(Ownership::Nobody) => "none".to_owned(),
            Some(Ownership::Team(id)) => {
                let list = self.list.read();
                list.teams.iter().find(|team| team.id == id).map(|team| team.name.clone()).unwrap_or_default()
            }
        }
    }
}

/// The field and the menus above the list.
#[component]
pub fn FilterBar(
    /// What they change.
    filter: Filter,
    /// The field for words, which a key leads to.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let organization = Organization::get();
    let Filter { list, words, status, whose } = filter;
    let status_in_words = move || status.get().map_or_else(|| "any".to_owned(), |status| organization.label(status));
    let statuses = Signal::derive(move || {
        let mut items = vec![MenuItem { checked: status.get().is_none(), ..MenuItem::new("", "Any status") }];
        let named = status_items(&organization.frame.read().labels, status.get());
        items.extend(named.into_iter().map(|item| MenuItem { shortcut: None, ..item }));
        items
    });
    let teams = Signal::derive(move || {
        let chosen = filter.whose();
        let mut items = vec![MenuItem { checked: chosen.is_none(), ..MenuItem::new("", "Any team") }];
        items.extend(list.read().teams.iter().map(|team| MenuItem {
            checked: chosen == Some(Ownership::Team(team.id.clone())),
            ..MenuItem::new(team.id.as_str(), team.name.as_str())
        }));
        items.push(MenuItem { checked: chosen == Some(Ownership::Nobody), ..MenuItem::new(NO_TEAM, "No team") });
        items
    });
    view! {
        <SearchField label="Filter services" placeholder="Filter services" value=words on_input=move |text| words.set(text) node_ref=search class="w-64 max-sm:w-full" />
        <Menu
            label=Signal::derive(move || format!("Status: {}", status_in_words()))
            trigger=move || view! { <span class="truncate">"Status: " {status_in_words}</span> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
            items=statuses
            on_select=move |word: String| status.set(word.parse().ok())
        />
        <Show when=move || !list.read().teams.is_empty()>
            <Menu
                label=Signal::derive(move || format!("Team: {}", filter.team_in_words()))
                trigger=move || view! { <span class="truncate">"Team: " {move || filter.team_in_words()}</span> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                items=teams
                on_select=move |item: String| whose.set(Ownership::read(&item))
            />
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{ID_LENGTH, ServiceId},
        time::Time,
    };

    fn team(number: u8) -> TeamId {
        TeamId::from_random([number; ID_LENGTH])
    }

    fn service(name: &str, status: ServiceStatus, team_id: Option<TeamId>) -> Service {
        Service {
            id: ServiceId::from_random([0; ID_LENGTH]),
            group_id: None,
            team_id,
            name: name.to_owned(),
            description: "Charges and REFUNDS".to_owned(),
            own_status: ServiceStatus::Operational,
            status,
            since: Time::default(),
            position: 0,
            created_at: Time::default(),
            updated_at: Time::default(),
        }
    }

    #[test]
    fn what_is_wanted_fits_in_everything_that_is_asked() {
        let (well, down) = (ServiceStatus::Operational, ServiceStatus::MajorOutage);
        let services =
            [service("API", well, None), service("Mail", down, Some(team(1))), service("Web", well, Some(team(2)))];
        let names = |words: &str, status, whose| -> Vec<&str> {
            let wanted = ServiceCriteria { words: words.to_owned(), status, whose };
            services.iter().filter(|service| wanted.includes(service)).map(|service| service.name.as_str()).collect()
        };
        assert!(ServiceCriteria::default().is_everything());
        assert_eq!(names("", None, None), ["API", "Mail", "Web"]);
        assert_eq!(names("refunds", None, None), ["API", "Mail", "Web"]);
        assert_eq!(names("web", None, None), ["Web"]);
        assert_eq!(names("", Some(down), None), ["Mail"]);
        assert_eq!(names("", None, Ownership::read(NO_TEAM)), ["API"]);
        assert_eq!(names("", None, Ownership::read(team(2).as_str())), ["Web"]);
        assert_eq!(names("", Some(down), Ownership::read(team(2).as_str())), [""; 0]);
        assert_eq!(Ownership::read(""), None);
    }
}
