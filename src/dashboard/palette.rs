//! ⌘K: everything that can be done or gone to; and the list of keys.

use super::{
    account::{set_theme, sign_out},
    frame::Organization,
};
use crate::{
    domain::{account::Me, incident::IncidentFilter, role::Action},
    rpc::{incidents::list_incidents, services::list_services},
    ui::{Command, CommandPalette, Dialog, IconName, Kbd},
};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

/// Everything that can be done or gone to, by a few letters.
#[component]
pub fn Palette(open: RwSignal<bool>, person: Signal<Me>, help: RwSignal<bool>) -> impl IntoView {
    let organization = Organization::get();
    let navigate = StoredValue::new(use_navigate());
    // Services and open incidents are read when the palette opens.
    let services = leptos::prelude::Action::new(|slug: &String| list_services(slug.clone()));
    let incidents = leptos::prelude::Action::new(|slug: &String| {
        let filter = IncidentFilter { state: "active".to_owned(), ..IncidentFilter::default() };
        list_incidents(slug.clone(), filter)
    });
    Effect::new(move || {
        if open.get() {
            services.dispatch(organization.slug.get_untracked());
            incidents.dispatch(organization.slug.get_untracked());
        }
    });
    let go = move |address: String| {
        Callback::new(move |()| navigate.with_value(|navigate| navigate(&address, Default::default())))
    };
    let edits = organization.may(Action::EditServices);
    let commands = Signal::derive(move || {
        let command = |id: &str, label: &str, group: &str, icon, keywords: &str, run| Command {
            id: id.to_owned(),
            label: label.to_owned(),
            group: group.to_owned(),
            icon,
            keywords: keywords.to_owned(),
            shortcut: None,
            run,
        };
        let mut all = vec![
            command("overview", "Overview", "Go to", IconName::Home, "dashboard start", go(organization.address(""))),
            command(
                "services",
                "Services",
                "Go to",
                IconName::Layers,
                "components list",
                go(organization.address("/services")),
            ),
        ];
        all.push(command(
            "incidents",
            "Incidents",
            "Go to",
            IconName::AlertTriangle,
            "outage problem history",
            go(organization.address("/incidents")),
        ));
        all.push(command(
            "templates",
            "Incident templates",
            "Go to",
            IconName::Copy,
            "texts messages",
            go(organization.address("/incidents/templates")),
        ));
        all.push(command(
            "team",
            "Team",
            "Go to",
            IconName::Users,
            "members people roles invitations",
            go(organization.address("/team")),
        ));
        all.push(command(
            "settings",
            "Settings",
            "Go to",
            IconName::Settings,
            "organization name address",
            go(organization.address("/settings")),
        ));
        if organization.may(Action::EditOrganization).get() {
            all.push(command(
                "audit",
                "Audit log",
                "Go to",
                IconName::History,
                "who did what",
                go(organization.address("/audit")),
            ));
        }
        let page = format!("/status/{}", organization.slug.get());
        all.push(command(
            "page",
            "Open status page",
            "Go to",
            IconName::Globe,
            "public visitors",
            Callback::new(move |()| {
                let _ = window().open_with_url_and_target(&page, "_blank");
            }),
        ));
        all.push(command(
            "uptime",
            "Uptime",
            "Go to",
            IconName::Activity,
            "report graph availability downtime",
            go(organization.address("/uptime")),
        ));
        all.push(command(
            "maintenance",
            "Maintenance",
            "Go to",
            IconName::Wrench,
            "planned window calendar schedule",
            go(organization.address("/maintenance")),
        ));
        if organization.may(Action::ReportIncidents).get() {
            all.push(Command {
                shortcut: Some("C".to_owned()),
                ..command(
                    "report-incident",
                    "Report incident",
                    "Actions",
                    IconName::AlertTriangle,
                    "new create outage down broken",
                    go(organization.address("/incidents/new")),
                )
            });
        }
        if edits.get() {
            all.push(Command {
                shortcut: Some("N".to_owned()),
                ..command(
                    "new-service",
                    "New service",
                    "Actions",
                    IconName::Plus,
                    "add create component",
                    go(organization.address("/services/new")),
                )
            });
        }
        all.push(command(
            "new-organization",
            "New organization",
            "Actions",
            IconName::Building2,
            "create",
            go("/dashboard/new".to_owned()),
        ));
        for (id, label, icon) in [
            ("light", "Light theme", IconName::Sun),
            ("dark", "Dark theme", IconName::Moon),
            ("system", "System theme", IconName::Monitor),
        ] {
            all.push(command(
                id,
                label,
                "Actions",
                icon,
                "colour mode appearance",
                Callback::new(move |()| set_theme(id)),
            ));
        }
        all.push(Command {
            shortcut: Some("?".to_owned()),
            ..command(
                "keys",
                "Keyboard shortcuts",
                "Actions",
                IconName::Keyboard,
                "help",
                Callback::new(move |()| help.set(true)),
            )
        });
        all.push(command(
            "out",
            "Sign out",
            "Actions",
            IconName::LogOut,
            "log out leave",
            Callback::new(|()| sign_out()),
        ));
        for incident in incidents.value().get().and_then(Result::ok).map(|page| page.incidents).unwrap_or_default() {
            all.push(command(
                incident.id.as_str(),
                &incident.title,
                "Active incidents",
                IconName::AlertTriangle,
                incident.status.label(),
                go(organization.address(&format!("/incidents/{}", incident.id))),
            ));
        }
        for service in services.value().get().and_then(Result::ok).map(|list| list.services).unwrap_or_default() {
            let address = organization.address(&format!("/services/{}", service.id));
            all.push(command(
                service.id.as_str(),
                &service.name,
                "Services",
                IconName::Activity,
                service.status.label(),
                go(address),
            ));
        }
        for other in person.get().organizations {
            let address = format!("/dashboard/{}", other.slug);
            all.push(command(
                &format!("to-{}", other.slug),
                &other.name,
                "Organizations",
                IconName::Building2,
                "switch",
                go(address),
            ));
        }
        all
    });
    view! { <CommandPalette open commands placeholder="Search or type a command…" /> }
}

const KEYS: &[(&str, &str)] = &[
    ("⌘K or Ctrl K", "Command menu"),
    ("/", "Filter the list"),
    ("C or I", "Report an incident"),
    ("U and R", "Update or resolve the incident"),
    ("N", "New service or maintenance"),
    ("J and K", "Next or previous row, or month or week in the calendar"),
    ("T", "Go to today in the calendar"),
    ("Enter", "Open the row"),
    ("S", "Set the row’s status, then press 1 to 5"),
    ("X", "Select the row"),
    ("E", "Edit the row"),
    ("?", "Show this list"),
];

/// The keys that work everywhere, and those of lists.
#[component]
pub fn ShortcutHelp(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Keyboard shortcuts">
            <dl class="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2 text-13">
                {KEYS.iter().map(|(keys, what)| view! {
                    <dt><Kbd>{*keys}</Kbd></dt>
                    <dd>{*what}</dd>
                }).collect_view()}
            </dl>
        </Dialog>
    }
}
