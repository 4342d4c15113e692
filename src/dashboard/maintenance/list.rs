//! `/dashboard/{organization}/maintenance`: what is planned and what was, as a list or as a calendar.

use super::{
    calendar::{Calendar, Layout, Layouts, VisibleRange},
    countdown::{Countdown, Moments, provide_clock},
    filter::{Filter, FilterBar, Tab, Tabs},
    marks::{MaintenanceBadge, SeriesMark, named},
    windows_of,
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
        calendar::{LocalWindow, day, month, month_text},
        error::{AppError, Result},
        ids::MaintenanceId,
        live::Topic,
        maintenance::{MaintenanceFilter, MaintenancePage, MaintenanceStatus},
        role::Action,
        service::ServiceList,
    },
    rpc::{
        maintenance::{calendar, list_maintenance},
        services::list_services,
    },
    ui::*,
};
use chrono::NaiveDate;
use leptos::{html, prelude::*, wasm_bindgen::JsCast, web_sys};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_query_map},
};
use serde::{Deserialize, Serialize};

/// What the address and the filter ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MaintenanceQuery {
    /// So many pages of the list.
    List(MaintenanceFilter, usize),
    /// The month of a day, or the present one.
    Month(Option<NaiveDate>),
    /// The week of a day, or the present one.
    Week(Option<NaiveDate>),
}

/// How many pages were read, what stands on them, and their windows by the local clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    pages: usize,
    page: MaintenancePage,
    windows: Vec<LocalWindow>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum SearchResults {
    List(Listed),
    Calendar(VisibleRange),
}

/// The first pages as one.
async fn read_pages(slug: String, filter: MaintenanceFilter, pages: usize) -> Result<Listed> {
    let mut all = Listed { pages, ..Listed::default() };
    for _ in 0..pages {
        let after = all.page.maintenance.last().map(|last| (last.starts_at, last.id.clone()));
        let mut page = list_maintenance(slug.clone(), MaintenanceFilter { after, ..filter.clone() }).await?;
        all.windows.extend(windows_of(slug.clone(), &page.maintenance).await?);
        let mut maintenance = std::mem::take(&mut all.page.maintenance);
        maintenance.append(&mut page.maintenance);
        all.page = MaintenancePage { maintenance, ..page };
        if !all.page.more {
            break;
        }
    }
    Ok(all)
}

async fn find(slug: String, asked: MaintenanceQuery) -> Result<SearchResults> {
    let text = |date: Option<NaiveDate>| date.map(month_text).unwrap_or_default();
    Ok(match asked {
        MaintenanceQuery::List(filter, pages) => SearchResults::List(read_pages(slug, filter, pages).await?),
        MaintenanceQuery::Month(date) => {
            SearchResults::Calendar(VisibleRange { whole: calendar(slug, text(date)).await?, week: None })
        }
        MaintenanceQuery::Week(date) => {
            let whole = calendar(slug, text(date)).await?;
            let week = Some(date.unwrap_or(whole.today));
            SearchResults::Calendar(VisibleRange { whole, week })
        }
    })
}

