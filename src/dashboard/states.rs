//! A screen as its answer makes it, and what stands where it cannot: nothing there, refused, failed.

use crate::{
    domain::error::{AppError, Result},
    rpc::answer_with,
    ui::{Alert, Button, ButtonVariant, EmptyState, IconName, LinkButton, PageTitle, Tone},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Nothing is at this address, or it belongs to somebody else.
#[component]
pub fn Missing(
    /// What is missing: `page`, `service`.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    answer_with(404);
    let title = format!("This {what} does not exist");
    view! {
        <PageTitle text="Not found" />
        <div class="flex min-h-[60dvh] items-center justify-center p-6">
            <EmptyState icon=IconName::CircleHelp title=title text="It may have been deleted, the URL may be wrong, or you may not be a member.">
                <LinkButton href="/dashboard" variant=ButtonVariant::Primary>"My dashboard"</LinkButton>
            </EmptyState>
        </div>
    }
}

/// Makes the screen of the first answer, and keeps it standing while newer answers change what it shows.
///
/// The screen begins with that very answer, on the server and in the browser alike. A memo over a
/// resource would not do: on the server it may be from before the answer arrived.
pub fn keep_last_good<T: Clone + PartialEq + Send + Sync + 'static>(
    answer: impl Fn() -> Option<Result<T>> + Copy + Send + Sync + 'static,
    waiting: fn() -> AnyView,
    screen: impl Fn(Signal<T>) -> AnyView + Send + 'static,
) -> impl IntoView {
    let stage = Memo::new(move |_| answer().map(|answer| answer.map(|_| ())));
    move || {
        // Read, not only tracked: nobody else makes the memo look.
        let _ = stage.get();
        match untrack(answer) {
            None => waiting(),
            Some(Err(error)) => failed(error),
            Some(Ok(first)) => {
                let shown = RwSignal::new(first);
                Effect::new(move || {
                    if let Some(Ok(new)) = answer()
                        && shown.with_untracked(|old| *old != new)
                    {
                        shown.set(new);
                    }
                });
                screen(shown.into())
            }
        }
    }
}

/// A refusal where a screen should be.
pub fn failed(error: AppError) -> AnyView {
    match error {
        AppError::NotFound(what) => view! { <Missing what /> }.into_any(),
        AppError::Unauthenticated => view! { <SignedOut /> }.into_any(),
        error => {
            answer_with(error.status());
            view! {
                <div class="p-4">
                    <Alert tone=Tone::Red icon=IconName::AlertTriangle title="Something went wrong" actions=|| view! { <Reload /> }>
                        {error.to_string()}
                    </Alert>
                </div>
            }
            .into_any()
        }
    }
}

/// Asks the server again.
#[component]
fn Reload() -> impl IntoView {
    view! {
        <Button icon=IconName::RotateCcw on:click=|_| { let _ = window().location().reload(); }>
            "Try again"
        </Button>
    }
}

/// The session has ended while a screen was open.
#[component]
fn SignedOut() -> impl IntoView {
    answer_with(401);
    let path = use_location().pathname;
    view! {
        <div class="flex min-h-[60dvh] items-center justify-center p-6">
            <EmptyState icon=IconName::LogIn title="You’ve been signed out" text="Sign in to pick up where you left off.">
                <a
                    rel="external"
                    href=move || format!("/sign-in?next={}", path.get())
                    class="inline-flex h-8 items-center rounded-md bg-primary px-3 text-13 font-medium text-primary-foreground pointer-coarse:h-10"
                >
                    "Sign in"
                </a>
            </EmptyState>
        </div>
    }
}
