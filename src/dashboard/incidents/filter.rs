//! What the list of incidents leaves away: by state, by words, by service, team and impact.

use crate::{
    dashboard::{frame::Organization, query::escaped},
    domain::{incident::IncidentFilter, service::ServiceList, status::Impact},
    ui::*,
};
use leptos::{html, leptos_dom::helpers::debounce, prelude::*};
use std::time::Duration;

/// Which incidents, by how far they have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Those that are open.
    Active,
    /// Those that are over.
    Resolved,
    /// All.
    All,
}

impl Tab {
    /// In the order of the screen.
    const ALL: [Self; 3] = [Self::Active, Self::Resolved, Self::All];

    /// What the address says; without a word: those that are open.
    pub fn read(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|tab| Some(tab.word()) == word).unwrap_or(Self::Active)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Resolved => "resolved",
            Self::All => "all",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Resolved => "Resolved",
            Self::All => "All",
        }
    }

    fn state(self) -> String {
        match self {
            Self::All => String::new(),
            other => other.word().to_owned(),
        }
    }
}

/// What is typed and chosen above the list.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    tab: Memo<Tab>,
    words: RwSignal<String>,
    /// Follows the typing after a pause.
    asked: RwSignal<String>,
    service: RwSignal<String>,
    team: RwSignal<String>,
    impact: RwSignal<String>,
}

impl Filter {
    /// One that leaves nothing of the tab away yet.
    pub fn new(tab: Memo<Tab>) -> Self {
        let text = || RwSignal::new(String::new());
        let filter = Self { tab, words: text(), asked: text(), service: text(), team: text(), impact: text() };
        let mut ask = debounce(Duration::from_millis(250), move |text: String| filter.asked.set(text));
        Effect::new(move || {
            let words = filter.words.get();
            // What is cleared is shown at once.
            if words.is_empty() {
                filter.asked.set(String::new());
            }
            ask(words);
        });
        filter
    }

    /// What the server is asked for.
    pub fn wanted(self) -> IncidentFilter {
        IncidentFilter {
            state: self.tab.get().state(),
            service: self.service.get(),
            team: self.team.get(),
            impact: self.impact.get(),
            words: self.asked.get().trim().to_owned(),
            ..IncidentFilter::default()
        }
    }

    /// Whether it leaves anything of the tab away.
    pub fn is_narrow(self) -> bool {
        [self.asked, self.service, self.team, self.impact].iter().any(|text| !text.read().trim().is_empty())
    }

    /// Leaves nothing of the tab away again.
    pub fn clear(self) {
        for text in [self.words, self.asked, self.service, self.team, self.impact] {
            text.set(String::new());
        }
    }
}

/// What the server is asked for, as an address says it.
pub fn query(filter: &IncidentFilter) -> String {
    let IncidentFilter { state, service, team, impact, words, .. } = filter;
    [("state", state), ("service", service), ("team", team), ("impact", impact), ("words", words)]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={}", escaped(text)))
        .collect::<Vec<_>>()
        .join("&")
}

const TAB: &str = "inline-flex h-8 items-center gap-2 rounded-md px-2.5 text-13 font-medium text-muted-foreground hover:bg-accent hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:text-foreground pointer-coarse:h-10";

/// The tabs, each with how many there are.
#[component]
pub fn Tabs(
    /// The one that is open.
    tab: Memo<Tab>,
    /// How many are open, and how many are over.
    counts: Signal<(i64, i64)>,
) -> impl IntoView {
    let organization = Organization::get();
    let count = move |tab: Tab| {
        let (active, resolved) = counts.get();
        match tab {
            Tab::Active => active,
            Tab::Resolved => resolved,
            Tab::All => active + resolved,
        }
    };
    view! {
        <nav class="flex flex-wrap gap-1" aria-label="Incidents by state">
            {Tab::ALL.into_iter().map(|this| view! {
                <a
                    href=move || organization.address(&format!("/incidents?state={}", this.word()))
                    class=TAB
                    aria-current=move || (tab.get() == this).then_some("page")
                >
                    {this.label()} " "
                    <span class="text-xs font-normal tabular-nums">{move || count(this)}</span>
                </a>
            }).collect_view()}
        </nav>
    }
}

