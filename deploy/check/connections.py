"""As many connections to novasphere-api may be open as from clients: a stream keeps its own. Envoy's
default is 1024, after which requests wait, those of the health check too."""

import yaml

from generated import config_map
from manifests import REPOSITORY, at, of_kind, parse

MONITOR = "envoy.resource_monitors.global_downstream_max_connections"


def upstream(bootstrap):
    """How many connections and how many requests novasphere-api gets."""
    clusters = at(bootstrap, "static_resources", "clusters")
    cluster = next(c for c in clusters if c["name"] == "novasphere-api")
    thresholds = at(cluster, "circuit_breakers", "thresholds", 0) or {}
    return min(thresholds.get(name, 1024) for name in ("max_connections", "max_requests"))


def downstream(bootstrap):
    monitors = at(bootstrap, "overload_manager", "resource_monitors")
    monitor = next(m for m in monitors if m["name"] == MONITOR)
    return monitor["typed_config"]["max_active_downstream_connections"]


def check(built):
    envoy = yaml.safe_load(config_map(parse(built["envoy"]), "novasphere-gateway-envoy")["envoy.yaml"])
    wanted = downstream(envoy)
    found = {"deploy/envoy": upstream(envoy)}
    for path in sorted((REPOSITORY / "host-config/envoy").glob("*.yaml")):
        found[f"host-config/envoy/{path.name}"] = upstream(yaml.safe_load(path.read_text()))
    docs = parse(built["envoy-gateway"])
    breakers = [at(doc, "spec", "circuitBreaker") or {} for doc in of_kind(docs, "BackendTrafficPolicy")]
    found["deploy/envoy-gateway"] = min(
        (breaker.get(name, 1024) for breaker in breakers for name in ("maxConnections", "maxParallelRequests")), default=1024
    )
    clients = [at(doc, "spec", "connection", "connectionLimit", "value") for doc in of_kind(docs, "ClientTrafficPolicy")]
    findings = [f"{what}: {count} connections to novasphere-api, {wanted} of clients" for what, count in found.items() if count < wanted]
    return findings + ([] if clients == [wanted] else [f"deploy/envoy-gateway: connectionLimit is {clients}, not {wanted}"]), None
