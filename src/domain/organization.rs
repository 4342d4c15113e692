//! Organizations: slugs, settings, and what lists show of them.

use super::{
    ids::{OrganizationId, TeamId},
    role::{Action, PermissionScope, Role, TeamRole},
    status::{PageStatus, StatusLabels},
};
use serde::{Deserialize, Serialize};

/// Most characters of an organization's name.
pub const MAX_NAME_LENGTH: usize = 80;
/// Most characters of a slug.
pub const MAX_SLUG_LENGTH: usize = 40;

/// Words that stand for something else in an address and so cannot be slugs.
pub const RESERVED: &[&str] = &[
    "account",
    "admin",
    "api",
    "assets",
    "audit",
    "auth",
    "badge",
    "candor",
    "dashboard",
    "design",
    "docs",
    "embed",
    "feed",
    "health",
    "incidents",
    "live",
    "maintenance",
    "metrics",
    "new",
    "organization",
    "organizations",
    "rpc",
    "services",
    "settings",
    "sign-in",
    "sign-out",
    "sign-up",
    "status",
    "subscribe",
    "subscribers",
    "subscriptions",
    "team",
    "well-known",
    "www",
];

/// An organization in a list of the signed-in person's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrganizationSummary {
    /// Permanent.
    pub id: OrganizationId,
    /// Part of its addresses.
    pub slug: String,
    /// As it is shown.
    pub name: String,
    /// What the person is there.
    pub role: Role,
}

/// What the frame of the dashboard shows around every screen of one organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationFrame {
    /// The organization and the person's role in it.
    pub organization: OrganizationSummary,
    /// The person's roles in teams.
    pub teams: Vec<(TeamId, TeamRole)>,
    /// IANA name, for example `Europe/Vienna`.
    pub time_zone: String,
    /// The state that visitors see.
    pub status: PageStatus,
    /// What the statuses of services are called here.
    pub labels: StatusLabels,
    /// Number of services.
    pub services: usize,
    /// Number of open incidents.
    pub incidents: usize,
    /// Number of members.
    pub members: usize,
    /// Address of the public page, with its host.
    pub status_page: String,
}

impl OrganizationFrame {
    /// Where the person may do this, if anywhere.
    pub fn reach(&self, action: Action) -> Option<PermissionScope> {
        PermissionScope::of(action, self.organization.role, &self.teams)
    }
}

/// What a person types to create an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrganization {
    /// As it is shown.
    pub name: String,
    /// Part of its addresses.
    pub slug: String,
    /// IANA name; the browser suggests its own.
    pub time_zone: String,
    /// Whether the directory at `/` lists it; a form leaves it out when it is not ticked.
    #[serde(default)]
    pub listed: bool,
}

/// What can be changed about an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSettings {
    /// As it is shown.
    pub name: String,
    /// Part of its addresses; the five latest former ones go on leading here.
    pub slug: String,
    /// A sentence or two for visitors, may be empty.
    #[serde(default)]
    pub description: String,
    /// IANA name.
    pub time_zone: String,
    /// Where visitors find help, may be empty.
    #[serde(default)]
    pub support_url: String,
    /// Whether the directory at `/` lists it; a form leaves it out when it is not ticked.
    #[serde(default)]
    pub listed: bool,
    /// What the statuses of services are called; those without a word have their standard one.
    #[serde(default)]
    pub labels: StatusLabels,
}

/// Checks the address of a support page.
///
/// # Errors
/// A sentence for the field.
pub fn support_url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let web = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let mail = text.strip_prefix("mailto:").filter(|address| super::account::email(address).is_ok());
    let plain = text.len() <= 500
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'));
    // Browsers take a backslash for a slash.
    let authority = web.and_then(|rest| rest.split(['/', '\\', '?', '#']).next()).unwrap_or_default();
    if authority.contains('@') {
        // Visitors would send them, or take what stands before the @ for the host.
        return Err("Remove the username and password. Anyone can see this URL.".to_owned());
    }
    if text.is_empty()
        || (plain && (mail.is_some() || web.is_some_and(|rest| rest.contains('.') && !rest.starts_with(['/', '.']))))
    {
        Ok(text.to_owned())
    } else {
        Err("Enter a full URL, like https://example.com/support or mailto:help@example.com.".to_owned())
    }
}

