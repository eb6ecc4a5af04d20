//! Resources of Envoy Gateway.

use crate::convert::{model::Gateway, report::Report};

pub(super) fn write(_gateway: &Gateway, _report: &mut Report) -> String {
    String::new()
}
