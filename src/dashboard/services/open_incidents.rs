//! What is wrong now, above the list of services.

use crate::{
    dashboard::{
        frame::Organization,
        incidents::{impact_icon, impact_tone, may_change},
        shortcuts::on_key,
        time::Lasting,
    },
    domain::{
        error::Result,
        incident::{Incident, IncidentFilter, IncidentPage},
        role::Action,
        status::Impact,
    },
    rpc::incidents::list_incidents,
    ui::*,
};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_navigate};

/// Incidents that are named before it is said how many more there are.
const MAX_SHOWN: usize = 3;

/// The incidents that are open, latest first.
pub async fn read_open(slug: String) -> Result<IncidentPage> {
    list_incidents(slug, IncidentFilter { state: "active".to_owned(), ..IncidentFilter::default() }).await
}

/// Where an update of an incident is written at once.
fn place_to_write(incident: &Incident) -> String {
    format!("/incidents/{}?do=update", incident.id)
}

/// The open incidents; nothing where there is none. A key leads to the message of the latest.
#[component]
pub fn OpenIncidents(
    /// Those that are open.
    open: Signal<IncidentPage>,
) -> impl IntoView {
    let organization = Organization::get();
    let shown = Memo::new(move |_| open.read().incidents.iter().take(MAX_SHOWN).cloned().collect::<Vec<Incident>>());
    let more =
        Memo::new(move |_| usize::try_from(open.read().active).unwrap_or_default().saturating_sub(shown.read().len()));
    let may = move |incident: &Incident| may_change(&organization.frame.read(), Action::ReportIncidents, incident);
    let first = Memo::new(move |_| shown.read().iter().find(|incident| may(incident)).cloned());
    let navigate = use_navigate();
    on_key(move |key, event| {
        let Some(incident) = first.get_untracked().filter(|_| key == "u") else { return };
        event.prevent_default();
        navigate(&untrack(|| organization.address(&place_to_write(&incident))), Default::default());
    });
    move || {
        let incidents = shown.get();
        let worst = incidents.iter().map(|incident| incident.impact).max().unwrap_or(Impact::None);
        let first = first.get().map(|incident| incident.id);
        (!incidents.is_empty()).then(|| {
            let rows = incidents
                .into_iter()
                .map(|incident| {
                    let (may, has_key) = (may(&incident), first.as_ref() == Some(&incident.id));
                    row(organization, incident, may, has_key)
                })
                .collect_view();
            view! {
                <section class="px-4 pb-2.5" aria-label="Active incidents">
                    <ul class=format!("divide-y divide-border rounded-lg border text-13 text-foreground {}", impact_tone(worst).surface()) role="list">
                        {rows}
                        {(more.get() > 0).then(|| view! {
                            <li class="px-3 py-2 text-xs">
                                <A href=move || organization.address("/incidents") attr:class="underline">{format!("and {} more", more.get())}</A>
                            </li>
                        })}
                    </ul>
                </section>
            }
        })
    }
}

fn row(organization: Organization, incident: Incident, may: bool, has_key: bool) -> AnyView {
    let (address, place) = (format!("/incidents/{}", incident.id), place_to_write(&incident));
    let Incident { title, status, impact, started_at, .. } = incident;
    let label = format!("Post update: {title}");
    let href = Signal::derive(move || organization.address(&place));
    let post = match (may, has_key) {
        (false, _) => ().into_any(),
        (true, true) => {
            view! { <LinkButton href size=ButtonSize::Small shortcut="U" aria_label=label>"Post update"</LinkButton> }
                .into_any()
        }
        (true, false) => {
            view! { <LinkButton href size=ButtonSize::Small aria_label=label>"Post update"</LinkButton> }.into_any()
        }
    };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2">
            <span class="flex min-w-0 flex-1 basis-48 items-start gap-2.5">
                <span class="mt-0.5 inline-flex"><ToneIcon tone=impact_tone(impact) icon=impact_icon(impact) /></span>
                <span class="flex min-w-0 flex-wrap gap-x-1.5">
                    <A href=move || organization.address(&address) attr:class="min-w-0 font-semibold wrap-anywhere hover:underline">{title}</A>
                    <span>"· " {status.label()} " · " <Lasting since=started_at /></span>
                </span>
            </span>
            {post}
        </li>
    }
    .into_any()
}
