//! [`Report`]: the findings of all checks.

use std::collections::HashSet;

use crate::{
    finding::{Code, Finding, codes},
    found::Place,
};

/// The findings of all checks.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
    /// The code, the place and the message of each finding.
    known: HashSet<(&'static str, usize, usize, String)>,
    /// The places of warnings of filters that these checks decide better.
    answered: Vec<Place>,
}

impl Report {
    /// Adds a finding, unless another route has led to the same one.
    pub(super) fn add(&mut self, code: &'static Code, place: Place, message: impl Into<String>) {
        let message = message.into();
        if self.known.insert((code.id, place.file, place.span.start, message.clone())) {
            self.findings.push(Finding::new(code, Some(place), message));
        }
    }

    /// Removes the filter's own warning about this place.
    pub(super) fn answer(&mut self, place: Place) {
        self.answered.push(place);
    }

    /// Adds the findings to the list of the filters' own findings.
    pub(super) fn finish(self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| {
            let is_answered = finding.place.as_ref().is_some_and(|p| self.answered.contains(p));
            !(is_answered && finding.code == &codes::FILTER_WARNING)
        });
        findings.extend(self.findings);
    }
}
