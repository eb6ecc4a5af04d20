//! Resources of Kong's ingress controller.

use super::*;

/// An Ingress for `/r` with these annotations.
fn ingress(annotations: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: r, annotations: {{{annotations}}}}}
spec:
  ingressClassName: kong
  rules: [{{host: a.io, http: {{paths: [{{path: /r, pathType: Prefix, backend: {{service: {{name: s, port: {{number: 80}}}}}}}}]}}}}]
"
    )
}

fn blocked(text: &str) -> Vec<String> {
    messages(Source::Kic, text, Fate::Blocked)
}

#[test]
fn missing_plugin_blocks_the_route() {
    for name in ["anything", "rate-limiting", "file-log"] {
        let text = ingress(&format!("konghq.com/plugins: {name}"));
        assert_eq!(blocked(&text).len(), 1, "{name}");
    }
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {konghq.com/plugins: anything}}\n---\n";
    assert_eq!(blocked(&format!("{service}{}", ingress(""))).len(), 1);
    // The controller looks in the namespace of the Ingress.
    let other = "apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: cors, namespace: other}\nplugin: cors\n---\n";
    assert_eq!(blocked(&format!("{other}{}", ingress("konghq.com/plugins: cors"))).len(), 1);
}

#[test]
fn conditions_of_annotations_block_the_route() {
    for annotation in [
        "konghq.com/headers.x-a: b",
        "konghq.com/snis: a.io",
        "konghq.com/protocols: ws",
        "konghq.com/override: custom",
    ] {
        assert_eq!(blocked(&ingress(annotation)).len(), 1, "{annotation}");
    }
    assert_eq!(blocked(&ingress("konghq.com/strip-path: 'true'")), [""; 0]);
}

#[test]
fn settings_in_secrets_block_the_route() {
    let plugin = |kind: &str, field: &str| {
        format!(
            "apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {{name: p}}\nplugin: {kind}\n{field}: {{}}\n---\n"
        )
    };
    for field in ["configFrom", "configPatches"] {
        let text = format!("{}{}", plugin("jwt", field), ingress("konghq.com/plugins: p"));
        assert_eq!(blocked(&text).len(), 1, "{field}");
    }
    let text = format!("{}{}", plugin("http-log", "configFrom"), ingress("konghq.com/plugins: p"));
    assert_eq!(blocked(&text), [""; 0]);
}

const JWT: &str = "apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: jwt}
plugin: jwt
---
apiVersion: v1
kind: Service
metadata: {name: s, annotations: {konghq.com/plugins: 'jwt, general'}}
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: general}
plugin: rate-limiting
config: {minute: 5}
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: tier}
plugin: rate-limiting
config: {minute: 100}
---
apiVersion: v1
kind: Secret
metadata: {name: anna, labels: {konghq.com/credential: jwt}}
stringData: {key: anna, secret: 0123456789abcdef0123456789abcdef}
---
";

/// A plugin that an Ingress and a consumer name is only for this consumer on these routes.
#[test]
fn plugin_of_an_ingress_and_a_consumer_is_for_both() {
    let consumer = "apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\nmetadata: {name: anna, annotations: {konghq.com/plugins: tier}}\nusername: anna\ncredentials: [anna]\n---\n";
    let text = format!("{JWT}{consumer}{}", ingress("konghq.com/plugins: tier"));
    let limit = output(Source::Kic, Target::Filters, &text)[0]["rate_limit"].clone();
    let rules = limit["rules"].as_array().unwrap();
    assert_eq!((&rules[0]["name"], &rules[0]["minute"]), (&json!("r-consumer-anna"), &json!(100)));
    assert_eq!((&rules[1]["name"], &rules[1]["minute"]), (&json!("s"), &json!(5)));
}

#[test]
fn group_has_its_own_limit() {
    let group = "apiVersion: configuration.konghq.com/v1beta1\nkind: KongConsumerGroup\nmetadata: {name: gold, annotations: {konghq.com/plugins: tier}}\n---\napiVersion: configuration.konghq.com/v1\nkind: KongConsumer\nmetadata: {name: anna}\nusername: anna\nconsumerGroups: [gold]\ncredentials: [anna]\n---\n";
    let text = format!("{JWT}{group}{}", ingress(""));
    let limit = output(Source::Kic, Target::Filters, &text)[0]["rate_limit"].clone();
    assert_eq!(limit["rules"][0]["name"], json!("group-gold"));
}

#[test]
fn plugin_of_a_consumer_that_is_missing_excludes_it() {
    let consumer = "apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\nmetadata: {name: anna, annotations: {konghq.com/plugins: lost}}\nusername: anna\ncredentials: [anna]\n---\n";
    let text = format!("{JWT}{consumer}{}", ingress(""));
    assert_eq!(blocked(&text).len(), 1, "{:?}", blocked(&text));
}

#[test]
fn other_classes_are_left_out() {
    let other = ingress("").replace("ingressClassName: kong", "ingressClassName: internal");
    let text = format!("{}---\n{}", other.replace("name: r,", "name: inside,"), ingress(""));
    let left_out = messages(Source::Kic, &text, Fate::LeftOut);
    assert_eq!(
        left_out,
        ["Ingress inside: its class is internal and not kong; convert it on its own"]
    );
    assert_eq!(blocked(&text), [""; 0]);
}

/// Their tokens are for another gateway.
#[test]
fn consumers_of_other_classes_are_left_out() {
    let consumer = |class: &str| {
        let text = format!(
            "apiVersion: configuration.konghq.com/v1\nkind: KongConsumer\nmetadata: {{name: anna, annotations: {{kubernetes.io/ingress.class: {class}}}}}\nusername: anna\ncredentials: [anna]\n---\n"
        );
        let text = format!("{JWT}{text}{}", ingress(""));
        output(Source::Kic, Target::Filters, &text)[0]["jwt_auth"]["credentials"][0]["key"].clone()
    };
    assert_eq!(consumer("kong"), json!("anna"));
    // A key to complete, which accepts no token yet.
    assert_eq!(consumer("internal"), json!("change-me"));
}

#[test]
fn default_backend_and_aliases_are_routes() {
    let text = ingress("konghq.com/host-aliases: b.io").replace(
        "  rules:",
        "  defaultBackend: {service: {name: d, port: {number: 80}}}\n  rules:",
    );
    let kong = output(Source::Kic, Target::Kong, &text).remove(0);
    let services = kong["services"].as_array().unwrap();
    assert_eq!(services[0]["routes"][0]["hosts"], json!(["a.io", "b.io"]));
    assert_eq!(services[1]["routes"][0]["paths"], json!(["/"]));
}

#[test]
fn prefix_of_expressions_can_be_chosen() {
    let text = ingress("konghq.com/regex-prefix: /@").replace(
        "path: /r, pathType: Prefix",
        "path: '/@/r[0-9]', pathType: ImplementationSpecific",
    );
    let kong = output(Source::Kic, Target::Kong, &text).remove(0);
    assert_eq!(kong["services"][0]["routes"][0]["paths"], json!(["~/r[0-9]"]));
}

#[test]
fn grpc_route_blocks_its_services() {
    let text = "apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: g}
spec: {hostnames: [a.io], rules: [{matches: [{method: {service: x.Y, method: Z}}]}]}
";
    let kong = output(Source::Kic, Target::Kong, text).remove(0);
    assert_eq!(kong["routes"][0]["paths"], json!(["/x.Y/"]));
}
