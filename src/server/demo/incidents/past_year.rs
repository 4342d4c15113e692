//! The first two thirds of the year. Between the 311th and the 264th day all was quiet.

use super::{SampleIncident, learned, matters, said, told};
use crate::{
    domain::{
        incident::IncidentStatus::{Identified, Investigating, Monitoring, Resolved},
        status::{
            Impact,
            ServiceStatus::{
                DegradedPerformance as Degraded, MajorOutage as Major, Operational as Well, PartialOutage as Partial,
            },
        },
    },
    server::demo::year::DemoTime::Day,
};

/// Oldest first.
pub(super) fn incidents() -> Vec<SampleIncident> {
    vec![
        told(
            Day(351, 8, 12),
            "Slow dashboards after this morning’s deployment",
            vec![
                said(
                    0,
                    Investigating,
                    "Dashboards take ten seconds or more to load. This started with today's deployment at 08:05 UTC, so we are looking there first.",
                    &[("Web application", Degraded)],
                ),
                said(
                    14,
                    Identified,
                    "A new widget queries the database once for every row it shows. We are rolling back the deployment.",
                    &[],
                ),
                said(26, Monitoring, "The previous version is live and dashboards load in under a second again.", &[]),
                said(
                    55,
                    Resolved,
                    "Loading times have been normal for half an hour. The widget stays disabled until it is fixed.",
                    &[],
                ),
            ],
        ),
        told(
            Day(338, 14, 40),
            "Webhooks delivered late",
            vec![
                said(
                    0,
                    Investigating,
                    "Webhooks currently arrive up to **12 minutes** late. None are lost: they are queued and delivered in order.",
                    &[("Webhooks", Degraded)],
                ),
                said(
                    31,
                    Identified,
                    "One customer's endpoint accepts connections but never responds, and every delivery worker is waiting for it. We are moving that endpoint to its own queue.",
                    &[],
                ),
                said(
                    58,
                    Resolved,
                    "The queue is empty and webhooks arrive within two seconds. From now on, a slow endpoint only slows down itself.",
                    &[],
                ),
            ],
        ),
        learned(
            told(
                Day(326, 2, 5),
                "Payments API returns errors",
                vec![
                    said(
                        0,
                        Investigating,
                        "Most requests to the Payments API fail with `503`. We are investigating.",
                        &[("Payments API", Major)],
                    ),
                    said(
                        17,
                        Identified,
                        "The API can't reach its key store: the certificate between the two expired at 02:00 UTC. A new one is being issued.",
                        &[],
                    ),
                    said(
                        39,
                        Identified,
                        "The new certificate is on half of the servers. About half of all requests succeed; please keep retrying with the same idempotency key.",
                        &[("Payments API", Partial)],
                    ),
                    said(
                        52,
                        Monitoring,
                        "All servers have the new certificate and error rates are back to normal.",
                        &[("Payments API", Well)],
                    ),
                    said(
                        110,
                        Resolved,
                        "This is resolved. No payment was charged twice. Payouts that were due at 02:00 UTC went out \
                         at 03:10 UTC. A postmortem follows.",
                        &[],
                    ),
                ],
            ),
            include_str!("expired-certificate.md"),
        ),
        told(
            Day(311, 9, 30),
            "CSV exports fail for large accounts",
            vec![
                said(
                    0,
                    Investigating,
                    "Exports with more than about two million rows fail with an error. Smaller exports and Parquet work.",
                    &[("Exports", Partial)],
                ),
                said(
                    48,
                    Identified,
                    "Since last night's migration, the disk for temporary files is smaller than before. We are restoring its old size.",
                    &[],
                ),
                said(
                    83,
                    Resolved,
                    "Large exports work again. Failed exports were restarted; you don't need to do anything.",
                    &[],
                ),
            ],
        ),
        told(
            Day(264, 11, 18),
            "Search results are missing new records",
            vec![
                said(
                    0,
                    Investigating,
                    "Records created since about 10:50 UTC don't show up in search. They still exist and can be opened by their URL.",
                    &[("Search", Degraded)],
                ),
                said(
                    22,
                    Identified,
                    "The indexer stopped at a record it couldn't read. We have skipped that record and it is catching up.",
                    &[],
                ),
                said(
                    64,
                    Resolved,
                    "The index is complete. Unreadable records are now set aside instead of stopping the indexer.",
                    &[],
                ),
            ],
        ),
        told(
            Day(255, 16, 47),
            "Sign-in with Google fails",
            vec![
                said(
                    0,
                    Investigating,
                    "Signing in with Google ends on an error page. Passwords and other providers work, and existing sessions are not affected.",
                    &[("Sign-in", Partial)],
                ),
                said(
                    19,
                    Identified,
                    "Google rotated a signing key and we kept the old one for too long. We are refreshing it.",
                    &[],
                ),
                said(27, Resolved, "Signing in with Google works again.", &[("Sign-in", Well)]),
            ],
        ),
        told(
            Day(247, 7, 55),
            "Warehouse sync is behind",
            vec![
                said(
                    0,
                    Investigating,
                    "Syncs to Snowflake and BigQuery run about **three hours** behind. Data is complete, only late.",
                    &[("Warehouse sync", Degraded)],
                ),
                said(
                    70,
                    Identified,
                    "A migration last night made the change log five times its usual size. We are adding workers to catch up.",
                    &[],
                ),
                said(195, Monitoring, "The delay is under 20 minutes and shrinking.", &[]),
                said(240, Resolved, "Syncs are back on schedule.", &[]),
            ],
        ),
        learned(
            told(
                Day(236, 19, 22),
                "Errors across the platform",
                vec![
                    said(
                        0,
                        Investigating,
                        "We are seeing errors in most of our services. Sign-in is currently unavailable. The whole team is working on it.",
                        &[
                            ("Web application", Partial),
                            ("Payments API", Partial),
                            ("Webhooks", Partial),
                            ("Sign-in", Major),
                        ],
                    ),
                    said(
                        12,
                        Investigating,
                        "One of our three availability zones has lost its network connection to the others. We are taking it out of rotation.",
                        &[],
                    ),
                    said(
                        29,
                        Identified,
                        "Traffic goes to the two remaining zones. The Payments API and webhooks have recovered; \
                         sign-in needs its sessions back first.",
                        &[
                            ("Payments API", Well),
                            ("Webhooks", Well),
                            ("Web application", Degraded),
                            ("Sign-in", Partial),
                        ],
                    ),
                    said(
                        61,
                        Monitoring,
                        "Everything is running on two zones, with capacity to spare. Our provider is repairing the third.",
                        &[("Web application", Well), ("Sign-in", Well)],
                    ),
                    said(214, Resolved, "The third zone is back and carries traffic again.", &[]),
                ],
            ),
            include_str!("lost-zone.md"),
        ),
        matters(
            told(
                Day(229, 10, 3),
                "Documentation is unavailable",
                vec![
                    said(
                        0,
                        Identified,
                        "The documentation shows a blank page since a deployment a minute ago. We are rolling it back.",
                        &[("Documentation", Major)],
                    ),
                    said(
                        9,
                        Resolved,
                        "The documentation is back. Sorry to everyone who was in the middle of a page.",
                        &[],
                    ),
                ],
            ),
            Impact::Minor,
        ),
        told(
            Day(214, 13, 15),
            "Card payments with 3-D Secure are declined",
            vec![
                said(
                    0,
                    Investigating,
                    "More card payments than usual are declined when the bank asks for a second factor. Other payments are not affected.",
                    &[("Payments API", Partial)],
                ),
                said(
                    26,
                    Identified,
                    "A card network returns errors for some of our authentication requests. We have contacted them and are routing what we can through our second connection.",
                    &[],
                ),
                said(
                    74,
                    Monitoring,
                    "The network reports a fix, and approval rates are back to normal.",
                    &[("Payments API", Well)],
                ),
                said(131, Resolved, "Approval rates have been normal for an hour.", &[]),
            ],
        ),
        matters(
            told(
                Day(205, 5, 40),
                "Email notifications are delayed",
                vec![
                    said(
                        0,
                        Investigating,
                        "Emails from Northwind (invoices, mentions, password resets) arrive up to 40 minutes late.",
                        &[],
                    ),
                    said(
                        35,
                        Identified,
                        "Our email provider is throttling us after a burst of invoices. We now send password resets first.",
                        &[],
                    ),
                    said(
                        120,
                        Resolved,
                        "All delayed emails have been sent. From now on, invoices are spread over the hour.",
                        &[],
                    ),
                ],
            ),
            Impact::Minor,
        ),
        told(
            Day(193, 15, 31),
            "Slow search",
            vec![
                said(
                    0,
                    Investigating,
                    "Searches take five seconds or more for some organizations.",
                    &[("Search", Degraded)],
                ),
                said(
                    24,
                    Investigating,
                    "It has gotten worse: about one in four searches now times out. Filters and lists are not affected.",
                    &[("Search", Partial)],
                ),
                said(
                    51,
                    Identified,
                    "One of six search servers has a failing disk and slows down all queries that reach it. We are replacing it and copying its data from the others.",
                    &[],
                ),
                said(
                    96,
                    Monitoring,
                    "The new server has all its data and searches are fast again.",
                    &[("Search", Well)],
                ),
                said(
                    150,
                    Resolved,
                    "Resolved. From now on, servers this slow are taken out of rotation automatically.",
                    &[],
                ),
            ],
        ),
        told(
            Day(168, 12, 5),
            "Some webhooks are sent twice",
            vec![
                said(
                    0,
                    Identified,
                    "Since 11:40 UTC about 3% of webhooks have been delivered twice. Both have the same `event_id`: handlers that check it are not affected.",
                    &[("Webhooks", Degraded)],
                ),
                said(33, Monitoring, "We have reverted the change to the retry rules that caused it.", &[]),
                said(78, Resolved, "No event was sent twice in the last 40 minutes.", &[]),
            ],
        ),
    ]
}