/// The screen.
#[component]
pub fn MaintenanceScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    provide_clock();
    let query = use_query_map();
    let layout = Memo::new(move |_| Layout::read(query.read().get_str("view")));
    let tab = Memo::new(move |_| Tab::read(query.read().get_str("state")));
    let filter = Filter::new(tab);
    let wanted = Memo::new(move |_| filter.wanted());
    // How many pages of which list: another list begins with its first.
    let unfolded = RwSignal::new((MaintenanceFilter::default(), 1_usize));
    let pages = Memo::new(move |_| {
        let wanted = wanted.read();
        unfolded.with(|(of, pages)| if *of == *wanted { *pages } else { 1 })
    });
    let asked = Memo::new(move |_| match layout.get() {
        Layout::List => MaintenanceQuery::List(wanted.get(), pages.get()),
        Layout::Month => MaintenanceQuery::Month(query.read().get_str("month").and_then(month)),
        Layout::Week => MaintenanceQuery::Week(query.read().get_str("day").and_then(day)),
    });
    let read = resource(
        move || {
            let topics = [Topic::Maintenance, Topic::Services, Topic::Organization];
            (organization.slug.get(), asked.get(), topics.map(|topic| live.changes(topic)))
        },
        |(slug, asked, _)| find(slug, asked),
    );
    let services = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Members)),
        |(slug, ..)| list_services(slug),
    );
    let more = Callback::new(move |()| unfolded.set((wanted.get_untracked(), pages.get_untracked() + 1)));
    let schedules = organization.may(Action::ReportIncidents);
    let navigate = use_navigate();
    on_key(move |key, event| {
        if key == "n" && schedules.get_untracked() {
            event.prevent_default();
            navigate(&untrack(|| organization.address("/maintenance/new")), Default::default());
        }
    });
    view! {
        <ScreenHead title="Maintenance">
            <Layouts layout />
            {move || schedules.get().then(|| view! {
                <LinkButton href=organization.address("/maintenance/new") variant=ButtonVariant::Primary icon=IconName::Plus shortcut="N">"Schedule maintenance"</LinkButton>
            })}
        </ScreenHead>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Loaded read services tab filter pages more />
        </Transition>
    }
}

#[component]
fn Loaded(
    read: Resource<Result<SearchResults>>,
    services: Resource<Result<ServiceList>>,
    tab: Memo<Tab>,
    filter: Filter,
    pages: Memo<usize>,
    more: Callback<()>,
) -> impl IntoView {
    let answer = move || match (read.get(), services.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err::<_, AppError>(error)),
        (Some(Ok(found)), Some(Ok(services))) => Some(Ok((found, services))),
        _ => None,
    };
    keep_last_good(
        answer,
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |both: Signal<(SearchResults, ServiceList)>| {
            let listed = Signal::from(Memo::new(move |_| match &both.read().0 {
                SearchResults::List(listed) => listed.clone(),
                SearchResults::Calendar(_) => Listed::default(),
            }));
            let shown = Signal::from(Memo::new(move |_| match &both.read().0 {
                SearchResults::List(_) => None,
                SearchResults::Calendar(shown) => Some(shown.clone()),
            }));
            let services = Signal::from(Memo::new(move |_| both.read().1.clone()));
            let is_list = Memo::new(move |_| matches!(both.read().0, SearchResults::List(_)));
            view! {
                {move || if is_list.get() {
                    view! { <List listed services tab filter pages more /> }.into_any()
                } else {
                    view! { <Calendar shown /> }.into_any()
                }}
            }
            .into_any()
        },
    )
}

#[component]
fn List(
    listed: Signal<Listed>,
    services: Signal<ServiceList>,
    tab: Memo<Tab>,
    filter: Filter,
    pages: Memo<usize>,
    more: Callback<()>,
) -> impl IntoView {
    let counts = Signal::derive(move || {
        let listed = listed.read();
        (listed.page.upcoming, listed.page.past)
    });
    let ids = Memo::new(move |_| {
        listed.read().page.maintenance.iter().map(|maintenance| maintenance.id.clone()).collect::<Vec<_>>()
    });
    let follows = Memo::new(move |_| listed.read().page.more);
    let pending = Signal::derive(move || pages.get() > listed.read().pages);
    let search = NodeRef::<html::Input>::new();
    let current = RwSignal::new(None::<MaintenanceId>);
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
                label="Maintenance"
                head=|| view! {
                    <th scope="col" class=HEAD_CELL>"Maintenance"</th>
                    <th scope="col" class=HEAD_CELL>"Status"</th>
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Window"</th>
                }
            >
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <Row id listed current />
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
    let schedules = organization.may(Action::ReportIncidents);
    let schedule = move || {
        schedules.get().then(|| {
            view! { <LinkButton href=organization.address("/maintenance/new") icon=IconName::Plus>"Schedule maintenance"</LinkButton> }
        })
    };
    move || {
        match (tab.get(), counts.get()) {
        _ if filter.is_narrow() => view! {
            <EmptyState icon=IconName::Search title="No matching maintenance" text="Try a different search or filter.">
                <Button on:click=move |_| filter.clear()>"Clear filters"</Button>
            </EmptyState>
        }
        .into_any(),
        (_, (0, 0)) => view! {
            <EmptyState icon=IconName::Wrench title="No maintenance yet" text="Tell customers about planned work in advance. Pick services and a time window; Candor starts and ends it for you.">
                {schedule}
            </EmptyState>
        }
        .into_any(),
        (Tab::Upcoming, _) => view! {
            <EmptyState icon=IconName::Calendar title="No upcoming maintenance" text="Past maintenance is under Past.">
                {schedule}
            </EmptyState>
        }
        .into_any(),
        (Tab::Past, _) => view! {
            <EmptyState icon=IconName::Clock title="No past maintenance yet" text="Maintenance moves here once it’s completed or cancelled." />
        }
        .into_any(),
    }
    }
}

