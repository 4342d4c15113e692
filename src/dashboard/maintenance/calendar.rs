//! A month or a week of maintenance: a table where there is room for one, on a phone a list of days.
//!
//! Everything here is made of what the server said about days, so that it is the same on both sides.

use super::{
    filter::TAB,
    marks::{status_icon, status_tone},
};
use crate::{
    dashboard::{frame::Organization, shortcuts::on_key},
    domain::{
        calendar::{
            CalendarDay, CalendarEntry, CalendarMonth, day_in_words, month_in_words, month_text, neighbour,
            week_beside, week_in_words,
        },
        maintenance::MaintenanceStatus,
        role::Action,
    },
    ui::*,
};
use chrono::{Datelike, NaiveDate};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};

/// Windows that a day of a month shows before it says how many more there are.
const MAX_SHOWN: usize = 3;

const STEP: &str = "inline-flex size-8 items-center justify-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground pointer-coarse:size-10";
const DAY: &str = "border border-border p-0 align-top first:border-l-0 last:border-r-0";
const ADD: &str = "flex min-h-6 flex-1 items-center justify-center rounded-md text-muted-foreground opacity-0 hover:bg-accent hover:opacity-100 focus-visible:opacity-100 pointer-coarse:min-h-9";

/// How maintenance is laid out on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Line by line.
    List,
    /// A month.
    Month,
    /// A week.
    Week,
}

impl Layout {
    /// In the order of the screen.
    const ALL: [Self; 3] = [Self::List, Self::Month, Self::Week];

    /// What the address says; without a word: the list.
    pub fn read(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|layout| Some(layout.word()) == word).unwrap_or(Self::List)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Month => "calendar",
            Self::Week => "week",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Month => "Month",
            Self::Week => "Week",
        }
    }
}

/// Leads from one layout to the others.
#[component]
pub fn Layouts(
    /// The one that is shown.
    layout: Memo<Layout>,
) -> impl IntoView {
    let organization = Organization::get();
    view! {
        <nav class="flex gap-1" aria-label="List or calendar">
            {Layout::ALL.into_iter().map(|this| view! {
                <a
                    href=move || organization.address(&format!("/maintenance?view={}", this.word()))
                    class=TAB
                    aria-current=move || (layout.get() == this).then_some("page")
                >
                    {this.label()}
                </a>
            }).collect_view()}
        </nav>
    }
}

/// What a calendar shows: a month, or one of its weeks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibleRange {
    /// The month, in whole weeks.
    pub whole: CalendarMonth,
    /// A day of the week that is shown alone.
    pub week: Option<NaiveDate>,
}

impl VisibleRange {
    /// The days of the week that is shown alone.
    fn days(&self) -> Option<&[CalendarDay]> {
        self.week.and_then(|day| self.whole.week_of(day))
    }

    /// Month or week in words.
    fn title(&self) -> String {
        match self.days() {
            Some([first, .., last]) => week_in_words(first.date, last.date),
            _ => month_in_words(self.whole.first),
        }
    }
}

/// Addresses around a calendar.
#[derive(Debug, Clone)]
struct Places {
    base: String,
    today: NaiveDate,
    reports: bool,
}

impl Places {
    fn month(&self, date: NaiveDate) -> String {
        format!("{}?view=calendar&month={}", self.base, month_text(date))
    }

    fn week(&self, date: NaiveDate) -> String {
        format!("{}?view=week&day={date}", self.base)
    }

    /// Where the calendar goes by one step.
    fn beside(&self, shown: &VisibleRange, after: bool) -> String {
        match shown.week {
            Some(day) => self.week(week_beside(day, after)),
            None => self.month(neighbour(shown.whole.first, after)),
        }
    }

    /// Where the present day is.
    fn present(&self, shown: &VisibleRange) -> String {
        let layout = if shown.week.is_some() { Layout::Week } else { Layout::Month };
        format!("{}?view={}", self.base, layout.word())
    }

    /// Where something is scheduled on a day, unless it is over.
    fn schedule(&self, day: &CalendarDay) -> Option<String> {
        (self.reports && day.date >= self.today).then(|| format!("{}/new?day={}", self.base, day.date))
    }
}