/// The field and the menus above the list.
#[component]
pub fn FilterBar(
    /// What they change.
    filter: Filter,
    /// What there is to choose from.
    services: Signal<ServiceList>,
    /// The field for words, which a key leads to.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let Filter { words, service, team, impact, .. } = filter;
    let choices = move |first: &str, chosen: RwSignal<String>, all: Vec<(String, String)>| {
        let chosen = chosen.get();
        let mut items = vec![MenuItem { checked: chosen.is_empty(), ..MenuItem::new("", first) }];
        items.extend(all.into_iter().map(|(id, label)| MenuItem { checked: chosen == id, ..MenuItem::new(id, label) }));
        items
    };
    let called = move |chosen: RwSignal<String>, all: Vec<(String, String)>| {
        let chosen = chosen.get();
        all.into_iter().find(|(id, _)| *id == chosen).map_or_else(|| "any".to_owned(), |(_, label)| label)
    };
    let every_service = move || {
        let list = services.read();
        list.services.iter().map(|service| (service.id.to_string(), service.name.clone())).collect::<Vec<_>>()
    };
    let every_team = move || {
        let list = services.read();
        list.teams.iter().map(|team| (team.id.to_string(), team.name.clone())).collect::<Vec<_>>()
    };
    let every_impact = move || {
        let all = Impact::ALL.iter().rev();
        all.map(|impact| (impact.as_str().to_owned(), impact.label().to_owned())).collect::<Vec<_>>()
    };
    view! {
        <SearchField
            label="Filter incidents"
            placeholder="Filter incidents"
            value=words
            on_input=move |text| words.set(text)
            node_ref=search
            class="w-64 max-sm:w-full"
        />
        <Choice
            what="Service"
            words=Signal::derive(move || called(service, every_service()))
            items=Signal::derive(move || choices("Any service", service, every_service()))
            chosen=service
        />
        <Show when=move || !services.read().teams.is_empty()>
            <Choice
                what="Team"
                words=Signal::derive(move || called(team, every_team()))
                items=Signal::derive(move || choices("Any team", team, every_team()))
                chosen=team
            />
        </Show>
        <Choice
            what="Impact"
            words=Signal::derive(move || called(impact, every_impact()))
            items=Signal::derive(move || choices("Any impact", impact, every_impact()))
            chosen=impact
        />
    }
}

#[component]
fn Choice(
    what: &'static str,
    words: Signal<String>,
    items: Signal<Vec<MenuItem>>,
    chosen: RwSignal<String>,
) -> impl IntoView {
    view! {
        <Menu
            label=Signal::derive(move || format!("{what}: {}", words.get()))
            trigger=move || view! { <span class="max-w-48 truncate">{what} ": " {move || words.get()}</span> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
            items
            on_select=move |id: String| chosen.set(id)
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_tab() {
        assert_eq!(Tab::read(None), Tab::Active);
        assert_eq!(Tab::read(Some("nonsense")), Tab::Active);
        for tab in Tab::ALL {
            assert_eq!(Tab::read(Some(tab.word())), tab);
        }
        assert_eq!((Tab::Active.state().as_str(), Tab::All.state().as_str()), ("active", ""));
    }

    #[test]
    fn an_address_carries_the_filter() {
        assert_eq!(query(&IncidentFilter::default()), "");
        let filter = IncidentFilter {
            state: "active".to_owned(),
            impact: "major".to_owned(),
            words: "cards & co".to_owned(),
            ..IncidentFilter::default()
        };
        assert_eq!(query(&filter), "state=active&impact=major&words=cards%20%26%20co");
    }
}
