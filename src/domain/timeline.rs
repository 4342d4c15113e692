//! From what is claimed of a service to what was true of it.
//!
//! A *claim* is what one source says of a service for a while: its own status, an open incident, a
//! maintenance in progress. The history of a service is computed from its claims and from nothing
//! else: at every moment the worst claim counts ("Status rules" of the product). So an incident
//! that is backfilled, edited or deleted changes history by changing its claims.

use super::{
    status::{Cause, ServiceStatus},
    time::Time,
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// What one source says of a service for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusClaim<W> {
    /// The status it says.
    pub status: ServiceStatus,
    /// First moment.
    pub from: Time,
    /// First moment after it; `None` while it lasts.
    pub to: Option<Time>,
    /// What kind of source it is.
    pub cause: Cause,
    /// Who said so.
    pub who: W,
}

/// One interval of the history: the effective status, and the claim that decided it at its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusInterval<W> {
    /// The effective status.
    pub status: ServiceStatus,
    /// First moment.
    pub from: Time,
    /// First moment after it; `None` while it lasts.
    pub to: Option<Time>,
    /// What caused it.
    pub cause: Cause,
    /// Who did it.
    pub who: W,
}

impl<W> StatusClaim<W> {
    fn covers(&self, moment: Time) -> bool {
        self.from <= moment && self.to.is_none_or(|to| to > moment)
    }
}