/// The calendar.
#[component]
pub fn Calendar(
    /// What it shows.
    shown: Signal<Option<VisibleRange>>,
) -> impl IntoView {
    let organization = Organization::get();
    let reports = organization.may(Action::ReportIncidents);
    let reports = Memo::new(move |_| reports.get());
    let places = move |shown: &VisibleRange| Places {
        base: organization.address("/maintenance"),
        today: shown.whole.today,
        reports: reports.get(),
    };
    let navigate = use_navigate();
    on_key(move |key, event| {
        let Some(shown) = shown.get_untracked() else { return };
        let places = untrack(|| places(&shown));
        let address = match key {
            "j" => places.beside(&shown, true),
            "k" => places.beside(&shown, false),
            "t" => places.present(&shown),
            _ => return,
        };
        event.prevent_default();
        navigate(&address, Default::default());
    });
    move || {
        shown.get().map(|shown| {
            let places = places(&shown);
            let body = match shown.days() {
                Some(days) => week(days, &shown, &places),
                None => month(&shown, &places),
            };
            view! {
                {bar(&shown, &places)}
                {body}
                {shown.whole.more.then(|| view! {
                    <p class="px-4 py-3 text-xs text-muted-foreground">"Some windows don’t fit in the calendar. Switch to the list to see them all."</p>
                })}
            }
        })
    }
}

/// Which days these are, and the way to others.
fn bar(shown: &VisibleRange, places: &Places) -> AnyView {
    let unit = if shown.week.is_some() { "week" } else { "month" };
    let zone = format!("Times in {}", shown.whole.zone);
    view! {
        <div class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
            <h2 class="text-sm font-semibold tracking-tight" aria-live="polite">{shown.title()}</h2>
            <p class="text-xs text-muted-foreground">{zone}</p>
            <nav class="ml-auto flex items-center gap-1" aria-label="Days">
                <a href=places.beside(shown, false) class=STEP aria-label=format!("Previous {unit}") aria-keyshortcuts="k">
                    <Icon name=IconName::ChevronLeft />
                </a>
                <a href=places.present(shown) class=TAB aria-keyshortcuts="t">"Today"</a>
                <a href=places.beside(shown, true) class=STEP aria-label=format!("Next {unit}") aria-keyshortcuts="j">
                    <Icon name=IconName::ChevronRight />
                </a>
            </nav>
        </div>
    }
    .into_any()
}

fn month(shown: &VisibleRange, places: &Places) -> AnyView {
    let title = shown.title();
    let weekdays = shown.whole.weeks.first().map(Vec::as_slice).unwrap_or_default();
    let head = weekdays.iter().map(|day| {
        view! {
            <th scope="col" class=HEAD_CELL>
                <span class="sr-only">{day.date.format("%A").to_string()}</span>
                <span aria-hidden="true">{day.date.format("%a").to_string()}</span>
            </th>
        }
    });
    let rows = shown.whole.weeks.iter().map(|week| {
        let cells = week.iter().map(|day| month_cell(day, places)).collect_view();
        view! { <tr>{cells}</tr> }
    });
    let busy: Vec<&CalendarDay> =
        shown.whole.weeks.iter().flatten().filter(|day| day.inside && !day.entries.is_empty()).collect();
    let agenda = if busy.is_empty() {
        view! { <p class="px-4 py-3 text-13 text-muted-foreground">{format!("No maintenance in {title}")}</p> }
            .into_any()
    } else {
        agenda(busy, places)
    };
    view! {
        <div class="relative overflow-x-auto max-md:hidden">
            <table class="w-full table-fixed border-collapse text-13" aria-label=title>
                <thead><tr>{head.collect_view()}</tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <div class="md:hidden">{agenda}</div>
    }
    .into_any()
}

fn month_cell(day: &CalendarDay, places: &Places) -> AnyView {
    let words = day_in_words(day.date);
    let more = day.entries.len().saturating_sub(MAX_SHOWN);
    let shade = if day.inside { DAY.to_owned() } else { format!("{DAY} bg-muted/50") };
    let number = match (day.is_today, day.inside) {
        (true, _) => {
            "inline-flex size-6 items-center justify-center rounded-full bg-primary font-semibold text-primary-foreground"
        }
        (_, true) => "inline-flex size-6 items-center justify-center",
        (_, false) => "inline-flex size-6 items-center justify-center text-muted-foreground",
    };
    view! {
        <td class=shade>
            <div class="flex min-h-28 min-w-0 flex-col gap-1 p-1">
                <time datetime=day.date.to_string() aria-current=day.is_today.then_some("date") class=format!("{number} text-xs")>
                    <span class="sr-only">{words.clone()}</span>
                    <span aria-hidden="true">{day.date.day().to_string()}</span>
                </time>
                {day.entries.iter().take(MAX_SHOWN).map(|entry| chip(entry, places)).collect_view()}
                {(more > 0).then(|| view! {
                    <a
                        href=places.week(day.date)
                        class="flex min-h-6 items-center rounded-md px-1.5 text-xs text-muted-foreground hover:bg-accent hover:text-foreground pointer-coarse:min-h-9"
                        aria-label=format!("+{more} more on {words}")
                    >
                        {format!("+{more} more")}
                    </a>
                })}
                {places.schedule(day).map(|address| add(address, &words))}
            </div>
        </td>
    }
    .into_any()
}

