//! What an incident is told by at a glance: impact, status, services, how long.

use crate::{
    dashboard::time::length,
    domain::{
        incident::{Affected, Incident, IncidentStatus},
        status::Impact,
    },
    ui::*,
};
use leptos::prelude::*;

const PROSE: &str = "min-w-0 max-w-prose text-13 leading-relaxed wrap-anywhere [&>*+*]:mt-2 [&_a]:text-brand-text [&_a]:underline [&_ul]:list-disc [&_ul]:pl-5 [&_ol]:list-decimal [&_ol]:pl-5 [&_h1]:font-semibold [&_h2]:font-semibold [&_h3]:font-semibold [&_h4]:font-semibold [&_code]:rounded-sm [&_code]:bg-muted [&_code]:px-1 [&_code]:text-xs [&_pre]:rounded-md [&_pre]:bg-muted [&_pre]:p-2 [&_pre]:whitespace-pre-wrap [&_blockquote]:border-l-2 [&_blockquote]:border-border [&_blockquote]:pl-3 [&_blockquote]:text-muted-foreground [&_td]:border [&_td]:border-border [&_td]:px-2 [&_th]:border [&_th]:border-border [&_th]:px-2";

/// A message as it is read.
#[component]
pub fn Prose(
    /// HTML that `server/markdown.rs` has made safe.
    html: String,
) -> impl IntoView {
    view! { <div class=PROSE inner_html=html></div> }
}

/// The colour of an impact; icon and word always stand with it.
pub const fn impact_tone(impact: Impact) -> Tone {
    match impact {
        Impact::None => Tone::Neutral,
        Impact::Minor => Tone::Yellow,
        Impact::Major => Tone::Orange,
        Impact::Critical => Tone::Red,
    }
}

/// The icon of an impact.
pub const fn impact_icon(impact: Impact) -> IconName {
    match impact {
        Impact::None => IconName::Info,
        Impact::Minor => IconName::MinusCircle,
        Impact::Major => IconName::AlertTriangle,
        Impact::Critical => IconName::AlertOctagon,
    }
}

/// How much an incident matters: icon and word.
#[component]
pub fn ImpactMark(
    /// The impact.
    #[prop(into)]
    impact: Signal<Impact>,
) -> impl IntoView {
    move || {
        let impact = impact.get();
        view! {
            <span class="inline-flex items-center gap-2 whitespace-nowrap">
                <ToneIcon tone=impact_tone(impact) icon=impact_icon(impact) />
                <span>{impact.label()}</span>
            </span>
        }
    }
}

const fn status_tone(status: IncidentStatus) -> Tone {
    match status {
        IncidentStatus::Investigating => Tone::Orange,
        IncidentStatus::Identified => Tone::Yellow,
        IncidentStatus::Monitoring => Tone::Blue,
        IncidentStatus::Resolved => Tone::Green,
    }
}

/// How far an incident has come.
#[component]
pub fn IncidentBadge(
    /// The status.
    #[prop(into)]
    status: Signal<IncidentStatus>,
) -> impl IntoView {
    move || {
        let status = status.get();
        view! { <Badge tone=status_tone(status)>{status.label()}</Badge> }
    }
}

/// The first few services by name, and how many more.
pub fn affected(services: &[Affected], most: usize) -> String {
    let names = services.iter().take(most).map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ");
    match services.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} + {more}"),
    }
}

/// How long it took, or that it goes on.
pub fn lasted(incident: &Incident) -> String {
    incident.resolved_at.map_or_else(|| "Ongoing".to_owned(), |end| length(end - incident.started_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{ID_LENGTH, ServiceId},
        status::ServiceStatus,
    };

    #[test]
    fn a_few_services_are_named() {
        let named = |name: &str| Affected {
            service_id: ServiceId::from_random([0; ID_LENGTH]),
            name: name.to_owned(),
            team_id: None,
            status: ServiceStatus::PartialOutage,
        };
        let all = ["API", "Mail", "Web"].map(named);
        assert_eq!(affected(&all, 2), "API, Mail + 1");
        assert_eq!(affected(&all, 3), "API, Mail, Web");
        assert_eq!(affected(&[], 3), "");
    }
}
