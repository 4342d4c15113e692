//! What the list of maintenance leaves away: by tab, by words, by service.

use crate::{
    dashboard::frame::Organization,
    domain::{maintenance::MaintenanceFilter, service::ServiceList},
    ui::*,
};
use leptos::{html, leptos_dom::helpers::debounce, prelude::*};
use std::time::Duration;

/// Which maintenance, by how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// What is scheduled and what goes on.
    Upcoming,
    /// What is over.
    Past,
}

impl Tab {
    /// In the order of the screen.
    const ALL: [Self; 2] = [Self::Upcoming, Self::Past];

    /// What the address says; without a word: what comes.
    pub fn read(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|tab| Some(tab.word()) == word).unwrap_or(Self::Upcoming)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Past => "past",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Upcoming => "Upcoming",
            Self::Past => "Past",
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
}

impl Filter {
    /// One that leaves nothing of the tab away yet.
    pub fn new(tab: Memo<Tab>) -> Self {
        let text = || RwSignal::new(String::new());
        let filter = Self { tab, words: text(), asked: text(), service: text() };
        let mut ask = debounce(Duration::from_millis(250), move |text: String| {
            filter.asked.try_set(text);
        });
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
    pub fn wanted(self) -> MaintenanceFilter {
        MaintenanceFilter {
            state: self.tab.get().word().to_owned(),
            service: self.service.get(),
            words: self.asked.get().trim().to_owned(),
            ..MaintenanceFilter::default()
        }
    }

    /// Whether it leaves anything of the tab away.
    pub fn is_narrow(self) -> bool {
        [self.asked, self.service].iter().any(|text| !text.read().trim().is_empty())
    }

    /// Leaves nothing of the tab away again.
    pub fn clear(self) {
        for text in [self.words, self.asked, self.service] {
            text.set(String::new());
        }
    }
}

/// A link of several beside each other, of which one is open.
pub const TAB: &str = "inline-flex h-8 items-center gap-2 rounded-md px-2.5 text-13 font-medium text-muted-foreground hover:bg-accent hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:text-foreground pointer-coarse:h-10";

/// The tabs, each with how many there are.
#[component]
pub fn Tabs(
    /// The one that is open.
    tab: Memo<Tab>,
    /// How many come or go on, and how many are over.
    counts: Signal<(i64, i64)>,
) -> impl IntoView {
    let organization = Organization::get();
    let count = move |tab: Tab| match tab {
        Tab::Upcoming => counts.get().0,
        Tab::Past => counts.get().1,
    };
    view! {
        <nav class="flex flex-wrap gap-1" aria-label="Maintenance by state">
            {Tab::ALL.into_iter().map(|this| view! {
                <a
                    href=move || organization.address(&format!("/maintenance?state={}", this.word()))
                    class=TAB
                    aria-current=move || (tab.get() == this).then_some("page")
                >
                    {this.label()}
                    <span class="text-xs font-normal tabular-nums">{move || count(this)}</span>
                </a>
            }).collect_view()}
        </nav>
    }
}

/// The field and the menu above the list.
#[component]
pub fn FilterBar(
    /// What they change.
    filter: Filter,
    /// What there is to choose from.
    services: Signal<ServiceList>,
    /// The field for words, which a key leads to.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let Filter { words, service, .. } = filter;
    let shown = move || {
        let (list, chosen) = (services.read(), service.read());
        let found = list.services.iter().find(|service| service.id.as_str() == chosen.as_str());
        found.map_or_else(|| "any".to_owned(), |service| service.name.clone())
    };
    let items = Signal::derive(move || {
        let chosen = service.get();
        let mut items = vec![MenuItem { checked: chosen.is_empty(), ..MenuItem::new("", "Any service") }];
        items.extend(services.read().services.iter().map(|service| MenuItem {
            checked: service.id.as_str() == chosen,
            ..MenuItem::new(service.id.as_str(), service.name.as_str())
        }));
        items
    });
    view! {
        <SearchField
            label="Filter maintenance"
            placeholder="Filter maintenance"
            value=words
            on_input=move |text| words.set(text)
            node_ref=search
            class="w-64 max-sm:w-full"
        />
        <Menu
            label=Signal::derive(move || format!("Service: {}", shown()))
            trigger=move || view! { <span class="max-w-48 truncate">"Service: " {shown}</span> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
            items
            on_select=move |id: String| service.set(id)
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_tab() {
        assert_eq!(Tab::read(None), Tab::Upcoming);
        assert_eq!(Tab::read(Some("nonsense")), Tab::Upcoming);
        for tab in Tab::ALL {
            assert_eq!(Tab::read(Some(tab.word())), tab);
        }
    }
}
