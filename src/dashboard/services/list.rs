//! `/dashboard/{organization}/services`: every service, its status, its place.

use super::{
    filter::{Filter, FilterBar, ServiceCriteria},
    groups::{GroupDialog, GroupHead},
    open_incidents::{OpenIncidents, read_open},
    row::ServiceRow,
    status::{Before, change_status, status_items},
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        shortcuts::on_key,
        states::keep_last_good,
    },
    domain::{
        error::AppError,
        ids::ServiceId,
        incident::IncidentPage,
        live::Topic,
        role::Action,
        service::{Group, Section, ServiceList},
        status::ServiceStatus,
    },
    rpc::services::{create_services, list_services},
    ui::*,
};
use leptos::{html, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys};
use leptos_router::hooks::use_navigate;
use std::collections::BTreeSet;

/// What the rows of the list share.
#[derive(Debug, Clone, Copy)]
pub struct ListState {
    /// Everything, as it was read last.
    pub list: Signal<ServiceList>,
    /// Chosen for a change of several.
    pub selected: RwSignal<BTreeSet<ServiceId>>,
    /// The row that keys act on.
    pub current: RwSignal<Option<ServiceId>>,
    /// What is being dragged: the id of a service or a group.
    pub dragged: RwSignal<Option<String>>,
    /// Said to screen readers.
    pub announcement: RwSignal<String>,
    /// What gets the focus back when its row has moved.
    refocus: RwSignal<Option<String>>,
    /// Nothing is filtered away, so that places have a meaning.
    pub whole: Signal<bool>,
}

/// The menu at the end of a row.
pub const MENU_OF_ROW: &str = "td:last-child .menu-trigger";

impl ListState {
    /// A row that moves leaves the document for a moment, and its focus with it: this part of the row
    /// of this id gets it back.
    pub fn keep_focus(&self, id: &str, part: &str) {
        self.refocus.set(Some(format!("#row-{id} {part}")));
    }

    fn give_back_focus(self, shown: Memo<Vec<Line>>) {
        Effect::new(move || {
            shown.track();
            let Some(part) = self.refocus.get_untracked() else { return };
            self.refocus.set(None);
            request_animation_frame(move || {
                let lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
                let part = document().query_selector(&part).ok().flatten().filter(|_| lost);
                if let Some(part) = part.and_then(|part| part.dyn_into::<web_sys::HtmlElement>().ok()) {
                    let _ = part.focus();
                }
            });
        });
    }
}

/// The screen.
#[component]
pub fn ServicesScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let services = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Members)),
        |(slug, ..)| list_services(slug),
    );
    let open = resource(
        move || (organization.slug.get(), live.changes(Topic::Incidents), live.changes(Topic::Services)),
        |(slug, ..)| read_open(slug),
    );
    let edits = organization.may(Action::EditServices);
    let groups = organization.may_everywhere(Action::EditServices);
    let new_group = RwSignal::new(false);
    view! {
        <ScreenHead title="Services">
            <LinkButton href=Signal::derive(move || format!("/status/{}", organization.slug.get())) external=true icon=IconName::ExternalLink>
                "Status page"
            </LinkButton>
            {move || edits.get().then(|| view! {
                {move || groups.get().then(|| view! { <Button icon=IconName::FolderPlus on:click=move |_| new_group.set(true)>"New group"</Button> })}
                <LinkButton href=organization.address("/services/new") variant=ButtonVariant::Primary icon=IconName::Plus>"New service"</LinkButton>
            })}
        </ScreenHead>
        <GroupDialog open=new_group group=None />
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Listed services open />
        </Transition>
    }
}

