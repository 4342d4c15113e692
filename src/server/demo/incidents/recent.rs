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
                    "Signing in takes up to 20 seconds. Whoever is signed in notices nothing.",
                    &[("Sign-in", Degraded)],
                ),
                said(
                    21,
                    Identified,
                    "Hashing passwords has too few processors since this morning's move to smaller machines. We are \
                     moving back.",
                    &[],
                ),
                said(40, Resolved, "Signing in takes less than a second again.", &[]),
                said(
                    148,
                    Investigating,
                    "We closed this too early: with the first users of the Americas it is slow again. We are looking \
                     further.",
                    &[("Sign-in", Degraded)],
                ),
                said(
                    190,
                    Resolved,
                    "Half of the machines had not been moved back. They have been now, and we watched sign-in through \
                     the busiest hour.",
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
                        "The web application and the Payments API do not answer. We are looking into it with high \
                         priority.",
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
                        "Our main database has failed and its stand-in did not take over by itself. We are switching \
                         by hand.",
                        &[],
                    ),
                    said(
                        23,
                        Monitoring,
                        "The stand-in serves all traffic. Services are coming back; the first minutes may be slow \
                         while caches fill.",
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
                        "All services are well. We keep watching, and are building a new stand-in.",
                        &[("Web application", Well), ("Payments API", Well), ("Exports", Well)],
                    ),
                    said(
                        232,
                        Resolved,
                        "The new stand-in is complete and takes over by itself: we tried it. No data was lost.",
                        &[],
                    ),
                ],
            ),
            include_str!("database-failover.md"),
        ),
        matters(
            told(
                Day(97, 14, 20),
                "Support desk cannot be reached by telephone",
                vec![
                    said(
                        0,
                        Investigating,
                        "Calls to our support desk do not come through. E-mail and chat are staffed as usual.",
                        &[("Support desk", Partial)],
                    ),
                    said(
                        85,
                        Resolved,
                        "Our telephone provider has repaired a broken line. Calls come through again.",
                        &[],
                    ),
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
                    "Syncs to BigQuery end with `permission denied`. Snowflake and Redshift are not affected.",
                    &[("Warehouse sync", Partial)],
                ),
                said(
                    38,
                    Identified,
                    "Google asks for one more permission since today. We are adding it; you need not change anything.",
                    &[],
                ),
                said(
                    57,
                    Monitoring,
                    "Syncs to BigQuery run again and catch up with the hour that they missed.",
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
                    "A report that ran for the first time today holds locks which payments wait for. It has been \
                     stopped.",
                    &[],
                ),
                said(41, Resolved, "Response times are normal. The report will read from a copy.", &[]),
            ],
        ),
        told(
            Day(60, 6, 58),
            "Charts stay empty in Safari",
            vec![
                said(
                    0,
                    Identified,
                    "Since last night's release charts stay empty in Safari 17 and older. Tables and exports show the \
                     same numbers.",
                    &[("Web application", Degraded)],
                ),
                said(
                    47,
                    Resolved,
                    "A corrected release is live. Reload the page if you still see an empty chart.",
                    &[],
                ),
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
                        "The queue's disk is full. We are moving it to a larger one, which takes about an hour \
                         because nothing may be lost.",
                        &[],
                    ),
                    said(
                        77,
                        Identified,
                        "The queue is on its new disk. Deliveries have begun, oldest first, at twice the usual pace.",
                        &[("Webhooks", Partial)],
                    ),
                    said(
                        128,
                        Monitoring,
                        "Everything that waited has been delivered; new events arrive within seconds.",
                        &[("Webhooks", Well)],
                    ),
                    said(
                        190,
                        Resolved,
                        "Resolved. Every one of the 214,000 events that waited was delivered once.",
                        &[],
                    ),
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
                    "Exports take much longer than usual, and so does the delivery log of webhooks. It comes with the \
                     move of the webhook queue, see our other incident.",
                    &[("Exports", Degraded), ("Webhooks", Degraded)],
                ),
                said(
                    39,
                    Identified,
                    "Both share a network link with the move. We have slowed the move down a little so that exports \
                     get through.",
                    &[],
                ),
                said(66, Resolved, "Exports and logs are as quick as usual.", &[]),
            ],
        ),
        told(
            Day(35, 11, 33),
            "Search is unavailable for organizations in Europe",
            vec![
                said(
                    0,
                    Investigating,
                    "Searches fail for organizations whose data is kept in Frankfurt. Others are not affected.",
                    &[("Search", Partial)],
                ),
                said(
                    16,
                    Identified,
                    "A new version of the index was switched on there before it was complete. We are switching back \
                     to the old one.",
                    &[],
                ),
                said(
                    22,
                    Monitoring,
                    "The old index answers. Records of the last 20 minutes follow shortly.",
                    &[("Search", Degraded)],
                ),
                said(54, Resolved, "Search is complete and well everywhere.", &[]),
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
                        "The Payments API answers no requests. We are looking into it with high priority.",
                        &[("Payments API", Major)],
                    ),
                    said(
                        11,
                        Identified,
                        "A limit that protects the API from overload counts all requests as those of one customer. We \
                         are switching it off.",
                        &[],
                    ),
                    said(
                        21,
                        Monitoring,
                        "Requests succeed again. What was refused was answered with `429` and can safely be sent \
                         again.",
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
                    "Today's update of a library refuses signatures with SHA-1. We are going back, and will write to \
                     the 14 organizations that still use them.",
                    &[],
                ),
                said(52, Resolved, "Signing in with SAML works for everybody.", &[]),
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
                        "Invoices show your time zone again. Those of this month were made anew under the same \
                         numbers.",
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
                    "About one card payment in ten fails with `processor_unavailable`. Bank transfers and wallets are \
                     fine. Retrying usually helps.",
                    &[("Payments API", Partial)],
                ),
                said(
                    19,
                    Identified,
                    "One of our two card processors has trouble and has confirmed it. We are moving traffic to the \
                     other one, step by step so as not to overload it:\n\n\
                     - all European cards: done\n\
                     - cards of the Americas: under way\n\
                     - everything else: next\n\n\
                     The next update follows within 30 minutes.",
                    &[],
                ),
            ],
        ),
    ]
}
