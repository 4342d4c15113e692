//! What stands around every screen of an organization: navigation, switcher, palette, account.

use super::{
    account::{Account, Switcher},
    live::{Connection, provide_live, use_live},
    palette::{Palette, ShortcutHelp},
    shortcuts::{on_command_key, on_key},
    states::keep_last_good,
};
use crate::rpc::resource;
use crate::{
    domain::{
        account::Me, error::AppError, ids::TeamId, live::Topic, organization::OrganizationFrame, role::Action,
        status::ServiceStatus,
    },
    rpc::organizations::{frame, who_am_i},
    ui::*,
};
use leptos::prelude::*;
use leptos_router::{
    components::{A, Outlet, Redirect},
    hooks::{use_location, use_navigate, use_params_map},
};

/// What the screens inside know of their organization.
#[derive(Debug, Clone, Copy)]
pub struct Organization {
    /// Its slug, from the address.
    pub slug: Signal<String>,
    /// The rest. What is inside is only made once it has been read, from the same value on the server
    /// and in the browser.
    pub frame: Signal<OrganizationFrame>,
}

/// The signed-in person, as the screens inside know them.
#[derive(Debug, Clone, Copy)]
pub struct Person(pub Signal<Me>);

impl Organization {
    /// The organization whose frame is around.
    pub fn get() -> Self {
        expect_context()
    }
    /// Whether the person may do it somewhere; what one may not do is not offered.
    pub fn may(&self, action: Action) -> Signal<bool> {
        let frame = self.frame;
        Signal::derive(move || frame.read().reach(action).is_some())
    }
    /// Whether the person may do it to what belongs to this team, or to none.
    pub fn may_to(&self, action: Action, team: Signal<Option<TeamId>>) -> Signal<bool> {
        let frame = self.frame;
        Signal::derive(move || frame.read().reach(action).is_some_and(|reach| reach.includes(team.read().as_ref())))
    }
    /// Whether the person may do it everywhere.
    pub fn may_everywhere(&self, action: Action) -> Signal<bool> {
        self.may_to(action, Signal::stored(None))
    }
    /// What a status is called here.
    pub fn label(&self, status: ServiceStatus) -> String {
        self.frame.read().labels.label(status).to_owned()
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
    let slug: Signal<String> = Memo::new(move |_| slug.get()).into();
    let live = provide_live();
    let me = resource(|| (), |()| who_am_i());
    let read = resource(
        move || {
            let counted = (live.changes(Topic::Services), live.changes(Topic::Incidents), live.changes(Topic::Members));
            (slug.get(), counted, live.changes(Topic::Organization))
        },
        |(slug, ..): (String, _, _)| async move { Ok((slug.clone(), frame(slug).await?)) },
    );
    view! {
        <Transition fallback=FrameSkeleton>
            <FrameBody slug me read />
        </Transition>
    }
}

#[component]
fn FrameBody(
    slug: Signal<String>,
    me: Resource<Result<Me, AppError>>,
    read: Resource<Result<(String, OrganizationFrame), AppError>>,
) -> impl IntoView {
    let answer = move || match (me.get(), read.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error)),
        (Some(Ok(me)), Some(Ok(frame))) => Some(Ok((me, frame))),
        _ => None,
    };
    keep_last_good(
        answer,
        || FrameSkeleton().into_any(),
        move |both| {
            let person = Memo::new(move |_| both.read().0.clone());
            let (asked, frame) =
                (Memo::new(move |_| both.read().1.0.clone()), Memo::new(move |_| both.read().1.1.clone()));
            view! { <Shown slug asked person frame /> }.into_any()
        },
    )
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
fn Shown(slug: Signal<String>, asked: Memo<String>, person: Memo<Me>, frame: Memo<OrganizationFrame>) -> impl IntoView {
    let organization = Organization { slug, frame: frame.into() };
    let person = Signal::from(person);
    let path = use_location().pathname;
    // An address from before the organization was given another one leads to the new one.
    let moved = move || {
        let (asked, now) = (asked.get(), frame.get().organization.slug);
        (asked != now && asked == slug.get()).then(|| {
            let rest = path.get_untracked();
            let rest = rest.strip_prefix(&format!("/dashboard/{asked}")).unwrap_or_default().to_owned();
            view! { <Redirect path=format!("/dashboard/{now}{rest}") /> }
        })
    };
    provide_context(organization);
    provide_context(Person(person));
    use_live().connect(organization.slug);
    let palette = RwSignal::new(false);
    let help = RwSignal::new(false);
    let (reports, navigate) = (organization.may(Action::ReportIncidents), use_navigate());
    on_command_key("k", move || palette.set(true));
    on_key(move |key, event| {
        match key {
            "?" => help.set(true),
            "c" | "i" if reports.get_untracked() => {
                navigate(&organization.address("/incidents/new"), Default::default());
            }
            _ => return,
        }
        event.prevent_default();
    });
    let incidents = Signal::derive(move || Some(frame.read().incidents).filter(|n| *n > 0).map(|n| n.to_string()));
    let count = move || Some(frame.read().services.to_string());
    let members = move || Some(frame.read().members.to_string());
    let status_page = move || format!("/status/{}", organization.slug.get());
    view! {
        {moved}
        <a class="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-popover focus:px-3 focus:py-2" href="#screen">
            "Skip to content"
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
                    <NavLink to=move || organization.address("/incidents") icon=IconName::AlertTriangle note=incidents>"Incidents"</NavLink>
                    <NavLink to=move || organization.address("/maintenance") icon=IconName::Wrench>"Maintenance"</NavLink>
                    <NavLink to=move || organization.address("/uptime") icon=IconName::Activity>"Uptime"</NavLink>
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
                <TabLink to=move || organization.address("/incidents") icon=IconName::AlertTriangle note=incidents>"Incidents"</TabLink>
                <TabLink to=move || organization.address("/team") icon=IconName::Users>"Team"</TabLink>
                <button
                    type="button"
                    class="flex h-14 flex-1 cursor-pointer flex-col items-center justify-center gap-0.5 text-[11px] text-sidebar-foreground"
                    on:click=move |_| palette.set(true)
                >
                    <Icon name=IconName::Search class="size-5" />
                    "Search"
                </button>
                <More />
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
    #[prop(optional, into)] note: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    view! {
        <A
            href=move || to.get()
            exact=exact
            attr:class="relative flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-sidebar-foreground aria-[current=page]:text-foreground"
        >
            <Icon name=icon class="size-5" />
            {children()}
            {move || note.get().map(|note| view! {
                <span class="absolute top-1.5 left-1/2 ml-2 min-w-4 rounded-full border border-border bg-background px-1 text-center text-[10px] leading-4 font-medium text-foreground tabular-nums">{note}</span>
            })}
        </A>
    }
}

