//! Maintenance at Northwind: what was, what goes on, what comes.

use super::year::DemoTime::{self, Day, Now};

/// A window of the year. The clock moves it through its statuses.
pub(super) struct Window {
    pub begins: DemoTime,
    pub minutes: i64,
    /// Days before it begins at which it was announced.
    pub announced: i64,
    pub title: &'static str,
    pub body: &'static str,
    pub services: &'static [&'static str],
    /// Days before it was to begin at which it was called off.
    pub called_off: Option<i64>,
}

/// Earliest first.
pub(super) const WINDOWS: &[Window] = &[
    Window {
        begins: Day(343, 21, 0),
        minutes: 90,
        announced: 7,
        title: "New version of the main database",
        body: "We bring our main database to a new version. You can read meanwhile; changes wait for **up to a \
               minute** when we switch over.",
        services: &["Web application", "Payments API"],
        called_off: None,
    },
    Window {
        begins: Day(297, 20, 0),
        minutes: 120,
        announced: 6,
        title: "More room for search",
        body: "The search index moves to larger machines. Searches may take a second longer.",
        services: &["Search"],
        called_off: None,
    },
    Window {
        begins: Day(242, 5, 0),
        minutes: 60,
        announced: 5,
        title: "New signing keys for SAML",
        body: "We replace the keys with which we sign SAML requests. Nothing is to be done on your side unless you \
               pinned the old ones: they are in the documentation, next to the new ones.",
        services: &["Sign-in"],
        called_off: None,
    },
    Window {
        begins: Day(198, 21, 30),
        minutes: 150,
        announced: 10,
        title: "A zone is taken away on purpose",
        body: "As we promised after the last outage: we switch one of three availability zones off for two hours. If \
               all is as it should be, you notice nothing.",
        services: &["Web application", "Payments API", "Webhooks", "Sign-in"],
        called_off: None,
    },
    Window {
        begins: Day(152, 20, 0),
        minutes: 180,
        announced: 8,
        title: "Warehouse connectors are updated",
        body: "Syncs pause for each warehouse in turn, about 40 minutes each, and catch up by themselves.",
        services: &["Warehouse sync"],
        called_off: None,
    },
    Window {
        begins: Day(90, 21, 0),
        minutes: 60,
        announced: 4,
        title: "Failover exercise",
        body: "We let the stand-in of our main database take over, and back again. Each takes a few seconds.",
        services: &["Web application", "Payments API"],
        called_off: None,
    },
    Window {
        begins: Day(40, 20, 30),
        minutes: 45,
        announced: 5,
        title: "A larger disk for the webhook queue",
        body: "Deliveries pause for about ten minutes. Events are kept and delivered afterwards, in order.",
        services: &["Webhooks"],
        called_off: None,
    },
    Window {
        begins: Day(17, 21, 0),
        minutes: 120,
        announced: 9,
        title: "New home for exports",
        body: "Exports move to another region of the same provider. Those that run at the time begin anew.",
        services: &["Exports"],
        // One day before: the move is not ready.
        called_off: Some(1),
    },
    Window {
        begins: Now(-35),
        minutes: 180,
        announced: 5,
        title: "Warehouse sync moves to the new scheduler",
        body: "Syncs pause while their plans are moved, and catch up by themselves afterwards. Dashboards show the \
               data of the last sync.",
        services: &["Warehouse sync"],
        called_off: None,
    },
    Window {
        begins: Day(-3, 21, 0),
        minutes: 120,
        announced: 6,
        title: "New version of the main database",
        body: "The yearly update of our main database. You can read all the time; changes wait for **up to a minute** \
               when we switch over, which is planned for the middle of the window.",
        services: &["Web application", "Payments API", "Sign-in"],
        called_off: None,
    },
];
