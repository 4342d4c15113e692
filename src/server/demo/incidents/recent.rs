//! The last third of the year, up to now. Before the 119th day all was quiet for seven weeks.

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
    server::demo::year::DemoTime::{Day, Now},
};

/// Oldest first.
pub(super) fn incidents() -> Vec<SampleIncident> {
    vec![
        told(
            Day(119, 9, 14),
            "Sign-in is slow",
            vec![
                said(
                    0,
                    Investigating,
                    "Signing in takes up to 20 seconds. Existing sessions are not affected.",
                    &[("Sign-in", Degraded)],
                ),
                said(
                    21,
                    Identified,
                    "Password hashing is short of CPU since this morning's move to smaller servers. We are moving back.",
                    &[],
                ),
                said(40, Resolved, "Signing in takes less than a second again.", &[]),
                said(
                    148,
                    Investigating,
                    "We closed this too early: sign-in is slow again as users in the Americas start their day. We are still investigating.",
                    &[("Sign-in", Degraded)],
                ),
                said(
                    190,
                    Resolved,
                    "Half of the servers had not been moved back. They have been now, and we monitored sign-in through the busiest hour.",
                    &[],
                ),
            ],
        ),
        learned(
            told(
                Day(104, 22, 38),
                "Platform unavailable: database failover",
                vec![
                    said(
                        0,
                        Investigating,
                        "The web application and the Payments API are not responding. We are investigating with high priority.",
                        &[
                            ("Web application", Major),
                            ("Payments API", Major),
                            ("Sign-in", Partial),
                            ("Search", Partial),
                            ("Exports", Partial),
                        ],
                    ),
                    said(
                        8,
                        Identified,
                        "Our primary database has failed and the standby did not take over automatically. We are switching over manually.",
                        &[],
                    ),
                    said(
                        23,
                        Monitoring,
                        "The standby is serving all traffic. Services are recovering; the first minutes may be slow while caches warm up.",
                        &[
                            ("Web application", Degraded),
                            ("Payments API", Degraded),
                            ("Sign-in", Well),
                            ("Search", Well),
                            ("Exports", Degraded),
                        ],
                    ),
                    said(
                        44,
                        Monitoring,
                        "All services are healthy. We continue to monitor and are building a new standby.",
                        &[("Web application", Well), ("Payments API", Well), ("Exports", Well)],
                    ),
                    said(
                        232,
                        Resolved,
                        "The new standby is ready, and we have tested that it takes over automatically. No data was lost.",
                        &[],
                    ),
                ],
            ),
            include_str!("database-failover.md"),
        ),
        matters(
            told(
                Day(97, 14, 20),
                "Support desk can’t be reached by phone",
                vec![
                    said(
                        0,
                        Investigating,
                        "Calls to our support desk don't get through. Email and chat are staffed as usual.",
                        &[("Support desk", Partial)],
                    ),
                    said(85, Resolved, "Our phone provider has repaired a broken line. Calls get through again.", &[]),
                ],
            ),
            Impact::Minor,
        ),
        told(
            Day(83, 10, 45),
            "Warehouse sync fails for BigQuery",
            vec![
                said(
                    0,
                    Investigating,
                    "Syncs to BigQuery fail with `permission denied`. Snowflake and Redshift are not affected.",
                    &[("Warehouse sync", Partial)],
                ),
                said(
                    38,
                    Identified,
                    "Google requires one more permission since today. We are adding it; you don't need to change anything.",
                    &[],
                ),
                said(
                    57,
                    Monitoring,
                    "Syncs to BigQuery are running again and catching up on the hour they missed.",
                    &[("Warehouse sync", Degraded)],
                ),
                said(112, Resolved, "All syncs have caught up.", &[]),
            ],
        ),
        told(
            Day(71, 17, 26),
            "Payments API is slow",
            vec![
                said(
                    0,
                    Investigating,
                    "Requests to the Payments API take two to four seconds instead of 200 ms. They succeed; if your \
                     client gives up early, raise its timeout.",
                    &[("Payments API", Degraded)],
                ),
                said(
                    29,
                    Identified,
                    "A report that ran for the first time today held locks that payments were waiting for. We have stopped it.",
                    &[],
                ),
                said(41, Resolved, "Response times are back to normal. The report will run on a replica.", &[]),
            ],
        ),
        told(
            Day(60, 6, 58),
            "Charts stay empty in Safari",
            vec![
                said(
                    0,
                    Identified,
                    "Since last night's release, charts stay empty in Safari 17 and older. Tables and exports show the same numbers.",
                    &[("Web application", Degraded)],
                ),
                said(47, Resolved, "A fix is live. Reload the page if you still see an empty chart.", &[]),
            ],
        ),
        learned(
            told(
                Day(48, 13, 9),
                "Webhooks are not delivered",
                vec![
                    said(
                        0,
                        Investigating,
                        "No webhooks have been delivered since 13:04 UTC. Events are recorded and will be delivered \
                         later.",
                        &[("Webhooks", Major)],
                    ),
                    said(
                        18,
                        Identified,
                        "The queue's disk is full. We are moving it to a larger one, which takes about an hour to make sure nothing is lost.",
                        &[],
                    ),
                    said(
                        77,
                        Identified,
                        "The queue is on its new disk. Deliveries have resumed, oldest first, at twice the usual pace.",
                        &[("Webhooks", Partial)],
                    ),
                    said(
                        128,
                        Monitoring,
                        "All queued events have been delivered; new events arrive within seconds.",
                        &[("Webhooks", Well)],
                    ),
                    said(190, Resolved, "Resolved. All 214,000 queued events were delivered exactly once.", &[]),
                ],
            ),
            include_str!("full-queue.md"),
        ),
        told(
            Day(48, 13, 51),
            "Exports and webhook logs time out",
            vec![
                said(
                    0,
                    Investigating,
                    "Exports and the webhook delivery log are much slower than usual. This is caused by moving the webhook queue; see our other incident.",
                    &[("Exports", Degraded), ("Webhooks", Degraded)],
                ),
                said(
                    39,
                    Identified,
                    "Both share a network link with the move. We have slowed the move down a little to make room for exports.",
                    &[],
                ),
                said(66, Resolved, "Exports and logs are back to normal speed.", &[]),
            ],
        ),
        told(
            Day(35, 11, 33),
            "Search is unavailable for organizations in Europe",
            vec![
                said(
                    0,
                    Investigating,
                    "Searches fail for organizations whose data is stored in Frankfurt. Others are not affected.",
                    &[("Search", Partial)],
                ),
                said(
                    16,
                    Identified,
                    "A new version of the index was enabled there before it was complete. We are switching back to the old one.",
                    &[],
                ),
                said(
                    22,
                    Monitoring,
                    "The old index is back. Records from the last 20 minutes will follow shortly.",
                    &[("Search", Degraded)],
                ),
                said(54, Resolved, "Search is complete and working everywhere.", &[]),
            ],
        ),
        learned(
            told(
                Day(24, 4, 47),
                "Payments API unavailable",
                vec![
                    said(
                        0,
                        Investigating,
                        "The Payments API is not responding. We are investigating with high priority.",
                        &[("Payments API", Major)],
                    ),
                    said(
                        11,
                        Identified,
                        "A rate limit that protects the API from overload counts all requests as if they came from one customer. We are disabling it.",
                        &[],
                    ),
                    said(
                        21,
                        Monitoring,
                        "Requests succeed again. Rejected requests got a `429` and can safely be retried.",
                        &[("Payments API", Well)],
                    ),
                    said(69, Resolved, "Resolved. No payment was lost or charged twice.", &[]),
                ],
            ),
            include_str!("load-balancer.md"),
        ),
        told(
            Day(13, 9, 5),
            "Sign-in with SAML fails for some organizations",
            vec![
                said(
                    0,
                    Investigating,
                    "Organizations with SAML and a certificate from before 2021 cannot sign in. Owners can still sign \
                     in with their password.",
                    &[("Sign-in", Degraded)],
                ),
                said(
                    37,
                    Identified,
                    "Today's library update rejects SHA-1 signatures. We are rolling it back and will contact the 14 organizations that still use them.",
                    &[],
                ),
                said(52, Resolved, "SAML sign-in works for everyone again.", &[]),
            ],
        ),
        matters(
            told(
                Day(5, 15, 12),
                "Invoices show the wrong time zone",
                vec![
                    said(
                        0,
                        Identified,
                        "Dates on this month's invoices are in UTC instead of your own time zone. Amounts are right.",
                        &[],
                    ),
                    said(
                        180,
                        Resolved,
                        "Invoices show your time zone again. This month’s were reissued under the same numbers.",
                        &[],
                    ),
                ],
            ),
            Impact::None,
        ),
        told(
            Now(-47),
            "Some card payments fail",
            vec![
                said(
                    0,
                    Investigating,
                    "About one in ten card payments fails with `processor_unavailable`. Bank transfers and wallets are not affected. Retrying usually helps.",
                    &[("Payments API", Partial)],
                ),
                said(
                    19,
                    Identified,
                    "One of our two card processors has confirmed an issue. We are moving traffic to the other one step by step to avoid overloading it:\n\n- European cards: done\n- Cards from the Americas: in progress\n- Everything else: next\n\nWe’ll post the next update within 30 minutes.",
                    &[],
                ),
            ],
        ),
    ]
}