/// Keys of the list: filter, move, open.
fn list_keys(ids: Memo<Vec<MaintenanceId>>, current: RwSignal<Option<MaintenanceId>>, search: NodeRef<html::Input>) {
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
                navigate(&untrack(|| organization.address(&format!("/maintenance/{id}"))), Default::default());
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

fn show_row(id: &MaintenanceId) {
    if let Some(row) = document().get_element_by_id(&format!("maintenance-{id}")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

#[component]
fn Row(id: MaintenanceId, listed: Signal<Listed>, current: RwSignal<Option<MaintenanceId>>) -> impl IntoView {
    let organization = Organization::get();
    let (row, address) = (format!("maintenance-{id}"), format!("/maintenance/{id}"));
    let id = StoredValue::new(id);
    // A row whose maintenance is gone is about to go too.
    let maintenance = Memo::new(move |_| {
        id.with_value(|id| listed.read().page.maintenance.iter().find(|other| other.id == *id).cloned())
    });
    let window = Memo::new(move |_| {
        let words = id.with_value(|id| {
            listed.read().windows.iter().find(|window| window.id == *id).map(|window| window.words.clone())
        });
        words.unwrap_or_default()
    });
    let status = Signal::derive(move || {
        maintenance.read().as_ref().map_or(MaintenanceStatus::Scheduled, |maintenance| maintenance.status)
    });
    let moments = Signal::derive(move || maintenance.read().as_ref().map(Moments::from));
    let title = move || maintenance.read().as_ref().map(|maintenance| maintenance.title.clone());
    let services = move || {
        let names = maintenance.read().as_ref().map(|maintenance| named(&maintenance.services, 3));
        names.filter(|names| !names.is_empty())
    };
    let repeats = move || maintenance.read().as_ref().is_some_and(|maintenance| maintenance.series_id.is_some());
    let is_current = move || id.with_value(|id| current.read().as_ref() == Some(id));
    view! {
        <tr
            id=row
            class=ROW
            class=("outline-2", is_current)
            class=("-outline-offset-2", is_current)
            class=("outline-ring", is_current)
        >
            <td class=format!("{CELL} w-full min-w-40")>
                <div class="flex min-w-0 flex-col">
                    <span class="flex flex-wrap items-center gap-x-2">
                        <A href=move || organization.address(&address) attr:class="font-medium wrap-anywhere hover:underline">{title}</A>
                        {move || repeats().then(|| view! { <SeriesMark /> })}
                    </span>
                    {move || services().map(|names| view! { <span class="text-xs wrap-anywhere text-muted-foreground">{names}</span> })}
                    <span class="flex flex-wrap gap-x-2 text-xs text-muted-foreground sm:hidden">
                        <span class="tabular-nums">{move || window.get()}</span>
                        <Countdown moments />
                    </span>
                </div>
            </td>
            <td class=CELL><MaintenanceBadge status /></td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY}")>
                <div class="flex flex-col">
                    <span class="text-foreground tabular-nums xl:whitespace-nowrap">{move || window.get()}</span>
                    <span class="text-xs"><Countdown moments /></span>
                </div>
            </td>
        </tr>
    }
}
