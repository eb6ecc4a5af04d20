//! What one filter of a chain may ask of the host: its numbers become the chain's.

use novasphere_core::{Duty, Env, MetricKind, Metrics, OwnMetric, Waiting};

use crate::link::{Kind, Link};

/// Where a filter stands in the chain, and its metrics among the chain's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    number: usize,
    metrics: usize,
    kind: Kind,
}

/// All metrics of a chain, of each filter its decisions, its events and its own; and the places.
pub(crate) fn all_metrics(links: &[Link]) -> (Vec<OwnMetric>, Vec<Place>) {
    let (mut metrics, mut places) = (Vec::new(), Vec::new());
    for (number, link) in links.iter().enumerate() {
        let kind = link.kind();
        places.push(Place { number, metrics: metrics.len(), kind });
        metrics.extend(kind.decisions().iter().map(|name| counter(kind, "decision", name)));
        metrics.extend(kind.events().iter().map(|name| counter(kind, "event", name)));
        metrics.extend(link.own_metrics());
    }
    (metrics, places)
}

fn counter(kind: Kind, what: &'static str, name: &str) -> OwnMetric {
    OwnMetric {
        filter: kind.name(),
        labels: format!("{what}={name}"),
        name: if what == "decision" { "decisions" } else { "events" },
        kind: MetricKind::Counter,
    }
}

/// The ports of one filter.
pub(crate) struct OfLink<'a> {
    metrics: &'a dyn Metrics,
    waiting: &'a dyn Waiting,
    place: Place,
    /// Whether it counted its events when the request came by before.
    again: bool,
}

/// Numbers of filters: no chain has more.
const STRIDE: usize = Kind::ALL.len();

impl<'a> OfLink<'a> {
    pub(crate) fn new(env: &Env<'a>, place: Place) -> Self {
        Self { metrics: env.metrics, waiting: env.waiting, place, again: false }
    }

    /// For a request that it was asked about before.
    pub(crate) fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// `outer` as the filter sees it.
    pub(crate) fn env<'s>(&'s self, outer: &Env<'s>) -> Env<'s> {
        Env { metrics: self, waiting: self, ..*outer }
    }

    /// Counts what the filter decided.
    pub(crate) fn decided(&self, decision: &str) {
        let place = place_of(decision, self.place.kind.decisions());
        if let Some(place) = place {
            self.metrics.record(self.place.metrics.saturating_add(place), 1);
        }
    }

    /// The chain's number for a queue or a purpose of the filter.
    pub(crate) fn outer_number(&self, own: usize) -> usize {
        own.saturating_mul(STRIDE).saturating_add(self.place.number)
    }

    /// The filter's place, and its own number.
    pub(crate) fn inner_number(outer: usize) -> (usize, usize) {
        (outer % STRIDE, outer / STRIDE)
    }

    /// Adds the filter's duties to the chain's.
    pub(crate) fn join(&self, all: &mut Duty, mut own: Duty) {
        for fetch in &mut own.fetches {
            fetch.purpose = self.outer_number(fetch.purpose);
        }
        all.fetches.append(&mut own.fetches);
        all.wake |= own.wake;
        let sooner = all.again_in_ms.into_iter().chain(own.again_in_ms).min();
        all.again_in_ms = sooner;
    }
}

/// Where `name` is among `names`: they are constants, so that mostly it is one of them itself.
fn place_of(name: &str, names: &[&str]) -> Option<usize> {
    let is_it = |known: &&str| std::ptr::eq(*known, name);
    names.iter().position(is_it).or_else(|| names.iter().position(|known| *known == name))
}

impl Metrics for OfLink<'_> {
    fn add(&self, event: &'static str, times: u32) {
        let Place { metrics, kind, .. } = self.place;
        if self.again {
            return;
        }
        if let Some(place) = place_of(event, kind.events()) {
            let place = kind.decisions().len().saturating_add(place);
            self.metrics.record(metrics.saturating_add(place), times);
        }
    }

    fn record(&self, own: usize, value: u32) {
        if self.again {
            return;
        }
        let Place { metrics, kind, .. } = self.place;
        let before = kind.decisions().len().saturating_add(kind.events().len());
        self.metrics.record(metrics.saturating_add(before).saturating_add(own), value);
    }
}

impl Waiting for OfLink<'_> {
    fn has_room(&self, queue: usize, most: usize) -> bool {
        self.waiting.has_room(self.outer_number(queue), most)
    }
}
