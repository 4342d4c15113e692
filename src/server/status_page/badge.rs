//! Badges: the state of an organization or of a service as a small picture, for a README or a web page.
//!
//! What cannot be told is a grey picture that says so, because whoever looks sees a picture or nothing.

use super::{
    Document,
    feeds::{address, requested_service},
    handlers,
    prepared_response::{DocumentMeta, Kind, RenderedDocument, open_to_all},
    xml::escape,
};
use crate::{
    domain::{
        error::Result,
        ids::ServiceId,
        status::{Indicator, PageStatus, ServiceStatus, words},
        time::Time,
    },
    server::{App, access::PublicPage, clock, incidents, organizations, services},
};
use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Most characters of a name.
const MAX_NAME_LENGTH: usize = 40;
/// Height of a badge.
const HEIGHT: u32 = 20;
/// Left and right of each text.
const PADDING: u32 = 7;
/// Seconds after which it is worth looking again, where nobody said it.
const AGAIN: u64 = 5;

words! {
    /// The shape of a badge.
    Shape {
        /// Corners a little round.
        Flat = "flat",
        /// Corners.
        Square = "square",
        /// Round ends.
        Pill = "pill",
    }
}

impl Shape {
    const fn radius(self) -> u32 {
        match self {
            Self::Flat => 4,
            Self::Square => 0,
            Self::Pill => 10,
        }
    }
}

words! {
    /// What a badge stands on.
    Theme {
        /// A light page.
        Light = "light",
        /// A dark page.
        Dark = "dark",
        /// What the reader prefers.
        Auto = "auto",
    }
}

/// Which badge.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Badge {
    /// Of a service, or of the whole organization.
    pub service: Option<ServiceId>,
    /// Its shape.
    pub shape: Shape,
    /// Its colours.
    pub theme: Theme,
}

impl Badge {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        let service = self.service.as_ref().map(|id| format!("service={id}"));
        let shape = (self.shape != Shape::Flat).then(|| format!("style={}", self.shape.as_str()));
        let theme = (self.theme != Theme::Light).then(|| format!("theme={}", self.theme.as_str()));
        address(slug, "badge.svg", service.into_iter().chain(shape).chain(theme))
    }
}

/// What a colour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Well,
    Planned,
    Minor,
    Major,
    Critical,
    Unknown,
}

impl Tone {
    const fn of(status: ServiceStatus) -> Self {
        match status {
            ServiceStatus::Operational => Self::Well,
            ServiceStatus::UnderMaintenance => Self::Planned,
            ServiceStatus::DegradedPerformance => Self::Minor,
            ServiceStatus::PartialOutage => Self::Major,
            ServiceStatus::MajorOutage => Self::Critical,
        }
    }

    const fn of_page(indicator: Indicator) -> Self {
        match indicator {
            Indicator::None => Self::Well,
            Indicator::Maintenance => Self::Planned,
            Indicator::Minor => Self::Minor,
            Indicator::Major => Self::Major,
            Indicator::Critical => Self::Critical,
        }
    }
}

/// The colours of style/tokens.css as pictures have them: what shows them knows neither custom properties
/// nor, here and there, OKLCH.
struct Colours {
    /// Behind the name: `muted`.
    label: &'static str,
    /// The name: `foreground`.
    name: &'static str,
    /// Around it: `border`.
    border: &'static str,
    /// The words of the status: `background`.
    words: &'static str,
    /// Behind them: `status-X-text`, and `muted-foreground` for what is unknown.
    tones: [&'static str; 6],
}

const LIGHT: Colours = Colours {
    label: "#f4f4f5",
    name: "#131316",
    border: "#e2e2e5",
    words: "#ffffff",
    tones: ["#077045", "#0c5fc1", "#7c5a03", "#a64307", "#ba1d27", "#5f5f68"],
};

const DARK: Colours = Colours {
    label: "#1b1b1e",
    name: "#f0f0f2",
    border: "#2a2a2d",
    words: "#0e0e10",
    tones: ["#58cf92", "#7eb4f9", "#eec55e", "#f9a46a", "#fa8785", "#9d9da6"],
};

impl Colours {
    const fn tone(&self, tone: Tone) -> &'static str {
        self.tones[tone as usize]
    }
}