/// Schedules something on a day: seen when it is pointed at or has the focus.
fn add(address: String, day: &str) -> AnyView {
    view! {
        <a href=address class=ADD aria-label=format!("Schedule maintenance on {day}")>
            <Icon name=IconName::Plus class="size-3.5" />
        </a>
    }
    .into_any()
}

/// Status, services and what else only screen readers need to be told of a window on a day.
fn told(entry: &CalendarEntry) -> String {
    let services = entry.services.join(", ");
    let services = if services.is_empty() { services } else { format!(", {services}") };
    format!(", {}, {}{services}", entry.status.label(), entry.when())
}

const fn line(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Cancelled => "line-through",
        _ => "",
    }
}

/// A window in a day of a month.
fn chip(entry: &CalendarEntry, places: &Places) -> AnyView {
    let tone = status_tone(entry.status);
    let edges = match (entry.from_before, entry.goes_on) {
        (false, false) => "rounded-md",
        (true, false) => "rounded-r-md",
        (false, true) => "rounded-l-md",
        (true, true) => "",
    };
    let time = match (entry.from_before, entry.goes_on) {
        (false, _) => Some(entry.starts_at.clone()),
        (true, false) => Some(format!("until {}", entry.ends_at)),
        (true, true) => None,
    };
    let class = format!(
        "flex min-h-6 min-w-0 items-center gap-1 border px-1.5 text-xs hover:underline pointer-coarse:min-h-9 {edges} {} {}",
        tone.surface(),
        tone.text()
    );
    view! {
        <a href=format!("{}/{}", places.base, entry.id) class=class title=format!("{}{}", entry.title, told(entry))>
            {entry.from_before.then(|| view! { <Icon name=IconName::ChevronLeft class="size-3" /> })}
            <Icon name=status_icon(entry.status) class="size-3" />
            {time.map(|time| view! { <span class="whitespace-nowrap tabular-nums">{time}</span> })}
            <span class=format!("min-w-0 flex-1 truncate font-medium {}", line(entry.status))>{entry.title.clone()}</span>
            <span class="sr-only">{told(entry)}</span>
            {entry.goes_on.then(|| view! { <Icon name=IconName::ChevronRight class="size-3" /> })}
        </a>
    }
    .into_any()
}

fn week(days: &[CalendarDay], shown: &VisibleRange, places: &Places) -> AnyView {
    let head = days.iter().map(|day| {
        let today = if day.is_today { "rounded-md bg-primary px-1.5 py-0.5 text-primary-foreground" } else { "" };
        view! {
            <th scope="col" class=HEAD_CELL>
                <time datetime=day.date.to_string() aria-current=day.is_today.then_some("date") class=today>
                    <span class="sr-only">{day_in_words(day.date)}</span>
                    <span aria-hidden="true">{day.date.format("%a %-d").to_string()}</span>
                </time>
            </th>
        }
    });
    let cells = days.iter().map(|day| {
        view! {
            <td class=DAY>
                <div class="flex min-h-64 min-w-0 flex-col gap-1.5 p-1.5">
                    {day.entries.iter().map(|entry| card(entry, places)).collect_view()}
                    {places.schedule(day).map(|address| add(address, &day_in_words(day.date)))}
                </div>
            </td>
        }
    });
    view! {
        <div class="relative overflow-x-auto max-md:hidden">
            <table class="w-full table-fixed border-collapse text-13" aria-label=shown.title()>
                <thead><tr>{head.collect_view()}</tr></thead>
                <tbody><tr>{cells.collect_view()}</tr></tbody>
            </table>
        </div>
        <div class="md:hidden">{agenda(days.iter().collect(), places)}</div>
    }
    .into_any()
}

