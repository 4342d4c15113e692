//! Uptime as bars: what is missing to 100 % hangs from above, so that a short outage is seen.

use crate::{
    dashboard::{frame::Organization, services::status_tone},
    domain::{
        report::{DayBar, MonthBar, day_in_words, month_in_words},
        status::ServiceStatus,
        uptime::Tally,
    },
    ui::{StatusDot, Tone},
};
use leptos::prelude::*;

/// How high a bar is, in the units of the drawing. It has whole units only, so that the server and the
/// browser write the same.
const HEIGHT: u32 = 1_000;
/// How much of it an outage takes up at least, however short it was.
const LEAST: u32 = 40;
/// How wide the place of a bar is.
const PLACE: usize = 10;
/// With more bars than these there is no room between them.
const MAX_SINGLE_DAYS: usize = 100;
/// With more bars than these only the first and the last are named.
const MAX_NAMED: usize = 12;

/// One day or one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// When, in words.
    pub name: String,
    /// The same where there is little room.
    pub short: String,
    /// What it had.
    pub tally: Tally,
    /// How many incidents were open then.
    pub incidents: usize,
}

impl From<&DayBar> for Bar {
    fn from(day: &DayBar) -> Self {
        let name = day_in_words(&day.date);
        Self { short: name.clone(), name, tally: day.tally, incidents: day.incidents.len() }
    }
}

impl From<&MonthBar> for Bar {
    fn from(month: &MonthBar) -> Self {
        let name = month_in_words(&month.month);
        let short = name.split(' ').next().unwrap_or_default().to_owned();
        Self { short, name, tally: month.tally, incidents: month.incidents.count }
    }
}

impl Bar {
    /// What is read on the bar.
    fn told(&self) -> String {
        let uptime = self.tally.in_words();
        match self.incidents {
            0 => format!("{}: {uptime}", self.name),
            1 => format!("{}: {uptime}, 1 incident", self.name),
            many => format!("{}: {uptime}, {many} incidents", self.name),
        }
    }
}

/// Where the axis begins: the whole percent at or below the lowest bar, at most 99.
fn floor(bars: &[Bar]) -> u32 {
    bars.iter().filter_map(|bar| bar.tally.basis_points()).min().map_or(99, |points| (points / 100).min(99))
}

/// How much of a bar is missing to 100 %, in units; `None` without data.
fn missing(tally: &Tally, floor: u32) -> Option<u32> {
    let down = 10_000_u32.saturating_sub(tally.basis_points()?);
    let whole = (100 - floor.min(99)) * 100;
    Some(if down == 0 { 0 } else { (down.min(whole) * HEIGHT / whole).max(LEAST) })
}

/// The words of the axis, from above.
fn axis(floor: u32) -> [String; 3] {
    let middle = 100 + floor;
    let half = if middle.is_multiple_of(2) { "" } else { ".5" };
    ["100%".to_owned(), format!("{}{half}%", middle / 2), format!("{floor}%")]
}

/// What the bars show, in words.
fn described(bars: &[Bar]) -> String {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return String::new() };
    let lowest =
        bars.iter().filter(|bar| bar.tally.basis_points().is_some()).min_by_key(|bar| bar.tally.basis_points());
    let lowest = match lowest {
        None => "No data yet.".to_owned(),
        Some(bar) if bar.tally.basis_points() == Some(10_000) => "No downtime.".to_owned(),
        Some(bar) => format!("Lowest: {} ({}).", bar.tally.in_words(), bar.name),
    };
    format!("{} to {}. {lowest} Axis starts at {}%.", first.name, last.name, floor(bars))
}

const fn fill(status: ServiceStatus) -> &'static str {
    match status_tone(status) {
        Tone::Green => "fill-status-green",
        Tone::Blue => "fill-status-blue",
        Tone::Yellow => "fill-status-yellow",
        Tone::Orange => "fill-status-orange",
        _ => "fill-status-red",
    }
}

