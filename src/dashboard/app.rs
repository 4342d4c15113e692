//! Every address of the dashboard on one screen.

use super::{
    audit::AuditScreen,
    create_organization::CreateOrganization,
    frame::Frame,
    incidents::{IncidentScreen, IncidentsScreen, ReportScreen, TemplatesScreen},
    maintenance::{EditMaintenanceScreen, MaintenanceScreen, OneMaintenanceScreen, ScheduleScreen},
    overview::OverviewScreen,
    services::{EditServiceScreen, NewServiceScreen, ServiceScreen, ServicesScreen},
    settings::{SettingsScreen, TokensScreen},
    states::{Missing, failed},
    team::TeamScreen,
    time::provide_now,
    uptime::UptimeScreen,
};
use crate::rpc::resource;
use crate::{
    rpc::organizations::first_screen,
    ui::{Gallery, PageTitle, TitleFormat, Toaster, provide_toasts},
};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Outlet, ParentRoute, Redirect, Route, Router, Routes},
    hooks::use_location,
    path,
};

/// The document around the application.
pub fn shell(options: LeptosOptions, assets: String, theme: Option<&'static str>) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <link rel="icon" type="image/svg+xml" href=format!("{assets}/favicon.svg") />
                <link rel="stylesheet" href=format!("{assets}/pkg/candor.css") />
                <AutoReload options=options.clone() />
                <HydrationScripts options root=assets />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_toasts();
    provide_now();
    view! {
        <TitleFormat format=|title| if title.is_empty() { "Candor".to_owned() } else { format!("{title} · Candor") } />
        <Router>
            <Routes fallback=|| view! { <Missing what="page" /> }>
                <Route path=path!("/dashboard") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/services") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/incidents") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/maintenance") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/organization") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/team") view=First ssr=SsrMode::Async />
                <Route path=path!("/dashboard/new") view=CreateOrganization ssr=SsrMode::Async />
                <ParentRoute path=path!("/dashboard/:organization") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("") view=OverviewScreen />
                    <ParentRoute path=path!("/services") view=Outlet>
                        <Route path=path!("") view=ServicesScreen />
                        <Route path=path!("/new") view=NewServiceScreen />
                        <Route path=path!("/:id") view=ServiceScreen />
                        <Route path=path!("/:id/edit") view=EditServiceScreen />
                    </ParentRoute>
                    <ParentRoute path=path!("/incidents") view=Outlet>
                        <Route path=path!("") view=IncidentsScreen />
                        <Route path=path!("/new") view=ReportScreen />
                        <Route path=path!("/templates") view=TemplatesScreen />
                        <Route path=path!("/:id") view=IncidentScreen />
                    </ParentRoute>
                    <ParentRoute path=path!("/maintenance") view=Outlet>
                        <Route path=path!("") view=MaintenanceScreen />
                        <Route path=path!("/new") view=ScheduleScreen />
                        <Route path=path!("/:id") view=OneMaintenanceScreen />
                        <Route path=path!("/:id/edit") view=EditMaintenanceScreen />
                    </ParentRoute>
                    <Route path=path!("/uptime") view=UptimeScreen />
                    <Route path=path!("/team") view=TeamScreen />
                    <Route path=path!("/settings") view=SettingsScreen />
                    <Route path=path!("/settings/tokens") view=TokensScreen />
                    <Route path=path!("/audit") view=AuditScreen />
                    <Route path=path!("/*any") view=|| view! { <Missing what="page" /> } />
                </ParentRoute>
                <Route path=path!("/design") view=Design ssr=SsrMode::Async />
            </Routes>
        </Router>
        <Toaster />
    }
}

/// Goes to the last used organization, or to the screen that creates the first one.
#[component]
fn First() -> impl IntoView {
    let first = resource(|| (), |()| first_screen());
    let path = use_location().pathname;
    let rest = move || match path.get().trim_start_matches("/dashboard") {
        "/organization" => "/settings".to_owned(),
        rest => rest.to_owned(),
    };
    view! {
        <Suspense>
            {move || first.get().map(|first| match first {
                Ok(address) if address.ends_with("/new") => view! { <Redirect path=address /> }.into_any(),
                Ok(address) => view! { <Redirect path=format!("{address}{}", rest()) /> }.into_any(),
                Err(error) => failed(error),
            })}
        </Suspense>
    }
}

/// The design system, in development only.
#[component]
fn Design() -> impl IntoView {
    let me = resource(|| (), |()| crate::rpc::organizations::who_am_i());
    view! {
        <PageTitle text="Design system" />
        <Suspense>
            {move || me.get().map(|me| match me {
                Ok(me) if me.development => view! { <Gallery /> }.into_any(),
                Ok(_) => view! { <Missing what="page" /> }.into_any(),
                Err(error) => failed(error),
            })}
        </Suspense>
    }
}
