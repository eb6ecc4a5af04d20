"""The generated files and the ConfigMaps made from them are up to date with host-config."""

import sys

from manifests import DEPLOY, lookup, of_kind, parse

sys.path.insert(0, str(DEPLOY))
import generate  # noqa: E402

REDIS = ("redis.conf", "redis-tls.conf", "start-redis.sh", "users.acl.template")
FRONT = ("nginx.conf", "front.lua", "settings.lua")
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


def check(built):
    findings = [f"deploy/{name}: out of date with host-config: run make deploy-generate" for name in generate.stale()]
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
