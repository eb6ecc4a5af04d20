//! Metrics of all filters.

use std::collections::BTreeMap;

use crate::{Called, Trap};

/// Kinds of metric with their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Increases only.
    Counter = 0,
    /// Holds the last value.
    Gauge = 1,
    /// Collects samples.
    Histogram = 2,
}

impl Kind {
    pub(crate) fn of(number: u32) -> Option<Self> {
        [Self::Counter, Self::Gauge, Self::Histogram]
            .into_iter()
            .find(|kind| *kind as u32 == number)
    }
}

/// The metrics of a proxy.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    metrics: Vec<(String, Kind, i64)>,
}

/// nginx's default `max_metric_name_length`, which includes the filter's name.
const LONGEST_NAME: usize = 256;

impl Metrics {
    pub(crate) fn define(
        &mut self,
        host: crate::Kind,
        filter: &str,
        kind: Kind,
        name: &str,
    ) -> Called<u32> {
        if host == crate::Kind::Nginx && 4 + filter.len() + name.len() > LONGEST_NAME {
            return Err(Trap::new(format!("could not define metric: name \"{name}\" too long")));
        }
        let full = match host {
            crate::Kind::Envoy => name.to_owned(),
            crate::Kind::Nginx => format!("pw:{filter}:{name}"),
        };
        let at = self.metrics.iter().position(|(known, ..)| *known == full);
        let at = at.unwrap_or_else(|| {
            self.metrics.push((full, kind, 0));
            self.metrics.len().saturating_sub(1)
        });
        Ok(Ok(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    pub(crate) fn increment(&mut self, host: crate::Kind, id: u32, by: i64) -> Called<()> {
        let metric = self.find(host, id)?;
        if host == crate::Kind::Nginx && metric.1 != Kind::Counter {
            return Err(Trap::new("could not increment metric: metric not a counter"));
        }
        metric.2 = metric.2.saturating_add(by);
        Ok(Ok(()))
    }

    pub(crate) fn record(&mut self, host: crate::Kind, id: u32, value: i64) -> Called<()> {
        let metric = self.find(host, id)?;
        if host == crate::Kind::Nginx && metric.1 == Kind::Counter {
            return Err(Trap::new("could not record value: metric is a counter"));
        }
        metric.2 = value;
        Ok(Ok(()))
    }

    /// Names, kinds and values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Kind, i64)> {
        self.metrics.iter().map(|(name, kind, value)| (name.as_str(), *kind, *value))
    }

    pub(crate) fn values(&self) -> BTreeMap<String, i64> {
        self.metrics.iter().map(|(name, _, value)| (name.clone(), *value)).collect()
    }

    fn find(&mut self, host: crate::Kind, id: u32) -> Result<&mut (String, Kind, i64), Trap> {
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        let unknown = || Trap::new(format!("metric id {id} not found ({host:?})"));
        self.metrics.get_mut(at).ok_or_else(unknown)
    }
}
