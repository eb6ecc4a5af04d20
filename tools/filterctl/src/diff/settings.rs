//! Findings of `check` that are new or gone: settings of the host, and filters that do not fit.

use novasphere_explain::Environment;

use super::changes::{Changes, Effect};
use crate::{
    check,
    finding::{Finding, Severity},
    found::Project,
};

pub(super) fn compare(old: &Project, new: &Project, changes: &mut Changes) {
    let environment = Environment { assume_missing: true, ..Environment::default() };
    let findings = |project: &Project| -> Vec<Finding> {
        let all = check::findings(project, &environment).into_iter();
        all.filter(|finding| finding.code.severity != Severity::Note).collect()
    };
    let (before, after) = (findings(old), findings(new));
    let is_in = |all: &[Finding], one: &Finding| {
        all.iter().any(|other| other.code.id == one.code.id && other.message == one.message)
    };
    for finding in after.iter().filter(|finding| !is_in(&before, finding)) {
        let message = format!("{}: {}", finding.code.id, finding.message);
        changes.add(Effect::Looser, ("check", "new finding"), message);
    }
    for finding in before.iter().filter(|finding| !is_in(&after, finding)) {
        let message = format!("{}: {}", finding.code.id, finding.message);
        changes.add(Effect::Stricter, ("check", "no finding any more"), message);
    }
}
