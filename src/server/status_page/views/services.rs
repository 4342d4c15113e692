//! Groups and services with their bars.

use super::{PageContext, escape, icon, state};
use crate::{
    domain::{
        service::{Group, Service},
        status::ServiceStatus,
    },
    server::status_page::uptime_bars::Bars,
};
use leptos::prelude::*;

/// A group with more services than this is closed while all is well in a long page.
pub(super) const MAX_OPEN: usize = 12;

pub(super) fn grouped(
    setting: &PageContext<'_>,
    group: &Group,
    services: &[&Service],
    bars: &[Bars],
    long: bool,
) -> AnyView {
    let worst = services.iter().map(|service| service.status).max().unwrap_or(ServiceStatus::Operational);
    let open = worst != ServiceStatus::Operational || !long || services.len() <= MAX_OPEN / 2;
    let count = if services.len() == 1 { "1 service".to_owned() } else { format!("{} services", services.len()) };
    let figure = (!services.is_empty()).then(|| Bars::together(bars).in_words(setting.zone));
    let description = group.description.clone();
    let label = setting.label(worst).to_owned();
    view! {
        <details id=format!("g-{}", group.id) class="group" open=open>
            <summary>
                <svg class="icon chevron" aria-hidden="true"><use href="#chevron"></use></svg>
                <h2>{group.name.clone()}</h2>
                <span class="count">{count}</span>
                {figure.map(|words| view! { <span class="figure">{words}</span> })}
                <span class=format!("state {}", worst.as_str())>
                    <svg class="icon" aria-hidden="true"><use href=format!("#{}", icon(worst))></use></svg>
                    {label}
                </span>
            </summary>
            {(!description.is_empty()).then(|| view! { <p class="about">{description}</p> })}
            {list(setting, services, bars)}
        </details>
    }
    .into_any()
}

pub(super) fn loose(setting: &PageContext<'_>, id: &str, services: &[&Service], bars: &[Bars]) -> AnyView {
    view! { <section id=id.to_owned() class="group" aria-label="Services">{list(setting, services, bars)}</section> }
        .into_any()
}

fn list(setting: &PageContext<'_>, services: &[&Service], bars: &[Bars]) -> AnyView {
    if services.is_empty() {
        return view! { <p class="box empty">"No services in this group yet."</p> }.into_any();
    }
    let rows: String = services.iter().zip(bars).map(|(service, bars)| row(setting, service, bars)).collect();
    view! { <ul class="box" role="list" inner_html=rows></ul> }.into_any()
}

/// A service in its line: name, status, bar, figure. Written by hand, because there may be hundreds.
fn row(setting: &PageContext<'_>, service: &Service, bars: &Bars) -> String {
    let Service { id, name, description, status, .. } = service;
    let note = match description.as_str() {
        "" => String::new(),
        text => format!(" <span class=\"note\">{}</span>", escape(text)),
    };
    let (home, name, state) = (setting.home(), escape(name), state(setting, *status));
    let (bar, figure) = (bars.drawing("bar", *status), bars.in_words(setting.zone));
    format!(
        "<li id=\"s-{id}\"><a href=\"{home}/services/{id}\"><div class=\"name\">{name}{note}</div></a>{state}{bar}<p>{figure}</p></li>"
    )
}
