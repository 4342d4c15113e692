//! `/dashboard/{organization}/incidents`: what is wrong, and what was.

use super::{
    filter::{Filter, FilterBar, Tab, Tabs, query},
    marks::{ImpactMark, IncidentBadge, affected, lasted},
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        shortcuts::on_key,
        states::keep_last_good,
        time::Ago,
    },
    domain::{
        error::Result,
        ids::IncidentId,
        incident::{Incident, IncidentFilter, IncidentPage, IncidentStatus},
        live::Topic,
        role::Action,
        service::ServiceList,
        status::Impact,
    },
    rpc::{incidents::list_incidents, services::list_services},
    ui::*,
};
use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_query_map},
};

/// How many pages were read, and what stands on them.
type Pages = (usize, IncidentPage);

/// The first pages as one.
async fn read_pages(slug: String, filter: IncidentFilter, pages: usize) -> Result<Pages> {
    let mut all = list_incidents(slug.clone(), filter.clone()).await?;
    for _ in 1..pages {
        let Some(before) = all.incidents.last().map(|last| (last.started_at, last.id.clone())).filter(|_| all.more)
        else {
            break;
        };
        let next = list_incidents(slug.clone(), IncidentFilter { before: Some(before), ..filter.clone() }).await?;
        all.incidents.extend(next.incidents);
        all.more = next.more;
    }
    Ok((pages, all))
}

/// The screen.
#[component]
pub fn IncidentsScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let address = use_query_map();
    let tab = Memo::new(move |_| Tab::read(address.read().get_str("state")));
    let filter = Filter::new(tab);
    let wanted = Memo::new(move |_| filter.wanted());
    // How many pages of which list: another list begins with its first.
    let unfolded = RwSignal::new((IncidentFilter::default(), 1_usize));
    let pages = Memo::new(move |_| {
        let wanted = wanted.read();
        unfolded.with(|(of, pages)| if *of == *wanted { *pages } else { 1 })
    });
    let read = resource(
        move || {
            let changes = (live.changes(Topic::Incidents), live.changes(Topic::Services));
            (organization.slug.get(), wanted.get(), pages.get(), changes)
        },
        |(slug, filter, pages, _)| read_pages(slug, filter, pages),
    );
    let services = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Members)),
        |(slug, ..)| list_services(slug),
    );
    let more = Callback::new(move |()| unfolded.set((wanted.get_untracked(), pages.get_untracked() + 1)));
    let reports = organization.may(Action::ReportIncidents);
    let export = Signal::derive(move || organization.address(&format!("/incidents.csv?{}", query(&wanted.read()))));
    view! {
        <ScreenHead title="Incidents">
            <LinkButton href=export external=true icon=IconName::Download>"Export CSV"</LinkButton>
            <LinkButton href=Signal::derive(move || organization.address("/incidents/templates")) icon=IconName::Copy>"Templates"</LinkButton>
            {move || reports.get().then(|| view! {
                <LinkButton href=organization.address("/incidents/new") variant=ButtonVariant::Primary icon=IconName::AlertTriangle shortcut="C">"Report incident"</LinkButton>
            })}
        </ScreenHead>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Listed read services tab filter pages more />
        </Transition>
    }
}

#[component]
fn Listed(
    read: Resource<Result<Pages>>,
    services: Resource<Result<ServiceList>>,
    tab: Memo<Tab>,
    filter: Filter,
    pages: Memo<usize>,
    more: Callback<()>,
) -> impl IntoView {
    let answer = move || match (read.get(), services.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error)),
        (Some(Ok(read)), Some(Ok(services))) => Some(Ok((read, services))),
        _ => None,
    };
    keep_last_good(
        answer,
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |both: Signal<(Pages, ServiceList)>| {
            let read = Signal::from(Memo::new(move |_| both.read().0.clone()));
            let services = Signal::from(Memo::new(move |_| both.read().1.clone()));
            view! { <Body read services tab filter pages more /> }.into_any()
        },
    )
}

#[component]
fn Body(
    read: Signal<Pages>,
    services: Signal<ServiceList>,
    tab: Memo<Tab>,
    filter: Filter,
    pages: Memo<usize>,
    more: Callback<()>,
) -> impl IntoView {
    let counts = Signal::derive(move || {
        let read = read.read();
        (read.1.active, read.1.resolved)
    });
    let ids = Memo::new(move |_| {
        read.read().1.incidents.iter().map(|incident| incident.id.clone()).collect::<Vec<IncidentId>>()
    });
    let follows = Memo::new(move |_| read.read().1.more);
    let pending = Signal::derive(move || pages.get() > read.read().0);
    let search = NodeRef::<html::Input>::new();
    let current = RwSignal::new(None::<IncidentId>);
    list_keys(ids, current, search);
    view! {
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5">
            <Tabs tab counts />
            <div class="flex flex-wrap items-center gap-2 max-sm:w-full"><FilterBar filter services search /></div>
        </div>
        <Show
            when=move || !ids.read().is_empty()
            fallback=move || view! { <Nothing tab filter counts /> }
        >
            <Table
                label="Incidents"
                head=|| view! {
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Impact"</th>
                    <th scope="col" class=HEAD_CELL>"Incident"</th>
                    <th scope="col" class=HEAD_CELL>"Status"</th>
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Started"</th>
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Duration"</th>
                }
            >
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <Row id read current />
                </For>
            </Table>
            <Show when=move || follows.get()>
                <div class="p-4"><Button pending on:click=move |_| more.run(())>"Load more"</Button></div>
            </Show>
        </Show>
    }
}

