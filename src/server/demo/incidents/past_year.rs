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
            "Slow dashboards after the morning deployment",
            vec![
                said(
                    0,
                    Investigating,
                    "Dashboards take ten seconds and more to load. It began with today's deployment at 08:05 UTC, so \
                     we are looking there first.",
                    &[("Web application", Degraded)],
                ),
                said(
                    14,
                    Identified,
                    "A new widget asks the database once for every row it shows. We are rolling the deployment back.",
                    &[],
                ),
                said(26, Monitoring, "The previous version is live and dashboards load in under a second again.", &[]),
                said(
                    55,
                    Resolved,
                    "Loading times have been normal for half an hour. The widget stays out until it asks once.",
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
                    "Webhooks currently arrive up to **12 minutes** late. None are lost: they wait in the queue and \
                     are delivered in order.",
                    &[("Webhooks", Degraded)],
                ),
                said(
                    31,
                    Identified,
                    "One customer's endpoint accepts connections and never answers, and every delivery worker is \
                     waiting for it. We are moving that endpoint to a queue of its own.",
                    &[],
                ),
                said(
                    58,
                    Resolved,
                    "The queue is empty and webhooks arrive within two seconds. From now on a slow endpoint only \
                     slows itself.",
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
                        "Most requests to the Payments API are answered with `503`. We have been paged and are \
                         looking into it.",
                        &[("Payments API", Major)],
                    ),
                    said(
                        17,
                        Identified,
                        "The API cannot reach its key store: the certificate between the two ran out at 02:00 UTC. A \
                         new one is being issued.",
                        &[],
                    ),
                    said(
                        39,
                        Identified,
                        "The new certificate is on half of the machines. About half of all requests succeed; please \
                         keep retrying with the same idempotency key.",
                        &[("Payments API", Partial)],
                    ),
                    said(
                        52,
                        Monitoring,
                        "All machines have the new certificate and error rates are back to normal.",
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
                    "Exports with more than about two million rows end with an error. Smaller ones, and Parquet, work.",
                    &[("Exports", Partial)],
                ),
                said(
                    48,
                    Identified,
                    "The disk for temporary files is smaller than it was since last night's move. We are giving it \
                     its old size.",
                    &[],
                ),
                said(
                    83,
                    Resolved,
                    "Large exports work again. Those that failed were started anew; you need not do anything.",
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
                    "Records made since about 10:50 UTC are not found by search. They are there, and opening them by \
                     their address works.",
                    &[("Search", Degraded)],
                ),
                said(
                    22,
                    Identified,
                    "The indexer stopped at a record that it could not read. We have skipped that one and it is \
                     catching up.",
                    &[],
                ),
                said(
                    64,
                    Resolved,
                    "The index is complete. A record that cannot be read is set aside now instead of stopping the \
                     rest.",
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
                    "Signing in with Google ends on an error page. Passwords and other providers work, and whoever is \
                     signed in stays signed in.",
                    &[("Sign-in", Partial)],
                ),
                said(
                    19,
                    Identified,
                    "A key of Google's was replaced and we kept the old one for longer than we should. We are reading \
                     it anew.",
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
                    "A migration last night made the change log five times its usual size. We are adding workers \
                     until it is read.",
                    &[],
                ),
                said(195, Monitoring, "The delay is under 20 minutes and shrinking.", &[]),
                said(240, Resolved, "Syncs are on time.", &[]),
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
                        "We see errors in most of our services. Nobody can sign in at the moment. All hands are on it.",
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
                        "One of our three availability zones has lost its network towards the others. We are taking \
                         it out of rotation.",
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
                        "Everything works on two zones, with some reserve. Our provider is repairing the third.",
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
                        "The documentation shows a blank page since a deployment a minute ago. We are undoing it.",
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
                    "More card payments than usual are declined when the bank asks for a second factor. Payments \
                     without it are fine.",
                    &[("Payments API", Partial)],
                ),
                said(
                    26,
                    Identified,
                    "A card network answers part of our authentication requests with an error. We have told them and \
                     send what we can through our second route.",
                    &[],
                ),
                said(
                    74,
                    Monitoring,
                    "The network reports a fix, and approval rates are where they usually are.",
                    &[("Payments API", Well)],
                ),
                said(131, Resolved, "Approval rates have been normal for an hour.", &[]),
            ],
        ),
        matters(
            told(
                Day(205, 5, 40),
                "E-mail notifications are delayed",
                vec![
                    said(
                        0,
                        Investigating,
                        "E-mails from Northwind (invoices, mentions, password resets) arrive up to 40 minutes late.",
                        &[],
                    ),
                    said(
                        35,
                        Identified,
                        "Our mail provider is limiting how fast we send after a burst of invoices. Password resets \
                         now go first.",
                        &[],
                    ),
                    said(
                        120,
                        Resolved,
                        "All mail that waited has been sent. Invoices are spread over the hour from now on.",
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
                    "Searches take five seconds and more for some organizations.",
                    &[("Search", Degraded)],
                ),
                said(
                    24,
                    Investigating,
                    "It has become worse: about one search in four now times out. Filters and lists are not affected.",
                    &[("Search", Partial)],
                ),
                said(
                    51,
                    Identified,
                    "One of six search machines has a failing disk and slows down all queries that touch it. It is \
                     being replaced; its data is copied from the others.",
                    &[],
                ),
                said(
                    96,
                    Monitoring,
                    "The new machine has all its data and searches are quick again.",
                    &[("Search", Well)],
                ),
                said(
                    150,
                    Resolved,
                    "Resolved. A machine that is this slow will be taken out without us from now on.",
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
                    "Since 11:40 UTC about 3 % of webhooks are delivered twice. Both have the same `event_id`: \
                     handlers that look at it are not affected.",
                    &[("Webhooks", Degraded)],
                ),
                said(33, Monitoring, "We have undone the change of the retry rules that caused it.", &[]),
                said(78, Resolved, "No event was sent twice in the last 40 minutes.", &[]),
            ],
        ),
    ]
}