/// The history that these claims make from a moment on: intervals in order, each another status than
/// the one before, without overlap, without hole wherever some claim holds.
///
/// A stretch that goes back to a milder claim is caused by what ended: whoever resolved an incident
/// made the service operational. That is known to `ended`, which gives cause and author of a claim's
/// end; without one the claim that holds from then on is named.
pub fn timeline<W: Clone>(
    claims: &[StatusClaim<W>],
    since: Time,
    ended: impl Fn(&StatusClaim<W>) -> Option<(Cause, W)>,
) -> Vec<StatusInterval<W>> {
    let mut moments: Vec<Time> = claims.iter().flat_map(|claim| [Some(claim.from), claim.to]).flatten().collect();
    moments.push(since);
    moments.retain(|moment| *moment >= since);
    moments.sort_unstable();
    moments.dedup();
    let mut coming: Vec<usize> = (0..claims.len()).collect();
    coming.sort_by_key(|index| claims[*index].from);
    let mut coming = coming.into_iter().peekable();
    // Those that have begun, the worst first, of equals the one that began first. Some may be over.
    let mut begun: BinaryHeap<(ServiceStatus, Reverse<Time>, usize)> = BinaryHeap::new();
    let mut over: HashMap<(Time, ServiceStatus), &StatusClaim<W>> = HashMap::new();
    for claim in claims {
        if let Some(to) = claim.to {
            over.entry((to, claim.status)).or_insert(claim);
        }
    }
    let mut stretches: Vec<StatusInterval<W>> = Vec::new();
    for moment in moments {
        while let Some(index) = coming.next_if(|index| claims[*index].from <= moment) {
            begun.push((claims[index].status, Reverse(claims[index].from), index));
        }
        while begun.peek().is_some_and(|(_, _, index)| !claims[*index].covers(moment)) {
            begun.pop();
        }
        let worst = begun.peek().map(|(_, _, index)| &claims[*index]);
        let last = stretches.last_mut().filter(|last| last.to.is_none());
        match (worst, last) {
            (None, None) => {}
            (None, Some(last)) => last.to = Some(moment),
            (Some(worst), Some(last)) if last.status == worst.status => {}
            (Some(worst), last) => {
                let mut why = None;
                if let Some(last) = last {
                    last.to = Some(moment);
                    if worst.status < last.status {
                        let over = over.get(&(moment, last.status)).copied();
                        why = over.filter(|_| worst.from < moment).and_then(&ended);
                    }
                }
                let (cause, who) = why.unwrap_or_else(|| (worst.cause, worst.who.clone()));
                stretches.push(StatusInterval { status: worst.status, from: moment, to: None, cause, who });
            }
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance};
    use proptest::prelude::*;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn claim(status: ServiceStatus, from: i64, to: Option<i64>, cause: Cause) -> StatusClaim<&'static str> {
        StatusClaim { status, from: at(from), to: to.map(at), cause, who: "" }
    }

    fn shown(claims: &[StatusClaim<&'static str>], since: i64) -> Vec<(ServiceStatus, i64, Option<i64>)> {
        timeline(claims, at(since), |_| None)
            .into_iter()
            .map(|stretch| (stretch.status, stretch.from.seconds(), stretch.to.map(Time::seconds)))
            .collect()
    }

    #[test]
    fn the_worst_claim_counts() {
        let claims = [
            claim(Operational, 0, None, Cause::Manual),
            claim(MajorOutage, 10, Some(20), Cause::Incident),
            claim(PartialOutage, 15, Some(30), Cause::Incident),
            claim(UnderMaintenance, 25, Some(40), Cause::Maintenance),
        ];
        assert_eq!(
            shown(&claims, 0),
            [
                (Operational, 0, Some(10)),
                (MajorOutage, 10, Some(20)),
                (PartialOutage, 20, Some(30)),
                (UnderMaintenance, 30, Some(40)),
                (Operational, 40, None),
            ]
        );
        assert_eq!(shown(&claims, 17)[0], (MajorOutage, 17, Some(20)));
    }

    #[test]
    fn a_claim_of_no_time_leaves_no_trace() {
        let claims = [claim(Operational, 0, None, Cause::Manual), claim(MajorOutage, 5, Some(5), Cause::Incident)];
        assert_eq!(shown(&claims, 0), [(Operational, 0, None)]);
    }

    #[test]
    fn who_ended_an_incident_made_it_well() {
        let mut incident = claim(MajorOutage, 10, Some(20), Cause::Incident);
        incident.who = "ana";
        let claims = [claim(Operational, 0, None, Cause::Manual), incident];
        let history = timeline(&claims, at(0), |claim| Some((claim.cause, "bo")));
        assert_eq!((history[1].cause, history[1].who), (Cause::Incident, "ana"));
        assert_eq!((history[2].cause, history[2].who), (Cause::Incident, "bo"));
    }

    #[test]
    fn a_status_set_by_hand_is_the_hands() {
        let claims = [claim(DegradedPerformance, 0, Some(10), Cause::Manual), claim(Operational, 10, None, Cause::Api)];
        let history = timeline(&claims, at(0), |_| Some((Cause::Incident, "nobody")));
        assert_eq!(history[1].cause, Cause::Api);
    }

    fn any_claim() -> impl Strategy<Value = StatusClaim<&'static str>> {
        let status = proptest::sample::select(ServiceStatus::ALL);
        (status, 0_i64..60, proptest::option::of(0_i64..30))
            .prop_map(|(status, from, lasts)| claim(status, from, lasts.map(|lasts| from + lasts), Cause::Incident))
    }

    proptest! {
        /// Second by second the history says the worst of what is claimed.
        #[test]
        fn it_agrees_with_a_clock(claims in proptest::collection::vec(any_claim(), 0..8), since in 0_i64..40) {
            let history = shown(&claims, since);
            for second in since..100 {
                let worst = claims.iter().filter(|claim| claim.covers(at(second))).map(|claim| claim.status).max();
                let told: Vec<_> = history
                    .iter()
                    .filter(|(_, from, to)| *from <= second && to.is_none_or(|to| to > second))
                    .map(|(status, ..)| *status)
                    .collect();
                prop_assert_eq!(told, worst.into_iter().collect::<Vec<_>>(), "second {}", second);
            }
            for pair in history.windows(2) {
                prop_assert!(pair[0].2.is_some_and(|to| to <= pair[1].1), "in order");
                prop_assert!(pair[0].2 != Some(pair[1].1) || pair[0].0 != pair[1].0, "neighbours differ");
            }
        }

        /// To begin later is to cut off the beginning.
        #[test]
        fn the_beginning_does_not_matter(claims in proptest::collection::vec(any_claim(), 0..8), since in 0_i64..40) {
            let all = shown(&claims, 0);
            let cut: Vec<_> = all
                .into_iter()
                .filter(|(_, _, to)| to.is_none_or(|to| to > since))
                .map(|(status, from, to)| (status, from.max(since), to))
                .collect();
            prop_assert_eq!(shown(&claims, since), cut);
        }
    }
}
