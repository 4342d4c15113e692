//! `/dashboard/{organization}/audit`: who did what, when, from where.

use super::{
    frame::{Organization, ScreenHead},
    query::escaped,
    states::failed,
};
use crate::rpc::resource;
use crate::{
    domain::{
        audit::{AuditFilter, AuditLine, NOUNS, action_in_words},
        error::AppError,
    },
    rpc::organizations::read_audit,
    ui::*,
};
use leptos::{leptos_dom::helpers::debounce, prelude::*};
use std::time::Duration;

/// The screen.
#[component]
pub fn AuditScreen() -> impl IntoView {
    let organization = Organization::get();
    let (words, noun) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // What is asked for: follows the typing after a pause.
    let asked = RwSignal::new(String::new());
    let mut ask = debounce(Duration::from_millis(250), move |text: String| asked.set(text));
    Effect::new(move || ask(words.get()));
    let older = RwSignal::new(None);
    let filter = move || AuditFilter { words: asked.get(), noun: noun.get(), before: older.get() };
    let read = resource(move || (organization.slug.get(), filter()), |(slug, filter)| read_audit(slug, filter));
    let items = Signal::derive(move || {
        NOUNS
            .iter()
            .map(|(id, label)| MenuItem { checked: noun.get() == *id, ..MenuItem::new(*id, *label) })
            .collect::<Vec<_>>()
    });
    let shown = move || NOUNS.iter().find(|(id, _)| *id == noun.get()).map_or("All events", |(_, label)| *label);
    let export = Signal::derive(move || {
        organization.address(&format!("/audit.csv?noun={}&words={}", noun.get(), escaped(asked.get().trim())))
    });
    view! {
        <ScreenHead title="Audit log">
            <LinkButton href=export external=true icon=IconName::Download>"Export CSV"</LinkButton>
        </ScreenHead>
        <div class="flex flex-wrap items-center gap-2 px-4 py-2.5">
            <SearchField label="Search the log" placeholder="Search people or events" value=words on_input=move |text| { older.set(None); words.set(text) } class="w-64 max-sm:w-full" />
            <Menu
                label=Signal::derive(move || format!("Filter by type: {}", shown()))
                trigger=move || view! { {shown} <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                items
                on_select=move |id: String| { older.set(None); noun.set(id) }
            />
        </div>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            {move || read.get().map(|read| match read {
                Err(error) => refused(error),
                Ok(page) if page.lines.is_empty() => view! {
                    <EmptyState icon=IconName::Search title="No results" text="Nothing matches your search.">
                        <Button on:click=move |_| { words.set(String::new()); noun.set(String::new()); older.set(None) }>"Clear filters"</Button>
                    </EmptyState>
                }.into_any(),
                Ok(page) => {
                    let last = page.lines.last().map(|line| (line.at, line.id.clone()));
                    let more = page.more;
                    view! {
                        <Table
                            label="Audit log"
                            read_only=true
                            head=|| view! {
                                <th scope="col" class=HEAD_CELL>"When"</th>
                                <th scope="col" class=HEAD_CELL>"Who"</th>
                                <th scope="col" class=HEAD_CELL>"Event"</th>
                                <th scope="col" class=HEAD_CELL>"Changes"</th>
                                <th scope="col" class=HEAD_CELL>"Source"</th>
                            }
                        >
                            {page.lines.into_iter().map(|line| view! { <Line line /> }).collect_view()}
                        </Table>
                        <div class="flex gap-2 p-4">
                            {move || older.read().is_some().then(|| view! { <Button on:click=move |_| older.set(None)>"Newest"</Button> })}
                            {more.then(|| view! { <Button on:click=move |_| older.set(last.clone())>"Older"</Button> })}
                        </div>
                    }.into_any()
                }
            })}
        </Transition>
    }
}

fn refused(error: AppError) -> AnyView {
    failed(error)
}

#[component]
fn Line(line: AuditLine) -> impl IntoView {
    let AuditLine { at, actor, door, address, action, subject, before, after, .. } = line;
    let change = match (before, after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(before), None) => format!("was {before}"),
        (None, Some(after)) => after,
        (None, None) => String::new(),
    };
    let from = match address {
        Some(address) => format!("{}, {address}", door.label()),
        None => door.label().to_owned(),
    };
    view! {
        <tr class=ROW>
            <td class=format!("{CELL_MUTED} whitespace-nowrap tabular-nums")><time datetime=at.rfc3339()>{at.in_words()}</time></td>
            <td class=format!("{CELL} whitespace-nowrap")>{actor}</td>
            <td class=CELL><span class="text-muted-foreground">{action_in_words(&action).to_owned()}</span> " " <span class="font-medium break-words">{subject}</span></td>
            <td class=format!("{CELL_MUTED} break-words")>{change}</td>
            <td class=format!("{CELL_MUTED} whitespace-nowrap")>{from}</td>
        </tr>
    }
}
