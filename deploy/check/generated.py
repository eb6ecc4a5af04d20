"""The generated files and the ConfigMaps made from them are up to date. The chart's Envoy has the settings of
host-config/envoy/per-route.yaml, which the tests of the filters run."""

import sys

import yaml

from manifests import DEPLOY, REPOSITORY, lookup, of_kind, parse, walk

sys.path.insert(0, str(DEPLOY))
import generate  # noqa: E402

REDIS = ("redis.conf", "redis-tls.conf", "start-redis.sh", "users.acl.template")
FRONT = ("nginx.conf", "front.lua", "settings.lua", "metrics.lua")
# Files per manifest and ConfigMap.
FILES = {
    ("envoy", "novasphere-gateway-envoy"): {"envoy.yaml": "envoy/envoy.yaml", "tls.yaml": "envoy/tls.yaml"},
    ("envoy-portable", "novasphere-gateway-envoy"): {"envoy.yaml": "envoy/envoy.yaml", "tls.yaml": "envoy/tls.yaml"},
    ("kong", "novasphere-gateway-kong"): {"kong.yml": "kong/kong.yml"},
    ("redis", "novasphere-redis"): {name: f"redis/{name}" for name in REDIS},
    ("redis", "novasphere-redis-front"): {name: f"redis/{name}" for name in FRONT},
    ("redis-external", "novasphere-redis-front"): {name: f"redis/{name}" for name in FRONT},
}


def config_map(docs, name):
    """The data of a ConfigMap from a generator, which appends a hash to the name."""
    found = [doc for doc in of_kind(docs, "ConfigMap") if lookup(doc, "metadata", "name").rsplit("-", 1)[0] == name]
    return found[0]["data"] if len(found) == 1 else {}


def settings(path):
    """What the chart's Envoy and host-config must have in common. The chart also names its routes."""
    bootstrap = yaml.safe_load(path.read_text())
    listener = next(l for l in bootstrap["static_resources"]["listeners"] if l["name"] == "gateway")
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    manager["route_config"].pop("ignore_port_in_host_matching", None)
    for host in manager["route_config"]["virtual_hosts"]:
        host["domains"] = [name for name in host["domains"] if not name.endswith(":*")]
        for route in host["routes"]:
            route.pop("name", None)
    clusters = bootstrap["static_resources"]["clusters"]
    cluster = next(c for c in clusters if c["name"] == "novasphere-api")
    return {"admin": bootstrap["admin"], "stats_config": bootstrap["stats_config"], "manager": manager, "cluster": cluster}


def envoy_faults():
    expected = dict(walk(settings(REPOSITORY / "host-config/envoy/per-route.yaml")))
    found = dict(walk(settings(DEPLOY / "envoy/envoy.yaml")))
    for path in sorted(expected.keys() | found.keys(), key=str):
        one, other = expected.get(path), found.get(path)
        if one != other and not (isinstance(one, (dict, list)) and isinstance(other, (dict, list))):
            place = ".".join(str(name) for name in path)
            yield f"deploy/envoy/envoy.yaml: {place}: expected {one!r} as in host-config, got {other!r}"


def check(built):
    findings = [f"deploy/{name}: out of date: run make deploy-generate" for name in generate.stale()]
    findings += envoy_faults()
    for (manifests, name), files in FILES.items():
        data = config_map(parse(built[manifests]), name)
        for key, path in files.items():
            if data.get(key) != (DEPLOY / path).read_text():
                findings.append(f"{manifests}: ConfigMap {name}: {key} differs from deploy/{path}")
    variables = dict(
        line.split("=", 1) for line in (DEPLOY / "kong/kong.env").read_text().splitlines() if not line.startswith("#")
    )
    if config_map(parse(built["kong"]), "novasphere-gateway-kong-env") != variables:
        findings.append("kong: ConfigMap novasphere-gateway-kong-env differs from deploy/kong/kong.env")
    return findings, None