/// A window with everything that there is room for.
fn card(entry: &CalendarEntry, places: &Places) -> AnyView {
    let tone = status_tone(entry.status);
    let class =
        format!("grid min-w-0 gap-0.5 rounded-md border px-2 py-1.5 text-xs hover:underline {}", tone.surface());
    let services = entry.services.join(", ");
    view! {
        <a href=format!("{}/{}", places.base, entry.id) class=class>
            <span class=format!("text-13 font-medium wrap-anywhere text-foreground {}", line(entry.status))>{entry.title.clone()}</span>
            <span class="flex flex-wrap items-center gap-1 text-foreground tabular-nums">
                {entry.from_before.then(|| view! { <Icon name=IconName::ChevronLeft class="size-3" /> })}
                {entry.when()}
                {entry.goes_on.then(|| view! { <Icon name=IconName::ChevronRight class="size-3" /> })}
            </span>
            <span class=format!("flex items-center gap-1.5 {}", tone.text())>
                <Icon name=status_icon(entry.status) class="size-3" />
                {entry.status.label()}
            </span>
            {(!services.is_empty()).then(|| view! { <span class="wrap-anywhere text-muted-foreground">{services}</span> })}
        </a>
    }
    .into_any()
}

/// Days below each other.
fn agenda(days: Vec<&CalendarDay>, places: &Places) -> AnyView {
    let items = days.into_iter().map(|day| {
        let words = day_in_words(day.date);
        let is_empty = day.entries.is_empty();
        let schedule = places.schedule(day).map(|address| {
            view! {
                <a href=address class=STEP aria-label=format!("Schedule maintenance on {words}")>
                    <Icon name=IconName::Plus />
                </a>
            }
        });
        view! {
            <li class="grid gap-2 px-4 py-3">
                <div class="flex min-h-8 items-center gap-2">
                    <h3 class="text-13 font-semibold">
                        <time datetime=day.date.to_string() aria-current=day.is_today.then_some("date")>{words}</time>
                    </h3>
                    {day.is_today.then(|| view! { <Badge tone=Tone::Accent>"Today"</Badge> })}
                    <span class="ml-auto">{schedule}</span>
                </div>
                {is_empty.then(|| view! { <p class="text-13 text-muted-foreground">"No maintenance"</p> })}
                {day.entries.iter().map(|entry| card(entry, places)).collect_view()}
            </li>
        }
    });
    view! { <ol class="divide-y divide-border border-t border-border" role="list">{items.collect_view()}</ol> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{day, days};

    fn date(text: &str) -> NaiveDate {
        day(text).expect("a day")
    }

    fn shown(week: Option<&str>) -> VisibleRange {
        let first = date("2026-12-01");
        let days: Vec<CalendarDay> = days(first)
            .into_iter()
            .map(|date| CalendarDay { date, inside: true, is_today: false, entries: Vec::new() })
            .collect();
        let weeks = days.chunks(7).map(<[CalendarDay]>::to_vec).collect();
        let whole = CalendarMonth { first, today: date("2026-12-03"), zone: "UTC".to_owned(), weeks, more: false };
        VisibleRange { whole, week: week.map(date) }
    }

    fn places() -> Places {
        Places { base: "/m".to_owned(), today: date("2026-12-03"), reports: true }
    }

    #[test]
    fn addresses_name_a_layout() {
        assert_eq!(Layout::read(None), Layout::List);
        assert_eq!(Layout::read(Some("year")), Layout::List);
        for layout in Layout::ALL {
            assert_eq!(Layout::read(Some(layout.word())), layout);
        }
    }

    #[test]
    fn months_and_weeks_have_titles_and_neighbours() {
        let (month, week) = (shown(None), shown(Some("2026-12-01")));
        assert_eq!(
            (month.title().as_str(), week.title().as_str()),
            ("December 2026", "30 November to 6 December 2026")
        );
        assert_eq!(places().beside(&month, true), "/m?view=calendar&month=2027-01");
        assert_eq!(places().beside(&week, false), "/m?view=week&day=2026-11-24");
        let present = [places().present(&month), places().present(&week)];
        assert_eq!(present, ["/m?view=calendar", "/m?view=week"]);
    }

    #[test]
    fn nothing_is_scheduled_on_a_day_that_is_over() {
        let month = shown(None);
        let addresses: Vec<_> = month.whole.weeks[0].iter().filter_map(|day| places().schedule(day)).collect();
        assert_eq!(addresses.first().map(String::as_str), Some("/m/new?day=2026-12-03"));
        assert_eq!(addresses.len(), 4);
        let nobody = Places { reports: false, ..places() };
        assert!(month.whole.weeks[0].iter().all(|day| nobody.schedule(day).is_none()));
    }
}
