//! Incidents that belong together.

use super::marks::IncidentBadge;
use crate::{
    dashboard::{frame::Organization, live::use_live, time::Ago},
    domain::{
        ids::IncidentId,
        incident::{Incident, IncidentDetail, IncidentFilter, IncidentStatus},
    },
    rpc::incidents::{link_incidents, list_incidents},
    ui::*,
};
use leptos::{leptos_dom::helpers::debounce, prelude::*, task::spawn_local};
use leptos_router::components::A;
use std::time::Duration;

/// Most incidents to choose from at once.
const MAX_SHOWN: usize = 8;

/// Those that belong together with this one.
#[component]
pub fn Links(
    /// The incident.
    detail: Signal<IncidentDetail>,
    /// Whether somebody may change them.
    may: Memo<bool>,
    /// Opens the dialog that adds one.
    open: RwSignal<bool>,
) -> impl IntoView {
    let links = Memo::new(move |_| detail.read().links.clone());
    view! {
        <Show when=move || may.get() || !links.read().is_empty()>
            <Card
                title="Related incidents"
                flush=true
                actions=move || view! {
                    <Show when=move || may.get()>
                        <Button size=ButtonSize::Small icon=IconName::Plus aria_label="Link another incident" on:click=move |_| open.set(true)>"Link"</Button>
                    </Show>
                }
            >
                <ul class="divide-y divide-border text-13" role="list">
                    <For each=move || links.get() key=|link| link.clone() let:link>
                        <Row link detail may />
                    </For>
                </ul>
                <Show when=move || links.read().is_empty()>
                    <p class="p-4 text-13 text-muted-foreground">"No related incidents"</p>
                </Show>
            </Card>
        </Show>
    }
}

#[component]
fn Row(link: (IncidentId, String, IncidentStatus), detail: Signal<IncidentDetail>, may: Memo<bool>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let (other, title, status) = link;
    let address = format!("/incidents/{other}");
    let (other, called) = (StoredValue::new(other), StoredValue::new(title.clone()));
    let part = move |_| {
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.incident.id.clone()));
        let other = other.get_value();
        spawn_local(async move {
            match link_incidents(slug, id, other, false).await {
                Ok(()) => live.refresh(),
                Err(error) => toasts.error(error.to_string()),
            }
        });
    };
    view! {
        <li class="flex items-center justify-between gap-2 py-1.5 pr-2 pl-4">
            <span class="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
                <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{title}</A>
                <IncidentBadge status=Signal::stored(status) />
            </span>
            {move || may.get().then(|| view! {
                <IconButton label=format!("Unlink {}", called.get_value()) icon=IconName::X on:click=part />
            })}
        </li>
    }
}

/// Finds another incident, and links it.
#[component]
pub fn LinkDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The incident.
    detail: Signal<IncidentDetail>,
) -> impl IntoView {
    view! {
        <Dialog
            open
            title="Link another incident"
            description=Signal::stored(Some("They will link to each other, here and on the status page.".to_owned()))
        >
            <LinkSearch open detail />
        </Dialog>
    }
}

#[component]
fn LinkSearch(open: RwSignal<bool>, detail: Signal<IncidentDetail>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let words = RwSignal::new(String::new());
    let find = Action::new(move |words: &String| {
        let filter = IncidentFilter { words: words.trim().to_owned(), ..IncidentFilter::default() };
        list_incidents(organization.slug.get_untracked(), filter)
    });
    let mut ask = debounce(Duration::from_millis(250), move |text: String| {
        find.dispatch(text);
    });
    Effect::new(move || ask(words.get()));
    let found = Memo::new(move |_| {
        let page = find.value().get()?.ok()?;
        let detail = detail.read();
        let is_other = |incident: &Incident| {
            incident.id != detail.incident.id && detail.links.iter().all(|(id, ..)| *id != incident.id)
        };
        Some(page.incidents.into_iter().filter(is_other).take(MAX_SHOWN).collect::<Vec<_>>())
    });
    let error = Signal::derive(move || find.value().get().and_then(Result::err).map(|error| error.to_string()));
    let link = move |other: IncidentId| {
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.incident.id.clone()));
        spawn_local(async move {
            match link_incidents(slug, id, other, true).await {
                Ok(()) => {
                    open.try_set(false);
                    toasts.success("Incidents linked");
                    live.refresh();
                }
                Err(error) => toasts.error(error.to_string()),
            }
        });
    };
    view! {
        <div class="grid min-w-0 gap-3">
            <FormError message=error />
            <SearchField label="Search incidents" shortcut=None value=words on_input=move |text| words.set(text) class="sm:w-full" />
            {move || match found.get() {
                None => view! { <SkeletonRows n=3 /> }.into_any(),
                Some(found) if found.is_empty() => view! { <p class="text-13 text-muted-foreground" role="status">"No matching incidents"</p> }.into_any(),
                Some(found) => view! {
                    <ul class="grid min-w-0 gap-0.5" role="list" aria-label="Incidents">
                        {found.into_iter().map(|incident| {
                            let Incident { id, title, status, started_at, .. } = incident;
                            view! {
                                <li>
                                    <button type="button" class="menu-item cursor-pointer hover:bg-accent" on:click=move |_| link(id.clone())>
                                        <span class="min-w-0 flex-1 wrap-anywhere">{title}</span>
                                        <IncidentBadge status=Signal::stored(status) />
                                        <span class="text-xs text-muted-foreground"><Ago at=started_at /></span>
                                    </button>
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                }.into_any(),
            }}
        </div>
    }
}