/// Reads and draws a badge; `None` when there is no such service.
pub(super) async fn render_document(app: &App, page: &PublicPage, which: &Badge) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let services = services::list_public(page, &mut read).await?.services;
    let text = match &which.service {
        Some(id) => {
            let Some(service) = services.iter().find(|service| service.id == *id) else { return Ok(None) };
            draw(&service.name, organization.labels.label(service.status), Tone::of(service.status), which)
        }
        None => {
            let impacts = incidents::open_impacts(&mut read, page.id()).await?;
            let status = PageStatus::of(services.iter().map(|service| service.status), impacts);
            draw(&organization.name, status.description.as_str(), Tone::of_page(status.indicator), which)
        }
    };
    let meta = DocumentMeta {
        version: organization.version,
        address: which.path(&organization.slug),
        made_at: clock::now().max(organization.changed_at),
        // Nothing of it changes by time alone.
        good_until: Time::from_micros(i64::MAX),
    };
    Ok(Some(RenderedDocument { kind: Kind::Svg, text, meta }))
}

/// The picture: what it is about at the left, how it is at the right.
fn draw(name: &str, value: &str, tone: Tone, which: &Badge) -> String {
    let short = shortened(name);
    let (of_name, of_value) = (width(&short), width(value));
    let left = of_name + 2 * PADDING;
    let whole = left + of_value + 2 * PADDING;
    let colours = if which.theme == Theme::Dark { &DARK } else { &LIGHT };
    let dark = if which.theme == Theme::Auto { darkened(tone) } else { String::new() };
    let radius = which.shape.radius();
    let full = format!("{name}: {value}");
    let full = escape(&full);
    let (short, value) = (escape(&short), escape(value));
    let (x_of_name, x_of_value) = (PADDING, left + PADDING);
    let (outline_width, outline_height, straight) = (whole - 1, HEIGHT - 1, HEIGHT - 2 * radius);
    // From the name to the end, with round corners there.
    let (to, down) = (whole - left - radius, HEIGHT);
    let corner = if radius == 0 { String::new() } else { format!("a{radius} {radius} 0 0 1 {radius} {radius}") };
    let other = if radius == 0 { String::new() } else { format!("a{radius} {radius} 0 0 1 -{radius} {radius}") };
    let Colours { label, name: of_label, border, words, .. } = colours;
    let fill = colours.tone(tone);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"{down}\" viewBox=\"0 0 {whole} {down}\" \
         role=\"img\" aria-label=\"{full}\"><title>{full}</title>{dark}\
         <rect class=\"l\" x=\".5\" y=\".5\" width=\"{outline_width}\" height=\"{outline_height}\" rx=\"{radius}\" \
         fill=\"{label}\" stroke=\"{border}\"/>\
         <path class=\"v\" fill=\"{fill}\" d=\"M{left} 0h{to}{corner}v{straight}{other}h-{to}z\"/>\
         <g font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"11\">\
         <text class=\"n\" x=\"{x_of_name}\" y=\"14\" textLength=\"{of_name}\" fill=\"{of_label}\">{short}</text>\
         <text class=\"w\" x=\"{x_of_value}\" y=\"14\" textLength=\"{of_value}\" fill=\"{words}\">{value}</text>\
         </g></svg>\n"
    )
}

/// What is otherwise where the reader prefers dark.
fn darkened(tone: Tone) -> String {
    let Colours { label, name, border, words, .. } = DARK;
    let fill = DARK.tone(tone);
    format!(
        "<style>@media(prefers-color-scheme:dark){{.l{{fill:{label};stroke:{border}}}.v{{fill:{fill}}}\
         .n{{fill:{name}}}.w{{fill:{words}}}}}</style>"
    )
}

/// A name that is not too long.
fn shortened(name: &str) -> String {
    let mut letters = name.chars();
    let short: String = letters.by_ref().take(MAX_NAME_LENGTH).collect();
    if letters.next().is_none() { short } else { format!("{}…", short.trim_end()) }
}

/// Widths of the letters from space to tilde in Verdana, in thousandths of its size.
const WIDTHS: [u32; 95] = [
    352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 454, 454, 818, 818, 818, 545, 1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843,
    748, 787, 603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636, 636, 601, 623, 521, 623,
    596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607, 623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635,
    454, 635, 818,
];

/// About how wide a text is. It is stretched to exactly that, whatever the font.
fn width(text: &str) -> u32 {
    let thousandths = |letter: char| match letter {
        ' '..='~' => WIDTHS[letter as usize - ' ' as usize],
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1f000}'.. => 1_250,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{ffef}' => 1_000,
        _ => 640,
    };
    (text.chars().map(thousandths).sum::<u32>() * 11).div_ceil(1_000)
}

