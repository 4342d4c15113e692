//! Whose dashboard it is: the organization switcher, and the person's menu.

use super::{frame::Organization, live::expect_sign_out};
use crate::{
    domain::account::Me,
    ui::{Align, Avatar, Icon, IconName, Menu, MenuItem},
};
use leptos::{prelude::*, wasm_bindgen::JsCast, web_sys};

/// The organization, and the person's others.
#[component]
pub fn Switcher(person: Signal<Me>) -> impl IntoView {
    let organization = Organization::get();
    let items = Signal::derive(move || {
        let here = organization.slug.get();
        let mut items: Vec<MenuItem> = person
            .get()
            .organizations
            .into_iter()
            .map(|other| MenuItem {
                checked: other.slug == here,
                href: Some(format!("/dashboard/{}", other.slug)),
                icon: Some(IconName::Building2),
                ..MenuItem::new(other.slug, other.name)
            })
            .collect();
        items.push(MenuItem {
            icon: Some(IconName::Plus),
            href: Some("/dashboard/new".to_owned()),
            ..MenuItem::new("new", "New organization")
        });
        items
    });
    let name = move || organization.frame.get().organization.name;
    view! {
        <Menu
            label=Signal::derive(move || format!("{}, switch organization", name()))
            trigger=move || view! {
                <svg width="20" height="20" viewBox="0 0 22 22" aria-hidden="true" class="shrink-0 fill-brand">
                    <rect width="22" height="22" rx="6" />
                    <path d="M6.5 11.5l3 3 6-7" class="fill-none stroke-brand-foreground" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
                </svg>
                <span class="truncate text-sm font-semibold">{name}</span>
                <Icon name=IconName::ChevronsUpDown class="size-3.5 shrink-0 text-muted-foreground" />
            }
            trigger_class="inline-flex h-9 max-w-full min-w-0 cursor-pointer items-center gap-2.5 rounded-md px-2 text-foreground hover:bg-accent pointer-coarse:h-10"
            items
        />
    }
}

/// The person: theme, shortcuts, sign out.
#[component]
pub fn Account(person: Signal<Me>, help: RwSignal<bool>) -> impl IntoView {
    let name = move || person.get().name;
    let items = Signal::derive(move || {
        let mut items = vec![
            MenuItem { icon: Some(IconName::User), ..MenuItem::new("account", "Account") },
            MenuItem { icon: Some(IconName::Monitor), ..MenuItem::new("system", "System theme") },
            MenuItem { icon: Some(IconName::Sun), ..MenuItem::new("light", "Light theme") },
            MenuItem { icon: Some(IconName::Moon), ..MenuItem::new("dark", "Dark theme") },
            MenuItem { icon: Some(IconName::Keyboard), ..MenuItem::new("keys", "Keyboard shortcuts") },
        ];
        if person.read().development {
            items.push(MenuItem {
                icon: Some(IconName::Eye),
                href: Some("/design".to_owned()),
                ..MenuItem::new("design", "Design system")
            });
        }
        items.push(MenuItem { icon: Some(IconName::LogOut), ..MenuItem::new("out", "Sign out") });
        items
    });
    let act = move |id: String| match id.as_str() {
        "keys" => help.set(true),
        "account" => {
            let _ = window().location().assign("/account");
        }
        "out" => sign_out(),
        theme => set_theme(theme),
    };
    view! {
        <Menu
            label=Signal::derive(move || format!("Account menu, {}", name()))
            trigger=move || view! { {move || view! { <Avatar name=name() /> }} }
            trigger_class="inline-flex size-8 cursor-pointer items-center justify-center rounded-full hover:bg-accent pointer-coarse:size-10"
            note=Signal::derive(move || Some(person.get().email))
            items
            on_select=act
            align=Align::End
        />
        <noscript>
            <form method="post" action="/sign-out">
                <button class="text-xs underline">"Sign out"</button>
            </form>
        </noscript>
    }
}

/// Where the person confirms that the session is theirs, before they go on to this place.
pub fn confirmation(next: &str) -> String {
    format!("/account/confirm?next={next}")
}

/// Chooses a theme: remembered in a cookie, so that the server paints it at once.
pub fn set_theme(theme: &str) {
    let document = document();
    let Some(root) = document.document_element() else { return };
    let chosen = matches!(theme, "light" | "dark");
    let _ = if chosen { root.set_attribute("data-theme", theme) } else { root.remove_attribute("data-theme") };
    if let Some(document) = document.dyn_ref::<web_sys::HtmlDocument>() {
        let age = if chosen { 31_536_000 } else { 0 };
        // Only this very host can set a cookie of this prefix, and only over https.
        let https = window().location().protocol().is_ok_and(|protocol| protocol == "https:");
        let (prefix, secure) = if https { ("__Host-", "; secure") } else { ("", "") };
        let _ = document.set_cookie(&format!("{prefix}theme={theme}; path=/; max-age={age}; samesite=lax{secure}"));
    }
}

/// A form of its own: signing out is a change, so it is a POST that ends on the sign-in page.
pub fn sign_out() {
    let document = document();
    let form = document.create_element("form").ok().and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
    if let (Some(form), Some(body)) = (form, document.body()) {
        form.set_method("post");
        form.set_action("/sign-out");
        let _ = body.append_child(&form);
        expect_sign_out();
        let _ = form.submit();
    }
}