/// The screens that the bar of a phone has no room for.
#[component]
fn More() -> impl IntoView {
    let organization = Organization::get();
    let edits = organization.may(Action::EditOrganization);
    let items = Signal::derive(move || {
        let screen = |rest: &str, label: &str, icon| MenuItem {
            icon: Some(icon),
            href: Some(organization.address(rest)),
            ..MenuItem::new(rest, label)
        };
        let mut items = vec![
            screen("/maintenance", "Maintenance", IconName::Wrench),
            screen("/uptime", "Uptime", IconName::Activity),
            screen("/settings", "Settings", IconName::Settings),
        ];
        if edits.get() {
            items.push(screen("/settings/tokens", "API tokens", IconName::KeyRound));
            items.push(screen("/audit", "Audit log", IconName::History));
        }
        items.push(MenuItem { icon: Some(IconName::Globe), ..MenuItem::new("page", "Status page") });
        items
    });
    // The one that is no screen of this application.
    let visit = move |_: String| {
        let page = format!("/status/{}", organization.slug.get_untracked());
        let _ = window().open_with_url_and_target(&page, "_blank");
    };
    view! {
        <div class="flex min-w-0 flex-1 [&>.menu]:flex-1">
            <Menu
                label="More"
                trigger=|| view! { <Icon name=IconName::Ellipsis class="size-5" /> "More" }
                trigger_class="flex h-14 flex-1 cursor-pointer flex-col items-center justify-center gap-0.5 text-[11px] text-sidebar-foreground"
                items
                on_select=visit
                align=Align::End
            />
        </div>
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
        <PageTitle text=title />
        <div class="flex min-h-14 flex-wrap items-center justify-between gap-2 border-b border-border px-4 py-2">
            <h1 class="min-w-0 text-[15px] font-semibold tracking-tight break-words">{move || title.get()}</h1>
            <div class="flex flex-wrap items-center gap-2">{children.map(|children| children())}</div>
        </div>
    }
}
