//! What stands around every screen of an organization: navigation, switcher, palette, account.

use super::{
    account::{Account, Switcher},
    live::{Connection, provide_live, use_live},
    palette::{Palette, ShortcutHelp},
    shortcuts::{on_command_key, on_key},
    states::failed,
};
use crate::{
    api::organizations::{frame, who_am_i},
    domain::{account::Me, error::AppError, ids::TeamId, live::Topic, organization::OrganizationFrame, role::Action},
    ui::*,
};
use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet},
    hooks::use_params_map,
};

/// What the screens inside know of their organization.
#[derive(Debug, Clone, Copy)]
pub struct Organization {
    /// Its slug, from the address.
    pub slug: Signal<String>,
    /// The rest, once it is read.
    pub frame: Signal<Option<OrganizationFrame>>,
}

/// The signed-in person, as the screens inside know them.
#[derive(Debug, Clone, Copy)]
pub struct Person(pub Signal<Option<Me>>);

impl Organization {
    /// The organization whose frame is around.
    pub fn get() -> Self {
        expect_context()
    }
    /// Whether the person may do it somewhere; what one may not do is not offered.
    pub fn may(&self, action: Action) -> Signal<bool> {
        let frame = self.frame;
        Signal::derive(move || frame.read().as_ref().is_some_and(|frame| frame.reach(action).is_some()))
    }
    /// Whether the person may do it to what belongs to this team, or to none.
    pub fn may_to(&self, action: Action, team: Signal<Option<TeamId>>) -> Signal<bool> {
        let frame = self.frame;
        Signal::derive(move || {
            let reach = frame.read().as_ref().and_then(|frame| frame.reach(action));
            reach.is_some_and(|reach| reach.includes(team.read().as_ref()))
        })
    }
    /// Whether the person may do it everywhere.
    pub fn may_everywhere(&self, action: Action) -> Signal<bool> {
        self.may_to(action, Signal::stored(None))
    }
    /// An address inside the organization; `rest` begins with a slash.
    pub fn address(&self, rest: &str) -> String {
        format!("/dashboard/{}{rest}", self.slug.get())
    }
}

/// The frame of an organization's screens.
#[component]
pub fn Frame() -> impl IntoView {
    let params = use_params_map();
    let slug = Signal::derive(move || params.read().get("organization").unwrap_or_default());
    let slug = Signal::from(Memo::new(move |_| slug.get()));
    let live = provide_live();
    let me = Resource::new(|| (), |()| who_am_i());
    let read = Resource::new(
        move || {
            (slug.get(), live.changes(Topic::Services), live.changes(Topic::Organization), live.changes(Topic::Members))
        },
        |(slug, ..)| frame(slug),
    );
    view! {
        <Transition fallback=FrameSkeleton>
            <FrameBody slug me read />
        </Transition>
    }
}

#[derive(Clone, PartialEq)]
enum Stage {
    Reading,
    Failed(AppError),
    There,
}

#[component]
fn FrameBody(
    slug: Signal<String>,
    me: Resource<Result<Me, AppError>>,
    read: Resource<Result<OrganizationFrame, AppError>>,
) -> impl IntoView {
    let now = move || match (me.get(), read.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Stage::Failed(error),
        (Some(Ok(_)), Some(Ok(_))) => Stage::There,
        _ => Stage::Reading,
    };
    let stage = Memo::new(move |_| now());
    move || {
        // The memo keeps the frame while what is inside changes. What it holds may be from before the
        // answers arrived, on the server under load: there the resources themselves are asked.
        let _ = stage.get();
        match untrack(now) {
            Stage::Reading => FrameSkeleton().into_any(),
            Stage::Failed(error) => failed(error),
            Stage::There => view! { <Shown slug me read /> }.into_any(),
        }
    }
}

#[component]
fn FrameSkeleton() -> impl IntoView {
    view! {
        <div class="flex min-h-dvh bg-sidebar">
            <div class="hidden w-[220px] shrink-0 flex-col gap-3 p-4 md:flex">
                <Skeleton class="h-7 w-32" />
                <SkeletonRows n=5 />
            </div>
            <div class="m-2 flex-1 rounded-lg border border-border bg-background p-4">
                <SkeletonRows n=8 />
            </div>
        </div>
    }
}