/// What to do where the list is empty.
#[component]
fn Nothing(tab: Memo<Tab>, filter: Filter, counts: Signal<(i64, i64)>) -> impl IntoView {
    let organization = Organization::get();
    let reports = organization.may(Action::ReportIncidents);
    let report = move || {
        reports.get().then(|| {
            view! { <LinkButton href=organization.address("/incidents/new") icon=IconName::AlertTriangle>"Report incident"</LinkButton> }
        })
    };
    move || {
        let is_first = counts.get() == (0, 0);
        match tab.get() {
            _ if filter.is_narrow() => view! {
                <EmptyState icon=IconName::Search title="No matching incidents" text="Try a different search or filter.">
                    <Button on:click=move |_| filter.clear()>"Clear filters"</Button>
                </EmptyState>
            }
            .into_any(),
            _ if is_first => view! {
                <EmptyState icon=IconName::CheckCircle title="No incidents yet" text="When something breaks, report it here. The incident and its updates appear on your status page right away.">
                    {report}
                </EmptyState>
            }
            .into_any(),
            Tab::Active => view! {
                <EmptyState icon=IconName::CheckCircle title="No active incidents" text="Past incidents are under Resolved.">
                    {report}
                </EmptyState>
            }
            .into_any(),
            _ => view! {
                <EmptyState icon=IconName::Clock title="No resolved incidents yet" text="Incidents move here once they’re resolved." />
            }
            .into_any(),
        }
    }
}

/// Keys of the list: filter, move, open.
fn list_keys(ids: Memo<Vec<IncidentId>>, current: RwSignal<Option<IncidentId>>, search: NodeRef<html::Input>) {
    let organization = Organization::get();
    let navigate = use_navigate();
    on_key(move |key, event| {
        let here = current.get_untracked();
        let place = here.as_ref().and_then(|id| ids.with_untracked(|ids| ids.iter().position(|other| other == id)));
        let go_to = |place: usize| {
            if let Some(id) = ids.with_untracked(|ids| ids.get(place).cloned()) {
                show_row(&id);
                current.set(Some(id));
            }
        };
        match (key, &here) {
            ("/", _) => {
                let Some(input) = search.get_untracked() else { return };
                let _ = input.focus();
            }
            ("j", _) => go_to(place.map_or(0, |place| place + 1)),
            ("k", _) => go_to(place.map_or(0, |place| place.saturating_sub(1))),
            ("Enter", Some(id)) if !on_a_control(event) => {
                navigate(&organization.address(&format!("/incidents/{id}")), Default::default());
            }
            ("Escape", _) => current.set(None),
            _ => return,
        }
        event.prevent_default();
    });
}

/// A button or link that has the focus keeps its own Enter.
fn on_a_control(event: &web_sys::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "A" | "BUTTON"))
}

fn show_row(id: &IncidentId) {
    if let Some(row) = document().get_element_by_id(&format!("incident-{id}")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

#[component]
fn Row(id: IncidentId, read: Signal<Pages>, current: RwSignal<Option<IncidentId>>) -> impl IntoView {
    let organization = Organization::get();
    let (row, address) = (format!("incident-{id}"), format!("/incidents/{id}"));
    let id = StoredValue::new(id);
    let incident = Memo::new(move |_| {
        id.with_value(|id| read.read().1.incidents.iter().find(|incident| incident.id == *id).cloned())
    });
    // A row whose incident is gone is about to go too.
    fn of<T>(incident: &Option<Incident>, what: impl Fn(&Incident) -> T, otherwise: T) -> T {
        incident.as_ref().map_or(otherwise, what)
    }
    let impact = Signal::derive(move || of(&incident.read(), |incident| incident.impact, Impact::None));
    let status =
        Signal::derive(move || of(&incident.read(), |incident| incident.status, IncidentStatus::Investigating));
    let started =
        Signal::derive(move || incident.read().as_ref().map(|incident| incident.started_at).unwrap_or_default());
    let text = move |what: fn(&Incident) -> String| of(&incident.read(), what, String::new());
    let services = move || Some(text(|incident| affected(&incident.services, 3))).filter(|names| !names.is_empty());
    let is_current = move || id.with_value(|id| current.read().as_ref() == Some(id));
    view! {
        <tr
            id=row
            class=ROW
            class=("outline-2", move || is_current())
            class=("-outline-offset-2", move || is_current())
            class=("outline-ring", move || is_current())
        >
            <td class=format!("{CELL} {WIDE_ONLY}")><ImpactMark impact /></td>
            <td class=format!("{CELL} w-full min-w-40")>
                <div class="flex min-w-0 flex-col">
                    <A href=move || organization.address(&address) attr:class="font-medium wrap-anywhere hover:underline">
                        {move || text(|incident| incident.title.clone())}
                    </A>
                    {move || services().map(|names| view! { <span class="text-xs wrap-anywhere text-muted-foreground">{names}</span> })}
                    <span class="flex flex-wrap items-center gap-x-3 text-xs text-muted-foreground sm:hidden">
                        <ImpactMark impact />
                        <Ago at=started />
                    </span>
                </div>
            </td>
            <td class=CELL><IncidentBadge status /></td>
            <td class=format!("{CELL_MUTED} whitespace-nowrap {WIDE_ONLY}")><Ago at=started /></td>
            <td class=format!("{CELL_MUTED} whitespace-nowrap tabular-nums {WIDE_ONLY}")>{move || text(lasted)}</td>
        </tr>
    }
}
