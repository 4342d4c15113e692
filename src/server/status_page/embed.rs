//! What other sites show of an organization: a script that shows a banner while something is wrong,
//! and a small page for a frame. docs/EMBED.md tells how.

use super::{
    Document, handlers,
    prepared_response::{DocumentMeta, Kind, RenderedDocument, open_to_all},
    rendered,
};
use crate::{
    domain::{
        error::Result,
        incident::PublishedIncident,
        maintenance::PublishedMaintenance,
        status::{Impact, Indicator, PageStatus},
    },
    server::{
        App,
        access::PublicPage,
        clock,
        document::{self, Head, Style},
        incidents, maintenance,
        organizations::{self, PublicOrganization},
        requests, services,
    },
};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The script, the same for all organizations.
const SCRIPT: &str = include_str!("../../../public/embed.js");

/// How long browsers keep the script without asking.
const SCRIPT_CACHING: &str = "public, max-age=300";

static SCRIPT_TAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let tag = format!("\"{}\"", short_digest(SCRIPT));
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"0\""))
});

/// The same, as small as can be: it is compressed once.
static SCRIPT_BROTLI: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut compressed = Vec::new();
    // Writing to memory does not fail.
    let _ = brotli::BrotliCompress(&mut SCRIPT.as_bytes(), &mut compressed, &Default::default());
    compressed
});

/// A day, in seconds.
const DAY: i64 = 86_400;

/// What stands in the head of the frame: readers without a script see it anew too, and it is no page to
/// be found by itself.
const IN_THE_HEAD: &str = "<meta name=\"robots\" content=\"noindex\"><noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript></head>";

/// The colours of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BannerStyle {
    /// As the reader's system has it.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl BannerStyle {
    const fn theme(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// What of it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Embed {
    /// What the script shows, if anything.
    Banner,
    /// The page for a frame.
    Frame(BannerStyle),
}

impl Embed {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        match self {
            Self::Banner => format!("/status/{slug}/embed.json"),
            Self::Frame(look) => match look.theme() {
                None => format!("/status/{slug}/embed"),
                Some(theme) => format!("/status/{slug}/embed?theme={theme}"),
            },
        }
    }
}

/// The addresses.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/status/{organization}/embed.js", get(script))
        .route("/status/{organization}/embed.json", get(banner))
        .route("/status/{organization}/embed", get(frame))
}

/// `GET /status/{organization}/embed.js`
async fn script(headers: HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == SCRIPT_TAG.as_bytes());
    let kept = [
        (header::ETAG, SCRIPT_TAG.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static(SCRIPT_CACHING)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let content_type = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, kept).into_response()
    } else if requests::accepts_encoding(&headers, "br") {
        (kept, [content_type, (header::CONTENT_ENCODING, "br")], SCRIPT_BROTLI.as_slice()).into_response()
    } else {
        (kept, [content_type], SCRIPT).into_response()
    };
    open_to_all(response.headers_mut());
    response
}

/// `GET /status/{organization}/embed.json`
async fn banner(State(app): State<App>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    handlers::program(&app, &slug, Some(Document::Embed(Embed::Banner)), &headers).await
}

/// How a frame is asked for.
#[derive(Debug, Deserialize)]
struct EmbedQuery {
    #[serde(default)]
    theme: String,
}

/// `GET /status/{organization}/embed`
async fn frame(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(asked): Query<EmbedQuery>,
    headers: HeaderMap,
) -> Response {
    let look = match asked.theme.as_str() {
        "" => Some(BannerStyle::Auto),
        "light" => Some(BannerStyle::Light),
        "dark" => Some(BannerStyle::Dark),
        _ => None,
    };
    handlers::program(&app, &slug, look.map(|look| Document::Embed(Embed::Frame(look))), &headers).await
}

/// What there is to show, in a few words.
#[derive(Debug, Serialize)]
struct Notice {
    /// Whether something is wrong.
    show: bool,
    /// Stays while nothing new is wrong: a banner that was closed stays closed so long.
    key: String,
    /// Whose page it is.
    organization: String,
    /// What the whole page says.
    status: PageStatus,
    /// The worst of what is wrong, for its colour.
    level: Indicator,
    /// What is wrong, or that nothing is.
    headline: String,
    /// How far it has come, and how much else there is.
    detail: String,
    /// Where to read more.
    url: String,
}

