//! Posting an update, and what goes with it: starting, completing, calling off, another end.

use super::MaintenanceWithWindow;
use crate::{
    dashboard::{
        frame::Organization,
        incidents::{MessageField, sends, waits},
        live::use_live,
    },
    domain::{
        calendar::LocalWindow,
        error::AppError,
        ids::UpdateId,
        maintenance::{MaintenanceDetail, MaintenanceStatus, MaintenanceUpdateInput, may_become},
    },
    rpc::maintenance::{update_maintenance, window_end},
    ui::*,
};
use leptos::{ev, html, prelude::*, task::spawn_local};

const FIELDS: &[&str] = &["body", "starts_at", "ends_at"];

/// How much later an end can be moved by one press, in minutes.
const LATER: &[(i64, &str)] = &[(30, "+30 min"), (60, "+1 h")];

/// What somebody is writing about a maintenance.
#[derive(Debug, Clone, Copy)]
pub struct UpdateDraft {
    /// Which side of the message is seen.
    pub previews: RwSignal<bool>,
    body: RwSignal<String>,
    moves: RwSignal<bool>,
    ends_at: RwSignal<String>,
}

impl UpdateDraft {
    /// An empty one.
    pub fn begin() -> Self {
        Self {
            previews: RwSignal::new(false),
            body: RwSignal::new(String::new()),
            moves: RwSignal::new(false),
            ends_at: RwSignal::new(String::new()),
        }
    }

    /// Whether anything of it would be lost.
    fn is_begun(self) -> bool {
        !self.body.read().trim().is_empty() || self.moves.get()
    }

    fn input(self, act: ComposerAction, window: &LocalWindow, seen: i64) -> MaintenanceUpdateInput {
        let ends_at = self.ends_at.get_untracked();
        let moves = act == ComposerAction::Post && self.moves.get_untracked() && ends_at != window.ends_at;
        MaintenanceUpdateInput {
            status: act.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            body: self.body.get_untracked(),
            ends_at: if moves { ends_at } else { String::new() },
            seen: Some(seen),
        }
    }

    /// What was posted is done; what was written meanwhile stays.
    fn posted(self, input: &MaintenanceUpdateInput) {
        if self.body.try_get_untracked().is_some_and(|body| body == input.body) {
            self.body.set(String::new());
            self.previews.set(false);
        }
        self.moves.try_set(false);
    }
}

/// What a button of the form does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ComposerAction {
    /// Posts the message, and moves the end if another one is typed.
    Post,
    /// Brings it to a status.
    Become(MaintenanceStatus),
}

impl ComposerAction {
    const fn status(self) -> Option<MaintenanceStatus> {
        match self {
            Self::Post => None,
            Self::Become(status) => Some(status),
        }
    }

    /// What has happened when it is done.
    const fn done(self) -> &'static str {
        match self {
            Self::Post | Self::Become(MaintenanceStatus::Scheduled) => "Update posted",
            Self::Become(MaintenanceStatus::InProgress) => "Maintenance marked as in progress",
            Self::Become(MaintenanceStatus::Verifying) => "Maintenance marked as verifying",
            Self::Become(MaintenanceStatus::Completed) => "Maintenance completed",
            Self::Become(MaintenanceStatus::Cancelled) => "Maintenance cancelled",
        }
    }
}

/// The buttons that a status has, but for calling it off, which asks first.
const fn steps(status: MaintenanceStatus) -> &'static [(MaintenanceStatus, &'static str, IconName)] {
    match status {
        MaintenanceStatus::Scheduled => &[(MaintenanceStatus::InProgress, "Start now", IconName::Wrench)],
        MaintenanceStatus::InProgress => &[
            (MaintenanceStatus::Verifying, "Start verifying", IconName::Eye),
            (MaintenanceStatus::Completed, "Complete now", IconName::CheckCircle),
        ],
        MaintenanceStatus::Verifying => &[
            (MaintenanceStatus::InProgress, "Resume", IconName::RotateCcw),
            (MaintenanceStatus::Completed, "Complete now", IconName::CheckCircle),
        ],
        MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => &[],
    }
}

/// The state of the maintenance that somebody had before their eyes when they began to write.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenVersion {
    revision: i64,
    updates: Vec<UpdateId>,
}