#[component]
fn Shown(
    slug: Signal<String>,
    me: Resource<Result<Me, AppError>>,
    read: Resource<Result<OrganizationFrame, AppError>>,
) -> impl IntoView {
    let frame = Signal::from(Memo::new(move |_| read.get().and_then(Result::ok)));
    let person = Signal::from(Memo::new(move |_| me.get().and_then(Result::ok)));
    let organization = Organization { slug, frame };
    provide_context(organization);
    provide_context(Person(person));
    use_live().connect(organization.slug);
    let palette = RwSignal::new(false);
    let help = RwSignal::new(false);
    on_command_key("k", move || palette.set(true));
    on_key(move |key, event| {
        if key == "?" {
            event.prevent_default();
            help.set(true);
        }
    });
    let count = move || organization.frame.get().map(|frame| frame.services.to_string());
    let members = move || organization.frame.get().map(|frame| frame.members.to_string());
    let status_page = move || format!("/status/{}", organization.slug.get());
    view! {
        <a class="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-popover focus:px-3 focus:py-2" href="#screen">
            "Skip to the screen"
        </a>
        <div class="flex min-h-dvh bg-sidebar max-md:flex-col">
            <aside class="sticky top-0 hidden h-dvh w-[220px] shrink-0 flex-col gap-4 p-2.5 md:flex">
                <Switcher person />
                <button
                    type="button"
                    class="flex h-8 cursor-pointer items-center gap-2.5 rounded-md px-2 text-left text-13 text-sidebar-foreground hover:bg-accent hover:text-foreground"
                    on:click=move |_| palette.set(true)
                >
                    <Icon name=IconName::Search />
                    <span class="flex-1">"Search"</span>
                    <Kbd>"⌘K"</Kbd>
                </button>
                <nav aria-label="Organization" class="flex flex-col gap-0.5">
                    <NavLink to=move || organization.address("") icon=IconName::Home exact=true>"Overview"</NavLink>
                    <NavLink to=move || organization.address("/services") icon=IconName::Layers note=Signal::derive(count)>"Services"</NavLink>
                    <NavLink to=move || organization.address("/team") icon=IconName::Users note=Signal::derive(members)>"Team"</NavLink>
                    <a
                        rel="external"
                        target="_blank"
                        href=status_page
                        class="flex h-8 items-center gap-2.5 rounded-md px-2 text-13 text-sidebar-foreground hover:bg-accent hover:text-foreground"
                    >
                        <Icon name=IconName::Globe />
                        <span class="flex-1">"Status page"</span>
                        <Icon name=IconName::ExternalLink class="size-3.5" />
                    </a>
                </nav>
                <div class="mt-auto">
                    <NavLink to=move || organization.address("/settings") icon=IconName::Settings>"Settings"</NavLink>
                </div>
                <div class="flex items-center justify-between gap-2">
                    <LiveSign />
                    <Account person help />
                </div>
            </aside>
            <header class="flex items-center justify-between gap-2 px-3 pt-2 md:hidden">
                <Switcher person />
                <div class="flex items-center gap-1">
                    <LiveSign />
                    <Account person help />
                </div>
            </header>
            <main
                id="screen"
                tabindex="-1"
                class="m-2 min-w-0 flex-1 rounded-lg border border-border bg-background outline-none max-md:mb-[calc(4rem+env(safe-area-inset-bottom))] md:ml-0"
            >
                <Outlet />
            </main>
            <nav
                aria-label="Organization"
                class="fixed inset-x-0 bottom-0 z-20 flex justify-around border-t border-border bg-sidebar pb-[env(safe-area-inset-bottom)] md:hidden"
            >
                <TabLink to=move || organization.address("") icon=IconName::Home exact=true>"Overview"</TabLink>
                <TabLink to=move || organization.address("/services") icon=IconName::Layers>"Services"</TabLink>
                <TabLink to=move || organization.address("/team") icon=IconName::Users>"Team"</TabLink>
                <button
                    type="button"
                    class="flex h-14 flex-1 cursor-pointer flex-col items-center justify-center gap-0.5 text-[11px] text-sidebar-foreground"
                    on:click=move |_| palette.set(true)
                >
                    <Icon name=IconName::Search class="size-5" />
                    "Search"
                </button>
            </nav>
        </div>
        <Palette open=palette person help />
        <ShortcutHelp open=help />
    }
}

#[component]
fn NavLink(
    #[prop(into)] to: Signal<String>,
    icon: IconName,
    #[prop(optional)] exact: bool,
    #[prop(optional, into)] note: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    view! {
        <A
            href=move || to.get()
            exact=exact
            attr:class="flex h-8 items-center gap-2.5 rounded-md px-2 text-13 text-sidebar-foreground hover:bg-accent hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:text-foreground"
        >
            <Icon name=icon />
            <span class="flex-1">{children()}</span>
            {move || note.get().map(|note| view! { <span class="text-xs text-muted-foreground tabular-nums">{note}</span> })}
        </A>
    }
}

#[component]
fn TabLink(
    #[prop(into)] to: Signal<String>,
    icon: IconName,
    #[prop(optional)] exact: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <A
            href=move || to.get()
            exact=exact
            attr:class="flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-sidebar-foreground aria-[current=page]:text-foreground"
        >
            <Icon name=icon class="size-5" />
            {children()}
        </A>
    }
}

/// Says whether changes arrive as they are made.
#[component]
fn LiveSign() -> impl IntoView {
    let live = use_live();
    let words = move || match live.connection.get() {
        Connection::Connecting => (Tone::Neutral, "Connecting"),
        Connection::Live => (Tone::Green, "Live"),
        Connection::Reconnecting => (Tone::Yellow, "Reconnecting"),
    };
    view! {
        <p class="flex items-center gap-2 px-2 text-xs text-muted-foreground" role="status" data-live=move || words().1>
            <StatusDot tone=Signal::derive(move || words().0) />
            {move || words().1}
        </p>
    }
}

/// The top of a screen: title and at most three actions.
#[component]
pub fn ScreenHead(
    /// What the screen is.
    #[prop(into)]
    title: Signal<String>,
    /// Buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <leptos_meta::Title text=move || title.get() />
        <div class="flex min-h-14 flex-wrap items-center justify-between gap-2 border-b border-border px-4 py-2">
            <h1 class="min-w-0 text-[15px] font-semibold tracking-tight break-words">{move || title.get()}</h1>
            <div class="flex flex-wrap items-center gap-2">{children.map(|children| children())}</div>
        </div>
    }
}