/// Whether a slug can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlugCheck {
    /// The slug that was asked about.
    pub slug: String,
    /// Why it cannot be had, if so.
    pub problem: Option<String>,
    /// One that can be had instead.
    pub suggestion: Option<String>,
}

/// Checks a slug.
///
/// # Errors
/// A sentence for the field.
pub fn slug(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        Err("Enter a URL for your page.".to_owned())
    } else if text.len() < 2 || text.len() > MAX_SLUG_LENGTH {
        Err(format!("Use 2 to {MAX_SLUG_LENGTH} characters."))
    } else if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        Err("Use only lowercase letters a to z, numbers and hyphens.".to_owned())
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        Err("Hyphens can’t be first, last or doubled.".to_owned())
    } else if RESERVED.contains(&text) {
        Err(format!("“{text}” is reserved. Choose something else."))
    } else {
        Ok(text.to_owned())
    }
}

/// The slug that a name suggests: always a valid one, or empty when the name has no usable letter.
pub fn suggest_slug(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'a'..='z' | '0'..='9' => Some(c),
            'à'..='å' | 'ā' | 'ă' | 'ą' => Some('a'),
            'ç' | 'ć' | 'č' => Some('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => Some('e'),
            'ì'..='ï' | 'ī' => Some('i'),
            'ñ' | 'ń' | 'ň' => Some('n'),
            'ò'..='ö' | 'ø' | 'ō' => Some('o'),
            'ß' | 'ś' | 'š' => Some('s'),
            'ù'..='ü' | 'ū' | 'ů' => Some('u'),
            'ý' | 'ÿ' => Some('y'),
            'ź' | 'ż' | 'ž' => Some('z'),
            '\'' | '’' => continue,
            _ => None,
        };
        match plain {
            Some(c) => text.push(c),
            None if !text.is_empty() && !text.ends_with('-') => text.push('-'),
            None => {}
        }
    }
    text.truncate(MAX_SLUG_LENGTH - 4);
    let text = text.trim_end_matches('-').to_owned();
    if text.len() == 1 || RESERVED.contains(&text.as_str()) { format!("{text}-status") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs() {
        for good in ["northwind", "a1", "north-wind-2"] {
            assert!(slug(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "North",
            "north wind",
            "-north",
            "north-",
            "a--b",
            "dashboard",
            "services",
            "x/../y",
            &"x".repeat(41),
        ] {
            assert!(slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn support_addresses_are_links_and_nothing_else() {
        for good in ["", "https://example.com/help", "mailto:help@example.com"] {
            assert!(support_url(good).is_ok(), "{good}");
        }
        for bad in [
            "example.com",
            "javascript:alert(1)",
            "https://a b.com",
            "https:///x",
            "https://example.com\\@evil.example",
            "mailto:nobody",
            "data:text/html,x",
            "ftp://example.com",
        ] {
            assert!(support_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn support_addresses_hold_no_user_and_no_password() {
        for bad in ["https://user:password@example.com/", "http://example.com@evil.example", "https://@example.com?x"] {
            assert!(support_url(bad).is_err_and(|words| words.contains("password")), "{bad}");
        }
        for good in ["https://example.com/@help", "https://example.com?to=help@example.com", "https://example.com#@"] {
            assert!(support_url(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn suggestions() {
        assert_eq!(suggest_slug("Northwind Traders, Inc."), "northwind-traders-inc");
        assert_eq!(suggest_slug("Zürich’s Café"), "zurichs-cafe");
        assert_eq!(suggest_slug("Status"), "status-status");
        assert_eq!(suggest_slug("日本"), "");
    }

    proptest! {
        #[test]
        fn a_suggestion_is_valid(name in "\\PC{0,60}") {
            let suggestion = suggest_slug(&name);
            prop_assert!(suggestion.is_empty() || slug(&suggestion).is_ok(), "{:?}", suggestion);
        }
    }
}