impl SeenVersion {
    fn of(detail: &MaintenanceDetail) -> Self {
        let updates = detail.updates.iter().map(|update| update.id.clone()).collect();
        Self { revision: detail.maintenance.revision, updates }
    }

    /// What has happened since, in words.
    fn news(&self, detail: &MaintenanceDetail) -> Option<String> {
        if detail.maintenance.revision == self.revision {
            return None;
        }
        let new: Vec<String> = detail
            .updates
            .iter()
            .rev()
            .filter(|update| !self.updates.contains(&update.id))
            .map(|update| match (&update.by, update.status.label()) {
                (Some(by), label) => format!("{by} posted “{label}”"),
                (None, _) if update.status == MaintenanceStatus::InProgress => "It started automatically".to_owned(),
                (None, _) if update.status == MaintenanceStatus::Completed => "It completed automatically".to_owned(),
                (None, label) => format!("It changed to “{label}” automatically"),
            })
            .collect();
        Some(if new.is_empty() {
            "This maintenance changed while you were writing.".to_owned()
        } else {
            format!("{} while you were writing.", new.join(", "))
        })
    }
}

/// The form above the updates.
#[component]
pub fn Composer(
    /// The maintenance and its window.
    one: Signal<MaintenanceWithWindow>,
    /// What is being written.
    draft: UpdateDraft,
    /// The field of the message, which a key leads to.
    message: NodeRef<html::Textarea>,
    /// Reads the maintenance again.
    reread: Callback<()>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let now = Memo::new(move |_| one.read().0.maintenance.status);
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<(AppError, ComposerAction)>));
    let asks = RwSignal::new(false);
    let begun = Memo::new(move |_| draft.is_begun());
    let seen = RwSignal::new(None::<SeenVersion>);
    Effect::new(move || {
        if !begun.get() {
            seen.set(None);
        } else if seen.with_untracked(Option::is_none) {
            seen.set(Some(SeenVersion::of(&one.read_untracked().0)));
        }
    });
    let news = Memo::new(move |_| seen.read().as_ref().and_then(|seen| seen.news(&one.read().0)));
    let conflict = Memo::new(move |_| match refused.get() {
        Some((AppError::Conflict(words), act)) => Some((words, act)),
        _ => None,
    });
    let post = move |act: ComposerAction, anyway: bool| {
        if pending.get_untracked() {
            return;
        }
        let newest = one.with_untracked(|one| one.0.maintenance.revision);
        let known = seen.with_untracked(|seen| seen.as_ref().map_or(newest, |seen| seen.revision));
        let input = one.with_untracked(|(_, window)| draft.input(act, window, if anyway { newest } else { known }));
        let (slug, id) = (organization.slug.get_untracked(), one.with_untracked(|one| one.0.maintenance.id.clone()));
        pending.set(true);
        spawn_local(async move {
            match update_maintenance(slug, id, input.clone()).await {
                Ok(()) => {
                    refused.try_set(None);
                    draft.posted(&input);
                    seen.try_set(None);
                    toasts.success(if input.ends_at.is_empty() { act.done() } else { "End time updated" });
                    live.refresh();
                }
                Err(error) => {
                    if matches!(error, AppError::Conflict(_)) {
                        reread.try_run(());
                    }
                    refused.try_set(Some((error, act)));
                }
            }
            asks.try_set(false);
            pending.try_set(false);
        });
    };
    let error = Signal::derive(move || {
        refused.get().map(|(error, _)| error).filter(|error| !matches!(error, AppError::Conflict(_)))
    });
    let on = move |field: &'static str| Signal::derive(move || error.get().and_then(|error| error.on(field)));
    let moved = Memo::new(move |_| draft.moves.get() && *draft.ends_at.read() != one.read().1.ends_at);
    let move_end = move |_| {
        draft.ends_at.set(one.with_untracked(|(_, window)| window.ends_at.clone()));
        draft.moves.set(true);
    };
    let (is_over, waits_to_begin) =
        (Memo::new(move |_| now.get().is_over()), Memo::new(move |_| now.get() == MaintenanceStatus::Scheduled));
    let title = Signal::derive(move || format!("Cancel “{}”?", one.read().0.maintenance.title));
    view! {
        <form
            class="grid min-w-0 gap-4 rounded-xl border border-border bg-card p-4"
            aria-label="Post an update"
            novalidate=true
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                post(ComposerAction::Post, false);
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    post(ComposerAction::Post, false);
                }
            }
        >
            <FormError message=Signal::derive(move || error.get().and_then(|error| error.beside(FIELDS))) />
            <News news conflict now pending on_anyway=move |act| post(act, true) />
            <MessageField label="Message" id="update-body" value=draft.body previews=draft.previews error=on("body") node_ref=message />
            <Show when=move || draft.moves.get()>
                <NewEnd draft refused=on("ends_at") />
            </Show>
            <div class="flex flex-wrap items-center gap-2 max-sm:grid">
                <Button variant=ButtonVariant::Primary submit=true pending disabled=waits()>
                    {move || if moved.get() { "Update end time" } else { "Post update" }}
                </Button>
                // By their key, because a button that takes the place of another keeps what that one did.
                <For each=move || steps(now.get()).to_vec() key=|(status, ..)| *status let:step>
                    <Button icon=step.2 disabled=pending on:click=move |_| post(ComposerAction::Become(step.0), false)>{step.1}</Button>
                </For>
                <Show when=move || !is_over.get() && !draft.moves.get()>
                    <Button icon=IconName::Clock on:click=move_end>"Extend"</Button>
                </Show>
                <Show when=move || draft.moves.get()>
                    <Button on:click=move |_| draft.moves.set(false)>"Keep end time"</Button>
                </Show>
                <Show when=move || waits_to_begin.get()>
                    <Button icon=IconName::XCircle disabled=pending on:click=move |_| asks.set(true)>"Cancel maintenance"</Button>
                </Show>
            </div>
            <span class="text-xs text-muted-foreground pointer-coarse:hidden"><Kbd>"⌘↵"</Kbd>" or "<Kbd>"Ctrl+Enter"</Kbd>" to post the update. Your message is posted with whichever action you choose."</span>
        </form>
        // Not in the form above: forms do not stand in forms.
        <ConfirmDialog
            open=asks
            title
            message="Visitors will see that it was cancelled, with your message. You can’t undo this; schedule a new one instead."
            confirm_label="Cancel maintenance"
            destructive=true
            pending
            on_confirm=move |()| post(ComposerAction::Become(MaintenanceStatus::Cancelled), false)
        />
    }
}

