"""The upstream connection limit is at least the client connection limit, because each stream holds an
upstream connection. Envoy's default is 1024; above it requests queue, health checks included."""

import yaml

from generated import config_map
from manifests import REPOSITORY, lookup, of_kind, parse

MONITOR = "envoy.resource_monitors.global_downstream_max_connections"


def upstream(bootstrap):
    """The lower of the limits on connections and requests to novasphere-api."""
    clusters = lookup(bootstrap, "static_resources", "clusters")
    cluster = next(c for c in clusters if c["name"] == "novasphere-api")
    thresholds = lookup(cluster, "circuit_breakers", "thresholds", 0) or {}
    return min(thresholds.get(name, 1024) for name in ("max_connections", "max_requests"))


def downstream(bootstrap):
    monitors = lookup(bootstrap, "overload_manager", "resource_monitors")
    monitor = next(m for m in monitors if m["name"] == MONITOR)
    return monitor["typed_config"]["max_active_downstream_connections"]


def check(built):
    envoy = yaml.safe_load(config_map(parse(built["envoy"]), "novasphere-gateway-envoy")["envoy.yaml"])
    expected = downstream(envoy)
    found = {"deploy/envoy": upstream(envoy)}
    for path in sorted((REPOSITORY / "host-config/envoy").glob("*.yaml")):
        found[f"host-config/envoy/{path.name}"] = upstream(yaml.safe_load(path.read_text()))
    docs = parse(built["envoy-gateway"])
    breakers = [lookup(doc, "spec", "circuitBreaker") or {} for doc in of_kind(docs, "BackendTrafficPolicy")]
    found["deploy/envoy-gateway"] = min(
        (breaker.get(name, 1024) for breaker in breakers for name in ("maxConnections", "maxParallelRequests")), default=1024
    )
    clients = [lookup(doc, "spec", "connection", "connectionLimit", "value") for doc in of_kind(docs, "ClientTrafficPolicy")]
    findings = [f"{source}: allows {count} connections to novasphere-api, need at least {expected}, the client limit" for source, count in found.items() if count < expected]
    return findings + ([] if clients == [expected] else [f"deploy/envoy-gateway: expected connectionLimit [{expected}], got {clients}"]), None
