//! How Envoy Gateway and Istio configure Envoy's handling of paths, hosts and addresses.

use super::{Objects, objects::Object};
use crate::{
    found::{
        EscapedSlashes, Platform, RequestHandling,
        envoy::{flag, request_handling::of_manager},
    },
    source::Node,
};

/// The defaults of a platform, with the changes in these objects.
pub(super) fn of_platform(platform: Platform, objects: &Objects<'_>) -> RequestHandling {
    let defaults = RequestHandling {
        normalizes_path: true,
        rejects_fragment: true,
        appends_peer: true,
        ..RequestHandling::default()
    };
    match platform {
        Platform::EnvoyGateway => {
            let defaults = RequestHandling {
                escaped_slashes: EscapedSlashes::UnescapeAndRedirect,
                merges_slashes: true,
                ..defaults
            };
            let policies = objects.of_kind("ClientTrafficPolicy").iter();
            policies.fold(defaults, |handling, policy| with_policy(handling, *policy))
        }
        Platform::Istio => {
            let patches = objects.of_kind("EnvoyFilter").iter();
            patches.fold(defaults, |handling, object| with_patches(handling, *object))
        }
        _ => RequestHandling::default(),
    }
}

fn with_policy(mut handling: RequestHandling, policy: Object<'_>) -> RequestHandling {
    let path = policy.spec().and_then(|spec| spec.get("path"));
    let text = |name: &str| path.and_then(|path| path.get_text(name));
    handling.escaped_slashes = match text("escapedSlashesAction") {
        Some("KeepUnchanged") => EscapedSlashes::Keep,
        Some("RejectRequest") => EscapedSlashes::Reject,
        Some("UnescapeAndForward") => EscapedSlashes::Unescape,
        Some("UnescapeAndRedirect") => EscapedSlashes::UnescapeAndRedirect,
        _ => handling.escaped_slashes,
    };
    handling.merges_slashes = match text("disableMergeSlashes") {
        Some("true") => false,
        Some("false") => true,
        _ => handling.merges_slashes,
    };
    // Both settings turn use_remote_address off.
    let detection = policy.spec().and_then(|spec| spec.get("clientIPDetection"));
    let is_other = detection.is_some_and(|detection| {
        detection.get("customHeader").is_some()
            || detection.at(&["xForwardedFor", "trustedCIDRs"]).is_some()
    });
    handling.appends_peer &= !is_other;
    handling
}

/// The settings after the patches of connection managers.
fn with_patches(mut handling: RequestHandling, object: Object<'_>) -> RequestHandling {
    const SETTINGS: [&str; 5] = [
        "path_with_escaped_slashes_action",
        "merge_slashes",
        "strip_any_host_port",
        "strip_matching_host_port",
        "strip_trailing_host_dot",
    ];
    object.document.root.walk(&mut |node: &Node| {
        let is_off = node.get_text("use_remote_address") == Some("false");
        handling.appends_peer &= !is_off && !flag(node, "skip_xff_append");
        if SETTINGS.iter().any(|name| node.field(name).is_some()) {
            let patch = of_manager(node, node);
            let default = RequestHandling::default();
            if patch.escaped_slashes != default.escaped_slashes {
                handling.escaped_slashes = patch.escaped_slashes;
            }
            if patch.strips_port != default.strips_port {
                handling.strips_port = patch.strips_port;
            }
            handling.merges_slashes |= patch.merges_slashes;
            handling.strips_dot |= patch.strips_dot;
        }
    });
    handling
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{found::Project, source::File};

    #[test]
    fn envoy_appends_the_peer_unless_a_policy_turns_it_off() {
        let policy = |spec: &str| {
            format!(
                "apiVersion: a/v1\nkind: ClientTrafficPolicy\nspec: {{clientIPDetection: {spec}}}"
            )
        };
        let patch = |spec: &str| format!("apiVersion: a/v1\nkind: EnvoyFilter\nspec: {spec}");
        for (platform, text, expected) in [
            (Platform::EnvoyGateway, policy("{xForwardedFor: {numTrustedHops: 1}}"), true),
            (
                Platform::EnvoyGateway,
                policy("{xForwardedFor: {trustedCIDRs: [10.0.0.0/8]}}"),
                false,
            ),
            (Platform::EnvoyGateway, policy("{customHeader: {name: x-client}}"), false),
            (Platform::Istio, patch("{use_remote_address: true}"), true),
            (Platform::Istio, patch("{use_remote_address: false}"), false),
            (Platform::Istio, patch("{skip_xff_append: true}"), false),
        ] {
            let project = Project::new(vec![File::new("x.yaml", text.clone())]);
            let objects = Objects::new(&project.documents, &[]);
            assert_eq!(of_platform(platform, &objects).appends_peer, expected, "{text}");
        }
    }
}
