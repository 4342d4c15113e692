//! Choosing services, and what an incident says of them.

use crate::{
    dashboard::{frame::Organization, services::StatusMark},
    domain::{
        ids::ServiceId,
        role::{Action, PermissionScope},
        service::{Section, ServiceList},
        status::ServiceStatus,
    },
    ui::*,
};
use leptos::{ev, html, prelude::*, web_sys};

/// Most services to choose from at once: another letter narrows better than scrolling.
const MAX_SHOWN: usize = 50;

/// The word in a list of statuses for a service that leaves the incident.
pub const OUT: &str = "out";

const FIELD: &str = "h-8 w-full min-w-0 rounded-md border border-input bg-field pr-2.5 pl-8 text-13 text-foreground placeholder:text-muted-foreground pointer-coarse:h-10 pointer-coarse:text-base";

/// A service that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceOption {
    id: ServiceId,
    name: String,
    group: String,
    status: ServiceStatus,
}

/// The services that somebody may report about, in the order of the list.
fn offers(list: &ServiceList, reach: Option<&PermissionScope>) -> Vec<ServiceOption> {
    let mut all = Vec::new();
    for section in list.sections() {
        let (group, services) = match section {
            Section::Group(group, services) => (group.name.clone(), services),
            Section::Loose(services) => (String::new(), services),
        };
        let allowed = services
            .into_iter()
            .filter(|service| reach.is_some_and(|reach| reach.includes(service.team_id.as_ref())))
            .map(|service| ServiceOption {
                id: service.id.clone(),
                name: service.name.clone(),
                group: group.clone(),
                status: service.status,
            });
        all.extend(allowed);
    }
    all
}

/// Words in small letters; empty: all fit.
fn fits(offer: &ServiceOption, words: &str) -> bool {
    offer.name.to_lowercase().contains(words) || offer.group.to_lowercase().contains(words)
}

/// What a service is called now.
pub fn name_of(list: &ServiceList, id: &ServiceId) -> Option<String> {
    list.services.iter().find(|service| service.id == *id).map(|service| service.name.clone())
}

fn option_id(field: &str, at: usize) -> String {
    format!("{field}-option-{at}")
}

