//! Native modules of Envoy ("dynamic modules").

use novasphere_explain::FilterKind;

use super::configuration;
use crate::{
    found::FilterConfig,
    source::{File, Node},
};

/// The filter of an entry with a native module. `filter_name` may have a scope after a `/`.
pub(super) fn module(
    entry: &Node,
    message: &Node,
    module: &str,
    file: &File,
) -> Option<(FilterKind, String, String, FilterConfig)> {
    module.strip_prefix("novasphere_")?;
    let kind = FilterKind::from_name(message.get_text("filter_name")?.split('/').next()?)?;
    let name = entry.get_text("name").unwrap_or(module);
    let config = configuration(message.field("filter_config"), entry, file);
    Some((kind, name.to_owned(), module.to_owned(), config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Project;

    fn project(text: &str) -> Project {
        Project::new(vec![File::new("envoy.yaml", text.to_owned())])
    }

    #[test]
    fn reads_native_modules() {
        let entry = |module: &str, filter: &str| {
            format!(
                r#"
http_filters:
- name: chain
  typed_config:
    "@type": x/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
    dynamic_module_config: {{name: {module}}}
    filter_name: {filter}
    filter_config: {{"@type": x/google.protobuf.StringValue, value: '{{"cors": {{}}}}'}}
"#
            )
        };
        for filter in ["gateway", "gateway/checkout"] {
            let project = project(&entry("novasphere_gateway", filter));
            let [found] = &project.filters[..] else { panic!("{:?}", project.filters) };
            assert_eq!((found.kind, found.name.as_str()), (FilterKind::Gateway, "chain"));
            assert_eq!(found.config.json, r#"{"cors": {}}"#);
        }
        for (module, filter) in [("other", "gateway"), ("novasphere_gateway", "other")] {
            assert!(project(&entry(module, filter)).filters.is_empty());
        }
    }
}