/// The colours of the part that is up and of the part that is missing.
const fn fills(tally: &Tally) -> (&'static str, &'static str) {
    let up = if tally.degraded > 0 {
        ServiceStatus::DegradedPerformance
    } else if tally.maintenance > 0 {
        ServiceStatus::UnderMaintenance
    } else {
        ServiceStatus::Operational
    };
    let down = if tally.major > 0 { ServiceStatus::MajorOutage } else { ServiceStatus::PartialOutage };
    (fill(up), fill(down))
}

/// The bars with their axis, what they show in words, and a dot below each that had an incident.
///
/// The numbers stand in a table behind it, which is the caller's.
#[component]
pub fn BarChart(
    /// Begins the ids of its parts; the heading above it is called `{id}-title`.
    id: &'static str,
    /// Oldest first.
    bars: Signal<Vec<Bar>>,
) -> impl IntoView {
    let (title, words) = (format!("{id}-title"), format!("{id}-words"));
    let described_by = words.clone();
    view! {
        <div class="grid gap-3 p-4">
            <p id=words class="text-13 text-muted-foreground">{move || described(&bars.read())}</p>
            <div class="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 gap-y-1 text-xs text-muted-foreground">
                <div class="-my-2 flex flex-col justify-between text-right tabular-nums" aria-hidden="true">
                    {move || axis(floor(&bars.read())).into_iter().map(|label| view! { <span>{label}</span> }).collect_view()}
                </div>
                {move || {
                    let bars = bars.read();
                    let wide = bars.len().max(1) * PLACE;
                    let floor = floor(&bars);
                    let drawn: Vec<_> = bars.iter().enumerate().map(|(place, bar)| drawn(bar, place, bars.len(), floor)).collect();
                    view! {
                        <svg
                            viewBox=format!("0 0 {wide} {HEIGHT}")
                            preserveAspectRatio="none"
                            class="block h-36 w-full"
                            role="img"
                            aria-labelledby=title.clone()
                            aria-describedby=described_by.clone()
                        >
                            {drawn}
                        </svg>
                    }
                }}
                <span aria-hidden="true"></span>
                {move || {
                    let bars = bars.read();
                    let wide = bars.len().max(1) * PLACE;
                    view! {
                        <svg viewBox=format!("0 0 {wide} {PLACE}") preserveAspectRatio="none" class="block h-2 w-full overflow-visible stroke-foreground" aria-hidden="true">
                            <path d=dots(&bars) fill="none" stroke-width="5" stroke-linecap="round" vector-effect="non-scaling-stroke" />
                        </svg>
                    }
                }}
                <span aria-hidden="true"></span>
                <div class="flex justify-between" aria-hidden="true">{move || names(&bars.read())}</div>
            </div>
            <Legend />
        </div>
    }
}

fn drawn(bar: &Bar, place: usize, of: usize, floor: u32) -> impl IntoView + use<> {
    let apart = if of > MAX_SINGLE_DAYS { 0 } else { 1 };
    let (x, width) = ((place * PLACE + apart).to_string(), (PLACE - 2 * apart).to_string());
    let piece = |y: u32, height: u32, class: &'static str| {
        let (x, width) = (x.clone(), width.clone());
        view! { <rect x=x y=y.to_string() width=width height=height.to_string() class=class /> }
    };
    let (up, down) = fills(&bar.tally);
    let pieces = match missing(&bar.tally, floor) {
        None => vec![piece(0, HEIGHT, "fill-border")],
        Some(0) => vec![piece(0, HEIGHT, up)],
        Some(missing) => vec![piece(missing, HEIGHT - missing, up), piece(0, missing, down)],
    };
    let told = bar.told();
    view! { <g><title>{told}</title>{pieces}</g> }
}