/// Which badge is asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct BadgeQuery {
    service: String,
    #[serde(rename = "style")]
    shape: String,
    theme: String,
}

impl BadgeQuery {
    /// What can be read of style and theme, for a picture that says what is wrong.
    fn shape(&self) -> Option<Shape> {
        if self.shape.is_empty() { Some(Shape::Flat) } else { self.shape.parse().ok() }
    }

    fn theme(&self) -> Option<Theme> {
        if self.theme.is_empty() { Some(Theme::Light) } else { self.theme.parse().ok() }
    }

    fn badge(&self) -> Option<Badge> {
        Some(Badge { service: requested_service(&self.service)?, shape: self.shape()?, theme: self.theme()? })
    }
}

/// `GET /status/{organization}/badge.svg`
async fn badge(
    State(app): State<App>,
    Path(slug): Path<String>,
    asked: Result<Query<BadgeQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let (asked, badge) = match asked {
        Ok(Query(asked)) => {
            let badge = asked.badge();
            (asked, badge)
        }
        Err(_) => (BadgeQuery::default(), None),
    };
    let answer = handlers::program(&app, &slug, badge.map(Document::Badge), &headers).await;
    if answer.status().is_success() || answer.status().is_redirection() { answer } else { unknown(&answer, &asked) }
}

/// A picture instead of a refusal.
fn unknown(refusal: &Response, asked: &BadgeQuery) -> Response {
    let status = refusal.status();
    let words = if status == StatusCode::NOT_FOUND { "not found" } else { "unknown" };
    let (shape, theme) = (asked.shape().unwrap_or(Shape::Flat), asked.theme().unwrap_or(Theme::Light));
    let picture = draw("status", words, Tone::Unknown, &Badge { service: None, shape, theme });
    let kind = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, kind, picture).into_response();
    let headers = response.headers_mut();
    open_to_all(headers);
    let again = refusal.headers().get(header::RETRY_AFTER).cloned();
    let again = again.or_else(|| status.is_server_error().then(|| HeaderValue::from(AGAIN)));
    if let Some(again) = again {
        headers.insert(header::RETRY_AFTER, again);
    }
    response
}

/// The address of all badges.
pub fn routes() -> Router<App> {
    Router::new().route("/status/{organization}/badge.svg", get(badge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::db::random_id;

    const FLAT: Badge = Badge { service: None, shape: Shape::Flat, theme: Theme::Light };

    #[test]
    fn a_badge_has_one_address() {
        let id = ServiceId::from_random(random_id());
        assert_eq!(FLAT.path("acme"), "/status/acme/badge.svg");
        let badge = Badge { service: Some(id.clone()), shape: Shape::Pill, theme: Theme::Auto };
        assert_eq!(badge.path("acme"), format!("/status/acme/badge.svg?service={id}&style=pill&theme=auto"));
    }

    #[test]
    fn a_name_is_text_and_not_too_long() {
        let picture = draw("<&\"'>", "Operational", Tone::Well, &FLAT);
        assert!(picture.contains("<title>&lt;&amp;&quot;&#39;&gt;: Operational</title>"), "{picture}");
        assert_eq!(shortened(&"ä".repeat(MAX_NAME_LENGTH)), "ä".repeat(MAX_NAME_LENGTH));
        assert_eq!(shortened(&"ä".repeat(MAX_NAME_LENGTH + 1)), format!("{}…", "ä".repeat(MAX_NAME_LENGTH)));
    }

    #[test]
    fn widths_are_about_those_of_verdana() {
        assert_eq!((width(""), width("status"), width("WWW"), width("iii")), (0, 34, 33, 10));
        assert!(width("日本") > width("ab") && width("🚀") > width("W") && width("e\u{301}") == width("e"));
    }

    fn luminance(colour: &str) -> f64 {
        let part = |from: usize| {
            let value = f64::from(u8::from_str_radix(&colour[from..from + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    /// WCAG 2.2, 1.4.3.
    #[test]
    fn words_can_be_read_on_every_colour() {
        for colours in [LIGHT, DARK] {
            let pairs = colours.tones.iter().map(|tone| (*tone, colours.words));
            for (behind, text) in pairs.chain([(colours.label, colours.name)]) {
                let (one, other) = (luminance(behind), luminance(text));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(contrast >= 4.5, "{text} on {behind}: {contrast}");
            }
        }
    }
}