/// What others, or the clock, have done while an update was being written.
#[component]
fn News(
    news: Memo<Option<String>>,
    conflict: Memo<Option<(String, ComposerAction)>>,
    now: Memo<MaintenanceStatus>,
    pending: RwSignal<bool>,
    #[prop(into)] on_anyway: Callback<ComposerAction>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let (conflict, now) = (conflict.get(), now.get());
        let urgent = conflict.is_some();
        let act = conflict.as_ref().map_or(ComposerAction::Post, |(_, act)| *act);
        // Some things are no longer possible at all.
        let possible = act.status().is_none_or(|status| may_become(now, status));
        let title = news.get().or_else(|| conflict.map(|(words, _)| words))?;
        Some((title, urgent, possible.then_some(act)))
    });
    move || {
        shown.get().filter(|_| !pending.get()).map(|(title, urgent, act)| {
            let anyway = move || {
                act.map(|_| {
                    let again = move |_| {
                        if let Some((_, _, Some(act))) = shown.get_untracked() {
                            on_anyway.run(act);
                        }
                    };
                    view! { <Button size=ButtonSize::Small on:click=again>"Post anyway"</Button> }
                })
            };
            view! {
                <Alert tone=Tone::Yellow icon=IconName::AlertTriangle title urgent actions=anyway>
                    "See what changed below. Your draft is safe."
                </Alert>
            }
        })
    }
}

