//! What was learned: a draft, then for everybody.

use super::{
    marks::Prose,
    message::{MessageField, sends},
};
use crate::{
    dashboard::{frame::Organization, live::use_live, time::Ago},
    domain::{
        error::AppError,
        incident::{IncidentDetail, Postmortem},
    },
    rpc::incidents::save_postmortem,
    ui::*,
};
use leptos::{ev, prelude::*, task::spawn_local};

/// What somebody is writing; it outlives what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct PostmortemDraft {
    writes: RwSignal<bool>,
    text: RwSignal<String>,
}

impl PostmortemDraft {
    /// An empty one.
    pub fn begin() -> Self {
        Self { writes: RwSignal::new(false), text: RwSignal::new(String::new()) }
    }
}

/// The postmortem of an incident that is over.
#[component]
pub fn PostmortemSection(
    /// The incident.
    detail: Signal<IncidentDetail>,
    /// What is being written.
    draft: PostmortemDraft,
    /// Whether somebody may write it.
    may: Memo<bool>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let is_over = Memo::new(move |_| !detail.read().incident.is_open());
    let kept = Memo::new(move |_| detail.read().postmortem.clone());
    let writes = Memo::new(move |_| draft.writes.get() && may.get());
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let save = move |text: String, published: bool, words: &'static str| {
        if pending.get_untracked() {
            return;
        }
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.incident.id.clone()));
        pending.set(true);
        spawn_local(async move {
            match save_postmortem(slug, id, text.clone(), published).await {
                Ok(()) => {
                    refused.try_set(None);
                    // What was typed meanwhile stays.
                    if draft.text.try_get_untracked().is_none_or(|now| now == text) {
                        draft.text.try_set(String::new());
                        draft.writes.try_set(false);
                    }
                    toasts.success(words);
                    live.refresh();
                }
                Err(error) => {
                    // Beside the field where there is one, else in the corner.
                    if draft.writes.try_get_untracked() != Some(true) {
                        toasts.error(error.to_string());
                    }
                    refused.try_set(Some(error));
                }
            }
            pending.try_set(false);
        });
    };
    // One for both buttons: where one takes the place of the other, it keeps what the first one did.
    let publish_or_not = move |_| {
        if let Some(Postmortem { body, published_at, .. }) = kept.get_untracked() {
            let words = if published_at.is_some() { "Postmortem unpublished" } else { "Postmortem published" };
            save(body, published_at.is_none(), words);
        }
    };
    let write = move || {
        if draft.text.read_untracked().is_empty() {
            draft.text.set(kept.get_untracked().map(|kept| kept.body).unwrap_or_default());
        }
        refused.set(None);
        draft.writes.set(true);
    };
    view! {
        <Show when=move || writes.get() || kept.read().is_some() || (is_over.get() && may.get())>
            <section class="grid min-w-0 gap-3" aria-labelledby="postmortem">
                <h2 id="postmortem" class="font-semibold">"Postmortem"</h2>
                {move || {
                    if writes.get() {
                        return view! { <Writing draft kept is_over pending refused save=Callback::new(move |(text, published, words)| save(text, published, words)) /> }.into_any();
                    }
                    match kept.get() {
                        None => view! {
                            <div class="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-border px-4 py-3">
                                <p class="text-13 text-muted-foreground">"What happened, why, and what you’ll do about it. Drafts are visible to members only."</p>
                                <Button icon=IconName::Pencil on:click=move |_| write()>"Write postmortem"</Button>
                            </div>
                        }.into_any(),
                        Some(Postmortem { html, published_at, .. }) => {
                            view! {
                                <div class="grid min-w-0 gap-3 rounded-lg border border-border p-4">
                                    <div class="flex flex-wrap items-center justify-between gap-2">
                                        {match published_at {
                                            Some(at) => view! {
                                                <span class="flex flex-wrap items-center gap-2 text-xs text-muted-foreground"><Badge tone=Tone::Green>"Published"</Badge> <Ago at /></span>
                                            }.into_any(),
                                            None => view! { <Badge>"Draft"</Badge> }.into_any(),
                                        }}
                                        {move || may.get().then(|| view! {
                                            <span class="flex flex-wrap gap-2">
                                                <Button size=ButtonSize::Small icon=IconName::Pencil aria_label="Edit postmortem" on:click=move |_| write()>"Edit"</Button>
                                                {if published_at.is_some() {
                                                    view! {
                                                        <Button size=ButtonSize::Small pending on:click=publish_or_not>"Unpublish"</Button>
                                                    }.into_any()
                                                } else {
                                                    view! {
                                                        <Button
                                                            size=ButtonSize::Small
                                                            pending
                                                            disabled=Signal::derive(move || !is_over.get())
                                                            on:click=publish_or_not
                                                        >"Publish"</Button>
                                                    }.into_any()
                                                }}
                                            </span>
                                        })}
                                    </div>
                                    <Prose html />
                                </div>
                            }.into_any()
                        }
                    }
                }}
            </section>
        </Show>
    }
}

#[component]
fn Writing(
    draft: PostmortemDraft,
    kept: Memo<Option<Postmortem>>,
    is_over: Memo<bool>,
    pending: RwSignal<bool>,
    refused: RwSignal<Option<AppError>>,
    save: Callback<(String, bool, &'static str)>,
) -> impl IntoView {
    let is_published = Memo::new(move |_| kept.read().as_ref().is_some_and(|kept| kept.published_at.is_some()));
    let keep = move || {
        let (text, published) = (draft.text.get_untracked(), is_published.get_untracked());
        save.run((text, published, if published { "Postmortem saved" } else { "Draft saved" }));
    };
    let publish = move |_| save.run((draft.text.get_untracked(), true, "Postmortem published"));
    view! {
        <form
            class="grid min-w-0 gap-4 rounded-lg border border-border p-4"
            aria-label="Postmortem"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                keep();
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    keep();
                }
            }
        >
            <FormError message=Signal::derive(move || refused.get().and_then(|error| error.beside(&["body"]))) />
            <MessageField
                label="Lessons learned"
                id="postmortem-body"
                value=draft.text
                rows=10
                error=Signal::derive(move || refused.get().and_then(|error| error.on("body")))
            />
            <div class="flex flex-wrap gap-2">
                <Button submit=true pending>{move || if is_published.get() { "Save changes" } else { "Save draft" }}</Button>
                <Show when=move || !is_published.get() && is_over.get()>
                    <Button variant=ButtonVariant::Primary pending on:click=publish>"Publish"</Button>
                </Show>
                <Button variant=ButtonVariant::Ghost on:click=move |_| draft.writes.set(false)>"Close"</Button>
            </div>
        </form>
    }
}
