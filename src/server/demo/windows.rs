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
        title: "Primary database upgrade",
        body: "We are upgrading our primary database. Reads keep working; writes may be delayed for **up to a minute** during the switchover.",
        services: &["Web application", "Payments API"],
        called_off: None,
    },
    Window {
        begins: Day(297, 20, 0),
        minutes: 120,
        announced: 6,
        title: "More capacity for search",
        body: "We are moving the search index to larger servers. Searches may take a second longer.",
        services: &["Search"],
        called_off: None,
    },
    Window {
        begins: Day(242, 5, 0),
        minutes: 60,
        announced: 5,
        title: "New signing keys for SAML",
        body: "We are replacing the keys we use to sign SAML requests. You only need to act if you pinned the old ones: both old and new keys are in the documentation.",
        services: &["Sign-in"],
        called_off: None,
    },
    Window {
        begins: Day(198, 21, 30),
        minutes: 150,
        announced: 10,
        title: "Availability zone failover test",
        body: "As promised after the last outage, we will switch off one of our three availability zones for two hours. If everything works as expected, you won’t notice.",
        services: &["Web application", "Payments API", "Webhooks", "Sign-in"],
        called_off: None,
    },
    Window {
        begins: Day(152, 20, 0),
        minutes: 180,
        announced: 8,
        title: "Warehouse connector updates",
        body: "Syncs pause for about 40 minutes per warehouse, one at a time, and catch up automatically.",
        services: &["Warehouse sync"],
        called_off: None,
    },
    Window {
        begins: Day(90, 21, 0),
        minutes: 60,
        announced: 4,
        title: "Failover exercise",
        body: "We will fail over to our standby database and back again. Each switch takes a few seconds.",
        services: &["Web application", "Payments API"],
        called_off: None,
    },
    Window {
        begins: Day(40, 20, 30),
        minutes: 45,
        announced: 5,
        title: "Larger disk for the webhook queue",
        body: "Deliveries pause for about ten minutes. Events are queued and delivered afterwards, in order.",
        services: &["Webhooks"],
        called_off: None,
    },
    Window {
        begins: Day(17, 21, 0),
        minutes: 120,
        announced: 9,
        title: "New home for exports",
        body: "Exports move to another region of the same provider. Exports running at that time will restart.",
        services: &["Exports"],
        // One day before: the move is not ready.
        called_off: Some(1),
    },
    Window {
        begins: Now(-35),
        minutes: 180,
        announced: 5,
        title: "Warehouse sync moves to the new scheduler",
        body: "Syncs pause while their schedules are moved, and catch up automatically afterwards. Dashboards show data from the last sync.",
        services: &["Warehouse sync"],
        called_off: None,
    },
    Window {
        begins: Day(-3, 21, 0),
        minutes: 120,
        announced: 6,
        title: "Primary database upgrade",
        body: "The yearly upgrade of our primary database. Reads keep working; writes may be delayed for **up to a minute** during the switchover, planned for the middle of the window.",
        services: &["Web application", "Payments API", "Sign-in"],
        called_off: None,
    },
];