#[component]
fn Listed(
    services: Resource<Result<ServiceList, AppError>>,
    open: Resource<Result<IncidentPage, AppError>>,
) -> impl IntoView {
    let answer = move || match (services.get(), open.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error)),
        (Some(Ok(services)), Some(Ok(open))) => Some(Ok((services, open))),
        _ => None,
    };
    keep_last_good(
        answer,
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        |both: Signal<(ServiceList, IncidentPage)>| {
            let list: Signal<ServiceList> = Memo::new(move |_| both.read().0.clone()).into();
            let open: Signal<IncidentPage> = Memo::new(move |_| both.read().1.clone()).into();
            let empty = Memo::new(move |_| list.read().services.is_empty() && list.read().groups.is_empty());
            view! {
                {move || if empty.get() {
                    view! { <div class="pt-2.5"><OpenIncidents open /></div> <FirstServices /> }.into_any()
                } else {
                    view! { <Rows list open /> }.into_any()
                }}
            }
            .into_any()
        },
    )
}

const SUGGESTED: &[&str] = &["Website", "API", "Sign-in", "Dashboard", "Webhooks", "Email delivery", "Documentation"];

/// What to do first: a few services by one click.
#[component]
fn FirstServices() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let toasts = use_toasts();
    let chosen = RwSignal::new(BTreeSet::from(["Website", "API", "Sign-in"]));
    let add = leptos::prelude::Action::new(move |names: &Vec<String>| {
        create_services(organization.slug.get_untracked(), names.clone())
    });
    Effect::new(move || match add.value().get() {
        Some(Ok(())) => live.refresh(),
        Some(Err(error)) => toasts.error(error.to_string()),
        None => {}
    });
    let edits = organization.may_everywhere(Action::EditServices);
    let names = move || chosen.get().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    view! {
        <EmptyState icon=IconName::Layers title="What do your customers depend on?" text="Pick a few to start with, or add your own. Each gets its own status.">
            {move || if edits.get() {
                view! {
                    <div class="flex w-full flex-col items-center gap-4">
                        <div class="flex max-w-md flex-wrap justify-center gap-2" role="group" aria-label="Suggested services">
                            {SUGGESTED.iter().map(|name| {
                                let on = move || chosen.read().contains(name);
                                view! {
                                    <button
                                        type="button"
                                        aria-pressed=move || on().to_string()
                                        class="inline-flex h-8 cursor-pointer items-center gap-1.5 rounded-md border border-border px-2.5 text-13 hover:bg-accent aria-pressed:border-brand-border aria-pressed:bg-brand-tint pointer-coarse:h-10"
                                        on:click=move |_| chosen.update(|chosen| if !chosen.remove(name) { chosen.insert(name); })
                                    >
                                        {move || if on() { view! { <Icon name=IconName::Check class="size-3.5" /> } } else { view! { <Icon name=IconName::Plus class="size-3.5" /> } }}
                                        {*name}
                                    </button>
                                }
                            }).collect_view()}
                        </div>
                        <div class="flex flex-wrap justify-center gap-2">
                            <Button variant=ButtonVariant::Primary pending=add.pending() disabled=Signal::derive(move || chosen.read().is_empty()) on:click=move |_| { add.dispatch(names()); }>
                                {move || match chosen.read().len() { 1 => "Add 1 service".to_owned(), n => format!("Add {n} services") }}
                            </Button>
                            <LinkButton href=organization.address("/services/new") icon=IconName::Plus>"Add your own"</LinkButton>
                        </div>
                    </div>
                }.into_any()
            } else {
                view! { <p class="text-13 text-muted-foreground">"A service manager or admin can add the first one."</p> }.into_any()
            }}
        </EmptyState>
    }
}

/// One line of the list, groups and rows alike, so that a move is a move of one keyed line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Group(Group, usize),
    Row(ServiceId, bool),
    EmptyGroup(Group),
}

impl Line {
    fn key(&self) -> String {
        match self {
            Self::Group(group, count) => format!("{}-{count}-{}", group.id, group.name),
            Self::Row(id, grouped) => format!("{id}-{grouped}"),
            Self::EmptyGroup(group) => format!("{}-empty", group.id),
        }
    }
}