/// A dot for each bar that had an incident: a line of no length with round ends, which keeps its shape
/// however wide the drawing becomes.
fn dots(bars: &[Bar]) -> String {
    let places = bars.iter().enumerate().filter(|(_, bar)| bar.incidents > 0).map(|(place, _)| place);
    places.map(|place| format!("M{} {}h0.01", place * PLACE + PLACE / 2, PLACE / 2)).collect()
}

/// What stands below the bars: each one's name, or the first and the last.
fn names(bars: &[Bar]) -> AnyView {
    if bars.len() <= MAX_NAMED {
        return bars
            .iter()
            .map(|bar| view! { <span class="min-w-0 flex-1 text-center whitespace-nowrap max-sm:even:invisible">{bar.short.clone()}</span> })
            .collect_view()
            .into_any();
    }
    let ends = [bars.first(), bars.last()].into_iter().flatten();
    ends.map(|bar| view! { <span>{bar.short.clone()}</span> }).collect_view().into_any()
}

/// What the colours mean.
#[component]
fn Legend() -> impl IntoView {
    let organization = Organization::get();
    view! {
        <ul class="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted-foreground" role="list" aria-label="Legend">
            {ServiceStatus::MENU.into_iter().map(|status| view! {
                <li class="inline-flex items-center gap-1.5"><StatusDot tone=status_tone(status) /><span>{move || organization.label(status)}</span></li>
            }).collect_view()}
            <li class="inline-flex items-center gap-1.5"><span class="size-2 rounded-full bg-border" aria-hidden="true"></span>"No data"</li>
            <li class="inline-flex items-center gap-1.5"><span class="size-1.5 rounded-full bg-foreground" aria-hidden="true"></span>"Incident"</li>
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn bar(name: &str, tally: Tally) -> Bar {
        Bar { name: name.to_owned(), short: name.to_owned(), tally, incidents: 0 }
    }

    fn down(major: i64) -> Tally {
        Tally { observed: 24 * HOUR, major, ..Tally::default() }
    }

    #[test]
    fn the_axis_begins_where_the_lowest_bar_is() {
        let none = bar("1 Nov 2026", Tally::default());
        let all = [none.clone(), bar("2 Nov 2026", down(0)), bar("3 Nov 2026", down(HOUR))];
        assert_eq!((floor(&[]), floor(&all[..1]), floor(&all[..2]), floor(&all)), (99, 99, 99, 95));
        assert_eq!(floor(&[bar("4 Nov 2026", down(24 * HOUR))]), 0);
        assert_eq!(
            (axis(95), axis(99)[1].as_str(), axis(0)[1].as_str()),
            (["100%", "97.5%", "95%"].map(str::to_owned), "99.5%", "50%")
        );
        assert_eq!(described(&all), "1 Nov 2026 to 3 Nov 2026. Lowest: 95.83% (3 Nov 2026). Axis starts at 95%.");
        assert_eq!(described(&all[..2]), "1 Nov 2026 to 2 Nov 2026. No downtime. Axis starts at 99%.");
        assert_eq!(described(&[none]), "1 Nov 2026 to 1 Nov 2026. No data yet. Axis starts at 99%.");
    }

    #[test]
    fn what_is_missing_can_be_seen() {
        assert_eq!((missing(&Tally::default(), 95), missing(&down(0), 95)), (None, Some(0)));
        // 4.17 of 5 percent.
        assert_eq!(missing(&down(HOUR), 95), Some(834));
        assert_eq!(missing(&down(24 * HOUR), 0), Some(HEIGHT));
        assert_eq!(missing(&down(1), 0), Some(LEAST), "however short");
    }

    #[test]
    fn dots_stand_below_what_had_incidents() {
        let with = |incidents| Bar { incidents, ..bar("Nov", down(0)) };
        assert_eq!(dots(&[with(0), with(2), with(1)]), "M15 5h0.01M25 5h0.01");
        assert_eq!((with(0).told(), with(1).told()), ("Nov: 100%".to_owned(), "Nov: 100%, 1 incident".to_owned()));
    }
}
