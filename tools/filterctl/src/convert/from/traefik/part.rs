//! [`Part`]: a middleware that is being converted; [`Target`]: its route.

use super::configuration::Middleware;
use crate::{
    convert::{
        from::input::fields::Fields,
        model::{Route, Service},
        report::Report,
    },
    found::Place,
    source::Node,
};

/// A middleware that is being converted.
pub struct Part<'m> {
    /// `middleware auth`.
    pub name: String,
    pub middleware: &'m Middleware,
    /// The settings of its kind.
    pub settings: &'m Node,
    /// Their members.
    pub fields: Fields<'m>,
}

impl Part<'_> {
    /// Reports the settings that were not read.
    pub fn report_rest(&self, report: &mut Report) {
        for (key, _) in self.fields.rest() {
            let field = key.text().unwrap_or_default();
            let place = Place { file: self.middleware.place.file, span: key.span.clone() };
            report.left_out(&place, format!("{}: {field}", self.name));
        }
    }

    pub fn converted(&self, what: &str, report: &mut Report) {
        report.converted(&self.middleware.place, format!("{}: {what}", self.name));
    }

    pub fn changed(&self, what: &str, report: &mut Report) {
        report.changed(&self.middleware.place, format!("{}: {what}", self.name));
    }

    pub fn left_out(&self, what: &str, report: &mut Report) {
        report.left_out(&self.middleware.place, format!("{}: {what}", self.name));
    }
}

/// The route that middlewares are added to.
pub struct Target<'r> {
    pub route: &'r mut Route,
    pub service: &'r mut Service,
    /// Whether its requests use TLS.
    pub is_tls: bool,
}