fn lines(list: &ServiceList, wanted: &ServiceCriteria) -> Vec<Line> {
    let whole = wanted.is_everything();
    let mut lines = Vec::new();
    for section in list.sections() {
        match section {
            Section::Group(group, services) => {
                let shown: Vec<_> = services.into_iter().filter(|service| wanted.includes(service)).collect();
                if whole || !shown.is_empty() {
                    lines.push(Line::Group(group.clone(), shown.len()));
                }
                if whole && shown.is_empty() {
                    lines.push(Line::EmptyGroup(group.clone()));
                }
                lines.extend(shown.into_iter().map(|service| Line::Row(service.id.clone(), true)));
            }
            Section::Loose(services) => {
                lines.extend(
                    services
                        .into_iter()
                        .filter(|service| wanted.includes(service))
                        .map(|service| Line::Row(service.id.clone(), false)),
                );
            }
        }
    }
    lines
}

#[component]
fn Rows(list: Signal<ServiceList>, open: Signal<IncidentPage>) -> impl IntoView {
    let organization = Organization::get();
    let filter = Filter::new(list);
    let wanted = Memo::new(move |_| filter.wanted());
    let shown = Memo::new(move |_| lines(&list.read(), &wanted.read()));
    let state = ListState {
        list,
        selected: RwSignal::new(BTreeSet::new()),
        current: RwSignal::new(None),
        dragged: RwSignal::new(None),
        announcement: RwSignal::new(String::new()),
        refocus: RwSignal::new(None),
        whole: Signal::derive(move || wanted.read().is_everything()),
    };
    provide_context(state);
    state.give_back_focus(shown);
    let search = NodeRef::<html::Input>::new();
    list_keys(state, shown, search);
    view! {
        <div class="flex flex-wrap items-center gap-2 px-4 py-2.5">
            <FilterBar filter search />
            <SelectionBar state />
        </div>
        <OpenIncidents open />
        <p class="sr-only" role="status" aria-live="polite">{move || state.announcement.get()}</p>
        <Show
            when=move || !shown.read().is_empty()
            fallback=move || view! {
                <EmptyState icon=IconName::Search title="No matching services" text="Try a different search or filter.">
                    <Button on:click=move |_| filter.clear()>"Clear filters"</Button>
                </EmptyState>
            }
        >
            <Table label="Services">
                <For each=move || shown.get() key=Line::key let:line>
                    {match line {
                        Line::Group(group, count) => view! { <GroupHead group count /> }.into_any(),
                        Line::Row(id, grouped) => view! { <ServiceRow id grouped /> }.into_any(),
                        Line::EmptyGroup(group) => view! {
                            <tr class=ROW>
                                <td colspan="5" class=format!("{CELL_MUTED} pl-12")>
                                    {format!("No services in {} yet. Drag one here, or choose this group when you create or edit a service.", group.name)}
                                </td>
                            </tr>
                        }.into_any(),
                    }}
                </For>
            </Table>
            <p class="px-4 py-3 text-xs text-muted-foreground">
                {move || match list.read().services.len() { 1 => "1 service".to_owned(), n => format!("{n} services") }}
                <span class="max-md:hidden">" · Press ? for shortcuts"</span>
            </p>
        </Show>
        <span hidden data-organization=move || organization.slug.get()></span>
    }
}