fn short_digest(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The colour of an incident of this impact.
const fn level(impact: Impact) -> Indicator {
    match impact {
        Impact::None => Indicator::None,
        Impact::Minor => Indicator::Minor,
        Impact::Major => Indicator::Major,
        Impact::Critical => Indicator::Critical,
    }
}

impl Notice {
    /// The worst incident first, then what the page says, then the work that goes on.
    fn of(
        home: &str,
        organization: &PublicOrganization,
        status: PageStatus,
        open: &[PublishedIncident],
        maintenance: &[PublishedMaintenance],
    ) -> Self {
        let going_on: Vec<_> = maintenance
            .iter()
            .filter(|told| told.maintenance.status.is_going_on())
            .map(|told| &told.maintenance)
            .collect();
        // Of those that matter alike the latest, which stand first.
        let worst = open.iter().map(|told| &told.incident).rev().max_by_key(|incident| incident.impact);
        let outage = status.indicator > Indicator::Maintenance;
        let (headline, url, said) = match (worst, going_on.first()) {
            (Some(incident), _) => (
                incident.title.clone(),
                format!("{home}/incidents/{}", incident.id),
                incident.status.label().to_owned(),
            ),
            (None, Some(maintenance)) if !outage => {
                let said = format!("Maintenance: {}", maintenance.status.label().to_lowercase());
                (maintenance.title.clone(), format!("{home}/maintenance/{}", maintenance.id), said)
            }
            _ => (status.description.to_string(), home.to_owned(), String::new()),
        };
        let others = (open.len() + going_on.len()).saturating_sub(usize::from(!said.is_empty()));
        let more = others > 0 && !said.is_empty();
        let detail = if more { format!("{said} · and {others} more") } else { said };
        let ids = open.iter().map(|told| told.incident.id.as_str());
        let ids: Vec<&str> = ids.chain(going_on.iter().map(|maintenance| maintenance.id.as_str())).collect();
        let level = worst.map_or(Indicator::None, |incident| level(incident.impact)).max(status.indicator);
        Self {
            show: status.indicator != Indicator::None || !ids.is_empty(),
            key: short_digest(&format!("{} {} {}", status.indicator.as_str(), level.as_str(), ids.join(" "))),
            organization: organization.name.clone(),
            status,
            level,
            headline,
            detail,
            url,
        }
    }
}

/// Reads and writes it.
///
/// # Errors
/// [`crate::domain::error::AppError::NotFound`] when the organization has gone;
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub(super) async fn render_document(app: &App, page: &PublicPage, which: &Embed) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let services = services::list_public(page, &mut read).await?;
    let impacts = incidents::open_impacts(&mut read, page.id()).await?;
    let open = incidents::open(page, &mut read).await?;
    let maintenance = maintenance::open(page, &mut read).await?;
    drop(read);
    let status = PageStatus::of(services.services.iter().map(|service| service.status), impacts);
    let made_at = clock::now().max(organization.changed_at);
    let home = app.url.join(&format!("/status/{}", organization.slug));
    let state = Notice::of(&home, &organization, status, &open, &maintenance);
    let windows = maintenance.iter().flat_map(|told| [told.maintenance.starts_at, told.maintenance.ends_at]);
    let good_until = windows.filter(|at| *at > made_at).fold(made_at.plus_seconds(DAY), Ord::min);
    let address = which.path(&organization.slug);
    let meta = DocumentMeta { version: organization.version, address, made_at, good_until };
    let (kind, text) = match which {
        Embed::Banner => (Kind::Json, serde_json::to_string(&state).unwrap_or_default()),
        Embed::Frame(look) => {
            let theme = look.theme();
            (Kind::Frame, rendered(move || framed(state, theme)).await?)
        }
    };
    Ok(Some(RenderedDocument { kind, text, meta }))
}

