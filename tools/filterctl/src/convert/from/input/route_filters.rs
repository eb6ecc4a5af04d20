//! Filters of a rule of an HTTPRoute.

use super::kubernetes::Object;
use crate::{
    convert::{
        from::policy::header_changes::{self, HeaderChanges},
        model::{NewPath, Redirect},
        report::Report,
        yaml::Map,
    },
    found::Place,
    source::Node,
};

/// The filters of a rule.
#[derive(Debug, Default)]
pub struct RouteFilters {
    /// The names of resources that filters refer to.
    pub extensions: Vec<String>,
    pub redirect: Option<Redirect>,
    /// The host name that the upstream gets.
    pub host: Option<String>,
    /// The text that replaces the prefix of the path.
    pub prefix: Option<String>,
    /// The rules of header-transform.
    pub headers: Option<Map>,
}

impl RouteFilters {
    /// Whether the upstream gets other requests than the client sends.
    pub const fn change_requests(&self) -> bool {
        self.host.is_some() || self.prefix.is_some() || self.headers.is_some()
    }
}

/// Reads the filters of a rule.
///
/// # Errors
/// The filter without which clients could send what they cannot send now.
pub fn read(object: &Object<'_>, rule: &Node, report: &mut Report) -> Result<RouteFilters, String> {
    let mut found = RouteFilters::default();
    let place = object.document.place(rule);
    let mut headers = Vec::new();
    for filter in rule.get("filters").map(Node::items).unwrap_or_default() {
        let kind = filter.get_text("type").unwrap_or("without a type");
        match kind {
            "ExtensionRef" => {
                let name = filter.at(&["extensionRef", "name"]).and_then(Node::text);
                found.extensions.extend(name.map(str::to_owned));
            }
            "RequestRedirect" => {
                let settings =
                    filter.get("requestRedirect").ok_or("a redirect without settings")?;
                found.redirect = Some(new_redirect(settings)?);
            }
            "URLRewrite" => rewrite(&mut found, filter.get("urlRewrite"))?,
            "RequestHeaderModifier" => {
                headers.push(("request", changes(filter.get("requestHeaderModifier"))));
            }
            "ResponseHeaderModifier" => {
                headers.push(("response", changes(filter.get("responseHeaderModifier"))));
            }
            "RequestMirror" | "CORS" => left_out(object, filter, kind, report),
            kind => return Err(format!("its filter {kind} is not supported")),
        }
    }
    found.headers = section(&headers, object, &place, report)?;
    Ok(found)
}

fn left_out(object: &Object<'_>, filter: &Node, kind: &str, report: &mut Report) {
    let message = format!("{}: filter {kind}; keep it in the HTTPRoute", object.describe());
    report.left_out(&object.document.place(filter), message);
}

fn section(
    headers: &[(&str, HeaderChanges)],
    object: &Object<'_>,
    place: &Place,
    report: &mut Report,
) -> Result<Option<Map>, String> {
    header_changes::section(headers, place, &format!("headers of {}", object.describe()), report)
}

fn rewrite(found: &mut RouteFilters, settings: Option<&Node>) -> Result<(), String> {
    let settings = settings.ok_or("a rewrite without settings")?;
    found.host = settings.get_text("hostname").map(str::to_owned);
    if let Some(path) = settings.get("path") {
        let prefix = path.get_text("replacePrefixMatch");
        found.prefix =
            Some(prefix.ok_or("its rewrite of a whole path is not supported")?.to_owned());
    }
    Ok(())
}

fn changes(settings: Option<&Node>) -> HeaderChanges {
    let pairs = |name: &str| {
        let items = settings.and_then(|node| node.get(name)).map(Node::items).unwrap_or_default();
        let pair = |item: &Node| {
            let text = |name: &str| item.get_text(name).unwrap_or_default().to_owned();
            (text("name"), text("value"))
        };
        items.iter().map(pair).collect()
    };
    let removed =
        settings.and_then(|node| node.get("remove")).map(super::fields::texts).unwrap_or_default();
    HeaderChanges { set: pairs("set"), add: pairs("add"), remove: removed }
}

fn new_redirect(settings: &Node) -> Result<Redirect, String> {
    let number = |name: &str| match settings.get(name) {
        Some(node) => {
            let number = node.text().and_then(|text| text.parse::<i64>().ok());
            number.map(Some).ok_or_else(|| format!("a redirect whose {name} is not a number"))
        }
        None => Ok(None),
    };
    let path = match settings.get("path") {
        Some(path) => {
            let full = path.get_text("replaceFullPath").map(str::to_owned).map(NewPath::Full);
            let prefix = path.get_text("replacePrefixMatch").map(str::to_owned);
            Some(full.or(prefix.map(NewPath::Prefix)).ok_or("a redirect with another path")?)
        }
        None => None,
    };
    Ok(Redirect {
        scheme: settings.get_text("scheme").map(str::to_owned),
        host: settings.get_text("hostname").map(str::to_owned),
        port: number("port")?,
        path,
        status: number("statusCode")?.unwrap_or(302),
        strip_query: false,
    })
}