/// Keys of the list: filter, move, open, edit, select, set a status.
fn list_keys(state: ListState, shown: Memo<Vec<Line>>, search: NodeRef<html::Input>) {
    let organization = Organization::get();
    let navigate = use_navigate();
    let edits = organization.may(Action::EditServices);
    on_key(move |key, event| {
        let ids: Vec<ServiceId> = shown
            .read_untracked()
            .iter()
            .filter_map(|line| match line {
                Line::Row(id, _) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let current = state.current.get_untracked();
        let here = current.as_ref().and_then(|id| ids.iter().position(|other| other == id));
        let step = |to: Option<usize>| {
            if let Some(id) = to.and_then(|index| ids.get(index)) {
                state.current.set(Some(id.clone()));
                show_row(id);
            }
        };
        let acted = match (key, &current) {
            ("/", _) => search
                .get_untracked()
                .map(|input| {
                    let _ = input.focus();
                })
                .is_some(),
            ("j", _) => {
                step(Some(here.map_or(0, |here| here + 1)));
                true
            }
            ("k", _) => {
                step(Some(here.map_or(0, |here| here.saturating_sub(1))));
                true
            }
            ("n", _) if edits.get_untracked() => {
                navigate(&organization.address("/services/new"), Default::default());
                true
            }
            ("x", Some(id)) => {
                state.selected.update(|all| {
                    if !all.remove(id) {
                        all.insert(id.clone());
                    }
                });
                true
            }
            ("s", Some(id)) => {
                press_status(id);
                true
            }
            ("e", Some(id)) if edits.get_untracked() => {
                navigate(&organization.address(&format!("/services/{id}/edit")), Default::default());
                true
            }
            ("Enter", Some(id)) if !on_a_control(event) => {
                navigate(&organization.address(&format!("/services/{id}")), Default::default());
                true
            }
            ("Escape", _) => {
                state.selected.set(BTreeSet::new());
                state.current.set(None);
                true
            }
            _ => false,
        };
        if acted {
            event.prevent_default();
        }
    });
}

/// A button or link that has the focus keeps its own Enter.
fn on_a_control(event: &web_sys::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "A" | "BUTTON"))
}

fn show_row(id: &ServiceId) {
    if let Some(row) = document().get_element_by_id(&format!("row-{id}")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

fn press_status(id: &ServiceId) {
    let chip = document().query_selector(&format!("#row-{id} [data-status] button")).ok().flatten();
    if let Some(chip) = chip.and_then(|chip| chip.dyn_into::<web_sys::HtmlElement>().ok()) {
        chip.click();
    }
}

/// What can be done with the rows that are chosen.
#[component]
fn SelectionBar(state: ListState) -> impl IntoView {
    let organization = Organization::get();
    let toasts = use_toasts();
    let set = move |word: String| {
        let Ok(status) = word.parse::<ServiceStatus>() else { return };
        let chosen = state.selected.get_untracked();
        let before: Before = state
            .list
            .read_untracked()
            .services
            .iter()
            .filter(|s| chosen.contains(&s.id))
            .map(|s| (s.id.clone(), s.own_status))
            .collect();
        if !before.is_empty() {
            change_status(organization, before, None, status, toasts);
        }
        state.selected.set(BTreeSet::new());
    };
    view! {
        <Show when=move || !state.selected.read().is_empty()>
            <div class="ml-auto flex items-center gap-2" role="group" aria-label="Selected services">
                <span class="text-13 text-muted-foreground tabular-nums">{move || format!("{} selected", state.selected.read().len())}</span>
                <Menu
                    label="Set status of selected services"
                    trigger=|| view! { "Set status" <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                    items=Signal::derive(move || status_items(&organization.frame.read().labels, None))
                    on_select=set
                    align=Align::End
                />
                <Button size=ButtonSize::Small variant=ButtonVariant::Ghost on:click=move |_| state.selected.set(BTreeSet::new())>"Clear"</Button>
            </div>
        </Show>
    }
}

/// Moves something before something else, or to the end of a group or of the top level.
pub fn move_to(
    organization: String,
    item: String,
    group: Option<crate::domain::ids::GroupId>,
    before: Option<String>,
    toasts: Toasts,
) {
    let live = use_live();
    spawn_local(async move {
        match crate::rpc::services::move_item(organization, item, group, before).await {
            Ok(()) => live.refresh(),
            Err(error) => toasts.error(error.to_string()),
        }
    });
}