/// The page for a frame.
fn framed(state: Notice, theme: Option<&'static str>) -> String {
    let Notice { organization, status, level, headline, detail, url, .. } = state;
    let head = Head {
        title: format!("{} · {organization} status", status.description),
        description: String::new(),
        canonical: None,
        indicator: Some(status.indicator),
        style: Style::StatusPage,
        script: Some("embed-frame.js"),
        theme,
        feeds: None,
    };
    let detail = if detail.is_empty() { organization } else { format!("{organization} · {detail}") };
    let html = document::render(head, move || {
        let sign = if level == Indicator::None {
            view! { <path d="M20 6 9 17l-5-5" /> }.into_any()
        } else {
            view! { <circle cx="12" cy="12" r="10" /><path d="M12 7v6" /><path d="M12 17h.01" /> }.into_any()
        };
        view! {
            <main id="main" class=format!("framed banner {}", level.as_str())>
                <svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">{sign}</svg>
                <div>
                    <h1><a href=url target="_blank" rel="noopener">{headline}</a></h1>
                    <p>{detail}</p>
                </div>
            </main>
        }
        .into_any()
    });
    html.replacen("</head>", IN_THE_HEAD, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{IncidentId, MaintenanceId, OrganizationId},
        incident::{Incident, IncidentStatus},
        maintenance::{Maintenance, MaintenanceStatus},
        status::{PageDescription, StatusLabels},
        time::Time,
    };

    fn organization() -> PublicOrganization {
        PublicOrganization {
            id: OrganizationId::from_random([1; 12]),
            slug: "acme".into(),
            name: "Acme".into(),
            description: String::new(),
            time_zone: "UTC".into(),
            support_url: String::new(),
            labels: StatusLabels::default(),
            version: 1,
            changed_at: Time::default(),
        }
    }

    fn incident(number: u8, title: &str, impact: Impact) -> PublishedIncident {
        let incident = Incident {
            id: IncidentId::from_random([number; 12]),
            title: title.into(),
            status: IncidentStatus::Identified,
            impact,
            started_at: Time::default(),
            resolved_at: None,
            services: Vec::new(),
            revision: 1,
            updated_at: Time::default(),
        };
        PublishedIncident { incident, updates: Vec::new(), postmortem: None }
    }

    fn maintenance(status: MaintenanceStatus) -> PublishedMaintenance {
        let maintenance = Maintenance {
            id: MaintenanceId::from_random([9; 12]),
            title: "Upgrade".into(),
            status,
            starts_at: Time::default(),
            ends_at: Time::default(),
            started_at: None,
            completed_at: None,
            automatic: true,
            series_id: None,
            services: Vec::new(),
            revision: 1,
            updated_at: Time::default(),
        };
        PublishedMaintenance { maintenance, updates: Vec::new() }
    }

    const FINE: PageStatus = PageStatus { indicator: Indicator::None, description: PageDescription::AllOperational };
    const OUTAGE: PageStatus = PageStatus { indicator: Indicator::Major, description: PageDescription::PartialOutage };

    fn state(status: PageStatus, open: &[PublishedIncident], maintenance: &[PublishedMaintenance]) -> Notice {
        Notice::of("https://example.com/status/acme", &organization(), status, open, maintenance)
    }

    #[test]
    fn nothing_is_shown_while_nothing_is_wrong() {
        let fine = state(FINE, &[], &[maintenance(MaintenanceStatus::Scheduled)]);
        assert!(!fine.show);
        assert_eq!((fine.headline.as_str(), fine.level), ("All Systems Operational", Indicator::None));
    }

    #[test]
    fn the_worst_is_the_headline() {
        let open =
            [incident(1, "Slow", Impact::Minor), incident(2, "Down", Impact::Major), incident(3, "Old", Impact::Major)];
        let worst = state(FINE, &open, &[maintenance(MaintenanceStatus::InProgress)]);
        assert!(worst.show);
        assert_eq!((worst.headline.as_str(), worst.detail.as_str()), ("Down", "Identified · and 3 more"));
        assert_eq!(worst.level, Indicator::Major);
        assert!(worst.url.ends_with(&format!("/incidents/{}", open[1].incident.id)));
        let planned = state(FINE, &[], &[maintenance(MaintenanceStatus::InProgress)]);
        assert_eq!((planned.headline.as_str(), planned.detail.as_str()), ("Upgrade", "Maintenance: in progress"));
        let outage = state(OUTAGE, &[], &[maintenance(MaintenanceStatus::InProgress)]);
        assert_eq!((outage.headline.as_str(), outage.detail.as_str()), ("Partial System Outage", ""));
    }

    #[test]
    fn what_was_closed_comes_back_with_something_new() {
        let one = state(FINE, &[incident(1, "Slow", Impact::Minor)], &[]);
        let renamed = state(FINE, &[incident(1, "Slower", Impact::Minor)], &[]);
        let worse = state(FINE, &[incident(1, "Slow", Impact::Major)], &[]);
        let more = state(FINE, &[incident(1, "Slow", Impact::Minor), incident(2, "Down", Impact::None)], &[]);
        assert_eq!(one.key, renamed.key);
        assert!(one.key != worse.key && one.key != more.key);
    }
}