/// Another end of the window.
#[component]
fn NewEnd(draft: UpdateDraft, refused: Signal<Option<String>>) -> impl IntoView {
    let organization = Organization::get();
    let zone = organization.frame.read_untracked().time_zone.clone();
    // What was wrong when a later end was asked for.
    let wrong = RwSignal::new(None::<AppError>);
    let error = Signal::derive(move || {
        let wrong = wrong.read().as_ref().map(ToString::to_string);
        wrong.or_else(|| refused.get())
    });
    // The server says where the end is: on some days an hour is left out, or comes twice.
    let later = move |minutes: i64| {
        let (slug, from) = (organization.slug.get_untracked(), draft.ends_at.get_untracked());
        spawn_local(async move {
            match window_end(slug, from, minutes).await {
                Ok(end) => {
                    draft.ends_at.try_set(end);
                    wrong.try_set(None);
                }
                Err(error) => {
                    wrong.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <div class="flex flex-wrap items-end gap-2">
            <div class="w-64 max-sm:w-full">
                <TextField
                    label=format!("New end ({zone})")
                    name="ends_at"
                    id="new-end"
                    kind="datetime-local"
                    value=draft.ends_at
                    on_input=move |text| { wrong.set(None); draft.ends_at.set(text) }
                    error
                />
            </div>
            <div class="flex gap-1.5" role="group" aria-label="Extend by">
                {LATER.iter().map(|(minutes, words)| view! {
                    <Button on:click=move |_| later(*minutes)>{*words}</Button>
                }).collect_view()}
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{ID_LENGTH, MaintenanceId},
        maintenance::{Maintenance, MaintenanceUpdate},
        time::Time,
    };

    fn window() -> LocalWindow {
        LocalWindow {
            id: MaintenanceId::from_random([1; ID_LENGTH]),
            starts_at: "2026-11-21T22:00".to_owned(),
            ends_at: "2026-11-21T23:00".to_owned(),
            words: String::new(),
        }
    }

    fn detail(revision: i64, updates: &[(u8, Option<&str>)]) -> MaintenanceDetail {
        let maintenance = Maintenance {
            id: window().id,
            title: "Upgrade".to_owned(),
            status: MaintenanceStatus::InProgress,
            starts_at: Time::default(),
            ends_at: Time::default(),
            started_at: None,
            completed_at: None,
            automatic: true,
            series_id: None,
            services: Vec::new(),
            revision,
            updated_at: Time::default(),
        };
        let updates = updates.iter().map(|(number, by)| MaintenanceUpdate {
            id: UpdateId::from_random([*number; ID_LENGTH]),
            status: MaintenanceStatus::InProgress,
            body: String::new(),
            html: String::new(),
            at: Time::default(),
            by: by.map(str::to_owned),
        });
        MaintenanceDetail { maintenance, updates: updates.collect(), rule: None, page: String::new() }
    }

    #[test]
    fn only_another_end_is_sent_and_only_with_a_post() {
        Owner::new().with(|| {
            let draft = UpdateDraft::begin();
            let end = |act| draft.input(act, &window(), 1).ends_at;
            draft.ends_at.set(window().ends_at);
            draft.moves.set(true);
            assert_eq!(end(ComposerAction::Post), "");
            draft.ends_at.set("2026-11-21T23:30".to_owned());
            assert_eq!(end(ComposerAction::Post), "2026-11-21T23:30");
            assert_eq!(end(ComposerAction::Become(MaintenanceStatus::Completed)), "");
            draft.moves.set(false);
            assert_eq!(end(ComposerAction::Post), "");
        });
    }

    #[test]
    fn every_button_does_something_that_is_possible() {
        for status in MaintenanceStatus::ALL {
            for (next, words, _) in steps(*status) {
                assert!(may_become(*status, *next), "{status:?}: {words}");
            }
            assert_eq!(steps(*status).is_empty(), status.is_over());
        }
    }

    #[test]
    fn news_name_who_did_what() {
        let seen = SeenVersion::of(&detail(1, &[(1, Some("Ana"))]));
        assert_eq!(seen.news(&detail(1, &[(1, Some("Ana"))])), None);
        let words = seen.news(&detail(3, &[(3, Some("Bo")), (2, None), (1, Some("Ana"))]));
        let expected = "It started automatically, Bo posted “In progress” while you were writing.";
        assert_eq!(words.as_deref(), Some(expected));
        let words = seen.news(&detail(2, &[(1, Some("Ana"))]));
        assert_eq!(words.as_deref(), Some("This maintenance changed while you were writing."));
    }
}
