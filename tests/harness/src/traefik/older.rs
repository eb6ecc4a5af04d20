//! Static configurations for older versions, which do not start with settings that they do not know.

use serde_json::{Map, Value};

use crate::version::Version;

/// Removes the settings that `version` does not know, as host-config/traefik/README.md says. Instead of
/// the query, the access log of older versions leaves out the whole path.
pub(super) fn remove_newer_settings(fixed: &mut Value, version: Version) {
    let entry_points = fixed.get_mut("entryPoints").and_then(Value::as_object_mut);
    for entry_point in entry_points.into_iter().flat_map(Map::values_mut) {
        let http = entry_point.get_mut("http").and_then(Value::as_object_mut);
        let Some(http) = http else { continue };
        if version < Version::new(3, 7) {
            http.remove("aliasHeadersStrategy");
        }
        if version < Version::new(3, 6) {
            http.remove("encodedCharacters");
        }
    }
    let fields = fixed.pointer_mut("/accessLog/fields").and_then(Value::as_object_mut);
    let Some(fields) = fields.filter(|_| version < Version::new(3, 7)) else { return };
    fields.remove("queryParameters");
    if let Some(names) = fields.get_mut("names").and_then(Value::as_object_mut) {
        names.insert("RequestPath".to_owned(), "drop".into());
    }
}
