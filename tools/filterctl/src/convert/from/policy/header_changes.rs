//! Rules of header-transform for headers that a route sets, adds and removes.

use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    convert::{from::input::secrets::is_credential, model::prune, report::Report, yaml::Map},
    found::Place,
};

/// Changes of the headers of requests, or of responses.
#[derive(Debug, Default)]
pub struct HeaderChanges {
    /// Names and values that replace those of the message.
    pub set: Vec<(String, String)>,
    /// Names and values beside those of the message.
    pub add: Vec<(String, String)>,
    /// Names.
    pub remove: Vec<String>,
}

/// The rules for `request` and `response`. `None` if there are none.
///
/// # Errors
/// The change that has no counterpart.
pub fn section(
    changes: &[(&str, HeaderChanges)],
    place: &Place,
    name: &str,
    report: &mut Report,
) -> Result<Option<Map>, String> {
    let mut config = Map::new();
    for (side, changes) in changes {
        let mut rules = Rules { config: &mut config, side, place, name, report };
        changes.remove.iter().try_for_each(|header| rules.remove(header))?;
        for (header, value) in &changes.set {
            rules.remove(header)?;
            rules.write("add", header, value)?;
        }
        for (header, value) in &changes.add {
            rules.write("append", header, value)?;
        }
    }
    if config.is_empty() {
        return Ok(None);
    }
    prune(FilterKind::HeaderTransform, &mut config, ProxyKind::Envoy, &[])
        .map_err(|fault| format!("header-transform rejects its headers: {fault}"))?;
    report.converted(place, format!("{name}: header_transform"));
    Ok(Some(config))
}

struct Rules<'r> {
    config: &'r mut Map,
    side: &'r str,
    place: &'r Place,
    name: &'r str,
    report: &'r mut Report,
}

impl Rules<'_> {
    fn push(&mut self, rule: &str, entry: String) {
        self.config.edit(self.side, |rules| {
            rules.edit(rule, |entries| {
                if !entries.texts("headers").contains(&entry) {
                    entries.push("headers", entry);
                }
            });
        });
    }

    fn remove(&mut self, header: &str) -> Result<(), String> {
        if header.contains(':') || header.eq_ignore_ascii_case("host") {
            return Err(format!("it changes the header {header}"));
        }
        self.push("remove", header.to_owned());
        Ok(())
    }

    fn write(&mut self, rule: &str, header: &str, value: &str) -> Result<(), String> {
        if header.contains(':') || header.eq_ignore_ascii_case("host") {
            return Err(format!("it changes the header {header}"));
        }
        if is_credential(&format!("{header}:{value}")) {
            let name = self.name;
            let message = format!(
                "{name}: the value of {header} may be a credential; write the rule yourself"
            );
            self.report.left_out(self.place, message);
            return Ok(());
        }
        if value.contains('%') {
            return Err(format!("the value of its header {header} may have a command"));
        }
        self.push(rule, format!("{header}:{}", value.replace("$(", "$$(")));
        Ok(())
    }
}
