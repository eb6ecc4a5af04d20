//! Variables of Envoy's containers.

use crate::{
    chains::facts::variables,
    check::lints::{report::Report, workloads::containers},
    finding::codes,
    found::{Objects, Platform, Project},
    source::Node,
};

pub(super) fn check(project: &Project, objects: &Objects<'_>, report: &mut Report) {
    let read = |platform: Platform| -> Vec<String> {
        let filters = project.filters.iter().filter(|filter| filter.platform == platform);
        let configs = filters.filter_map(|f| serde_json::from_str(&f.config.json).ok());
        configs.flat_map(|config| variables(&config)).collect()
    };
    let of_envoy = read(Platform::Envoy);
    for container in containers(project).iter().filter(|c| is_envoy(c.image)) {
        for name in of_envoy.iter().filter(|name| !container.has(name)) {
            let message = format!("the container has no variable {name}, which a filter reads");
            report.add(&codes::VARIABLE_NOT_IN_CONTAINER, container.place(), message);
        }
    }
    let of_gateway = read(Platform::EnvoyGateway);
    for proxy in objects.of_kind("EnvoyProxy") {
        let path = ["provider", "kubernetes", "envoyDeployment", "container"];
        let container = proxy.spec().and_then(|spec| spec.at(&path));
        let Some(container) = container.filter(|container| container.get("env").is_some()) else {
            continue;
        };
        let set = container.get("env").map(Node::items).unwrap_or_default();
        let set: Vec<&str> = set.iter().filter_map(|variable| variable.get_text("name")).collect();
        for name in of_gateway.iter().filter(|name| !set.contains(&name.as_str())) {
            let message = format!("the container has no variable {name}, which a filter reads");
            report.add(&codes::VARIABLE_NOT_IN_CONTAINER, proxy.document.place(container), message);
        }
    }
}

/// Whether an image is Envoy's own: `docker.io/envoyproxy/envoy:v1.40.0`.
fn is_envoy(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split([':', '@']).next().unwrap_or_default();
    matches!(name, "envoy" | "envoy-distroless" | "envoy-contrib")
}