fn show_option(field: &str, at: usize) {
    if let Some(option) = document().get_element_by_id(&option_id(field, at)) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        option.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Whether somebody is at a field of the page already.
fn is_at_a_field() -> bool {
    let element = document().active_element();
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

/// Services by a few letters: arrow keys move, Enter chooses.
#[component]
pub fn ServiceSearch(
    /// The id of the field.
    id: &'static str,
    /// What it is for.
    label: &'static str,
    /// Everything there is.
    services: Signal<ServiceList>,
    /// What is chosen already.
    #[prop(into)]
    chosen: Signal<Vec<ServiceId>>,
    /// Called with a service that is chosen, or no longer.
    #[prop(into)]
    on_pick: Callback<ServiceId>,
    /// Takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let organization = Organization::get();
    let words = RwSignal::new(String::new());
    let active = RwSignal::new(0_usize);
    let field = NodeRef::<html::Input>::new();
    let offered = Memo::new(move |_| {
        let reach = organization.frame.read().reach(Action::ReportIncidents);
        offers(&services.read(), reach.as_ref())
    });
    let found = Memo::new(move |_| {
        let words = words.read().trim().to_lowercase();
        offered.read().iter().filter(|offer| fits(offer, &words)).cloned().collect::<Vec<_>>()
    });
    Effect::new(move || {
        let Some(field) = field.get() else { return };
        // Letters may have been typed before this ran.
        words.set(field.value());
        if autofocus && !is_at_a_field() {
            let _ = field.focus();
        }
    });
    let search = move |text: String| {
        words.set(text);
        active.set(0);
    };
    let clear = move || {
        search(String::new());
        if let Some(field) = field.get_untracked() {
            field.set_value("");
        }
    };
    let pick = move |at: usize| {
        let Some(offer) = found.with_untracked(|found| found.get(at).cloned()) else { return };
        if words.with_untracked(|words| !words.is_empty()) {
            clear();
        }
        on_pick.run(offer.id);
    };
    let go_to = move |at: usize| {
        active.set(at);
        show_option(id, at);
    };
    let keydown = move |event: ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() {
            return;
        }
        let (at, count) = (active.get_untracked(), found.with_untracked(Vec::len).min(MAX_SHOWN));
        match event.key().as_str() {
            "ArrowDown" => go_to(if at + 1 < count { at + 1 } else { 0 }),
            "ArrowUp" => go_to(at.checked_sub(1).unwrap_or(count.saturating_sub(1))),
            "Enter" => pick(at),
            "Escape" if words.with_untracked(|words| !words.is_empty()) => clear(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let list = format!("{id}-list");
    let controls = list.clone();
    let nothing = move || {
        if offered.read().is_empty() {
            "There are no services you can report on."
        } else {
            "No matching services or groups"
        }
    };
    view! {
        <div class="grid min-w-0 gap-1.5">
            <div class="relative">
                <span class="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-muted-foreground">
                    <Icon name=IconName::Search />
                </span>
                <input
                    node_ref=field
                    id=id
                    type="text"
                    class=FIELD
                    role="combobox"
                    placeholder=label
                    aria-label=label
                    aria-expanded=move || (!found.read().is_empty()).to_string()
                    aria-controls=controls
                    aria-autocomplete="list"
                    aria-activedescendant=move || (!found.read().is_empty()).then(|| option_id(id, active.get()))
                    autocomplete="off"
                    spellcheck="false"
                    on:input=move |event| search(event_target_value(&event))
                    on:keydown=keydown
                />
            </div>
            <Show
                when=move || !found.read().is_empty()
                fallback=move || view! { <p class="rounded-md border border-border px-3 py-4 text-13 text-muted-foreground">{nothing}</p> }
            >
                <div id=list.clone() role="listbox" aria-label=label aria-multiselectable="true" class="relative max-h-64 overflow-y-auto rounded-md border border-border p-1">
                    {move || options(id, &found.read(), active, chosen, pick)}
                </div>
            </Show>
            <p class="text-xs text-muted-foreground empty:hidden" role="status">
                {move || match found.read().len() {
                    many if many > MAX_SHOWN => Some(format!("Showing {MAX_SHOWN} of {many} services. Type to find more.")),
                    _ => None,
                }}
            </p>
        </div>
    }
}

fn options(
    field: &'static str,
    found: &[ServiceOption],
    active: RwSignal<usize>,
    chosen: Signal<Vec<ServiceId>>,
    pick: impl Fn(usize) + Copy + Send + Sync + 'static,
) -> AnyView {
    found
        .iter()
        .take(MAX_SHOWN)
        .enumerate()
        .map(|(at, offer)| {
            let ServiceOption { id, name, group, status } = offer.clone();
            let on = Signal::derive(move || chosen.read().contains(&id));
            view! {
                <div
                    id=option_id(field, at)
                    role="option"
                    class="menu-item cursor-pointer"
                    class:bg-accent=move || active.get() == at
                    aria-selected=move || on.get().to_string()
                    on:pointermove=move |_| {
                        if active.get_untracked() != at {
                            active.set(at);
                        }
                    }
                    // The focus stays in the field.
                    on:mousedown=move |event: ev::MouseEvent| event.prevent_default()
                    on:click=move |_| pick(at)
                >
                    <span class="inline-flex size-4 shrink-0 items-center justify-center">
                        {move || on.get().then(|| view! { <Icon name=IconName::Check class="size-3.5" /> })}
                    </span>
                    <span class="min-w-0 flex-1 truncate">{name}</span>
                    <span class="max-w-32 truncate text-xs text-muted-foreground max-sm:hidden">{group}</span>
                    <span class="text-xs text-muted-foreground"><StatusMark status=Signal::stored(status) /></span>
                </div>
            }
        })
        .collect_view()
        .into_any()
}

/// What can be said of a service, as the organization calls it.
pub fn statuses(organization: Organization, may_leave: bool) -> Signal<Vec<(String, String)>> {
    let all = Memo::new(move |_| {
        let frame = organization.frame.read();
        let mut all: Vec<(String, String)> = ServiceStatus::MENU
            .iter()
            .map(|status| (status.as_str().to_owned(), frame.labels.label(*status).to_owned()))
            .collect();
        if may_leave {
            all.push((OUT.to_owned(), "No longer affected".to_owned()));
        }
        all
    });
    all.into()
}

/// One service and what is said of it.
#[component]
pub fn StatementLine(
    /// The id of the control.
    id: String,
    /// The service.
    name: Signal<String>,
    /// What is said of it: the word of a status, or [`OUT`].
    value: Signal<String>,
    /// What can be said.
    options: Signal<Vec<(String, String)>>,
    /// Called with another word.
    #[prop(into)]
    on_change: Callback<String>,
    /// What it was before.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
    /// Takes the line away.
    on_remove: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <span class="flex min-w-0 flex-1 basis-40 flex-col text-13">
                <span class="font-medium wrap-anywhere">{move || name.get()}</span>
                {move || note.get().map(|note| view! { <span class="text-xs text-muted-foreground">{note}</span> })}
            </span>
            <span class="flex items-center gap-1.5 max-sm:w-full">
                <span class="w-52 max-sm:min-w-0 max-sm:flex-1">
                    <SelectField
                        label=format!("Status of {}", name.get_untracked())
                        name="service_status"
                        id
                        label_hidden=true
                        options
                        value
                        on_change=move |word| on_change.run(word)
                    />
                </span>
                {on_remove.map(|remove| view! {
                    <IconButton label=Signal::derive(move || format!("Remove {}", name.get())) icon=IconName::X on:click=move |_| remove.run(()) />
                })}
            </span>
        </li>
    }
}

/// The services that a report is about, each with its status.
#[component]
pub fn ServicePicker(
    /// Everything there is.
    services: Signal<ServiceList>,
    /// What is chosen.
    chosen: RwSignal<Vec<(ServiceId, ServiceStatus)>>,
    /// What is wrong with the choice.
    error: Signal<Option<String>>,
    /// The search takes the focus when it appears.
    autofocus: bool,
) -> impl IntoView {
    let organization = Organization::get();
    let ids = Memo::new(move |_| chosen.read().iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
    let options = statuses(organization, false);
    let pick = move |id: ServiceId| {
        chosen.update(|all| match all.iter().position(|(other, _)| *other == id) {
            Some(place) => {
                all.remove(place);
            }
            None => all.push((id, ServiceStatus::PartialOutage)),
        });
    };
    view! {
        <div class="grid min-w-0 gap-3">
            <ServiceSearch id="service-search" label="Search services" services chosen=ids on_pick=pick autofocus />
            <Show
                when=move || !ids.read().is_empty()
                fallback=|| view! { <p class="text-13 text-muted-foreground">"No services selected. The incident will appear on your page without changing any service’s status."</p> }
            >
                <ul class="grid gap-3 sm:gap-2" role="list" aria-label="Affected services">
                    <For each=move || ids.get() key=|id| id.clone() let:id>
                        <ChosenLine id services chosen options />
                    </For>
                </ul>
            </Show>
            <div role="alert" class="empty:hidden">
                {move || error.get().map(|text| view! { <p class="text-xs font-medium text-status-red-text">{text}</p> })}
            </div>
        </div>
    }
}

#[component]
fn ChosenLine(
    id: ServiceId,
    services: Signal<ServiceList>,
    chosen: RwSignal<Vec<(ServiceId, ServiceStatus)>>,
    options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let control = format!("status-of-{id}");
    let id = StoredValue::new(id);
    let name = Signal::derive(move || id.with_value(|id| name_of(&services.read(), id)).unwrap_or_default());
    let value = Signal::derive(move || {
        let said = id.with_value(|id| chosen.read().iter().find(|(other, _)| other == id).map(|(_, status)| *status));
        said.map(|status| status.as_str().to_owned()).unwrap_or_default()
    });
    let say = move |word: String| {
        let Ok(status) = word.parse::<ServiceStatus>() else { return };
        chosen.update(|all| {
            if let Some(line) = all.iter_mut().find(|(other, _)| id.with_value(|id| other == id)) {
                line.1 = status;
            }
        });
    };
    let remove = Callback::new(move |()| chosen.update(|all| all.retain(|(other, _)| id.with_value(|id| other != id))));
    view! { <StatementLine id=control name value options on_change=say on_remove=Some(remove) /> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{GroupId, ID_LENGTH, TeamId},
        service::{Group, Service},
        time::Time,
    };

    fn service(number: u8, name: &str, group: Option<u8>, team: Option<u8>) -> Service {
        Service {
            id: ServiceId::from_random([number; ID_LENGTH]),
            group_id: group.map(|number| GroupId::from_random([number; ID_LENGTH])),
            team_id: team.map(|number| TeamId::from_random([number; ID_LENGTH])),
            name: name.to_owned(),
            description: String::new(),
            own_status: ServiceStatus::Operational,
            status: ServiceStatus::Operational,
            since: Time::default(),
            position: i64::from(number),
            created_at: Time::default(),
            updated_at: Time::default(),
        }
    }

    #[test]
    fn only_what_one_may_report_about_is_offered() {
        let group = Group {
            id: GroupId::from_random([9; ID_LENGTH]),
            name: "Core".to_owned(),
            description: String::new(),
            position: 5,
        };
        let list = ServiceList {
            groups: vec![group],
            services: vec![service(1, "API", Some(9), None), service(2, "Mail", None, Some(7))],
            teams: Vec::new(),
        };
        let names = |reach: Option<PermissionScope>| -> Vec<String> {
            offers(&list, reach.as_ref()).into_iter().map(|offer| offer.name).collect()
        };
        assert_eq!(names(Some(PermissionScope::Everything)), ["Mail", "API"]);
        assert_eq!(names(Some(PermissionScope::Teams(vec![TeamId::from_random([7; ID_LENGTH])]))), ["Mail"]);
        assert!(names(None).is_empty());
        let offered = offers(&list, Some(&PermissionScope::Everything));
        assert!(fits(&offered[1], "core") && fits(&offered[1], "") && !fits(&offered[0], "core"));
    }
}
