"""Kong's configurations from the chart are valid by Kong's schema and by those of the filters. That of deploy/kong
has the services of host-config/kong/kong.yml, which the tests of the filters run. For Kong Ingress Controller, each
Service has its own KongPlugin, and only the readiness probe reaches the API without TLS."""

import functools
import json

import jsonschema
import yaml

import chart
from kong_ingress import PLUGINS
from manifests import DEPLOY, REPOSITORY, label, lookup, of_kind, parse

META = REPOSITORY / "host-config/kong/meta"


def check(built):
    findings = []
    for name, text in built.items():
        for doc in of_kind(parse(text), "ConfigMap") if "kong" in name else []:
            if "kong.yml" in (doc.get("data") or {}):
                findings += [f"{name}: {fault}" for fault in faults(yaml.safe_load(doc["data"]["kong.yml"]))]
        findings += [f"{name}: {fault}" for fault in shared(parse(text)) if "kong-ingress" in name]
    shipped = services(REPOSITORY / "host-config/kong/kong.yml")
    rendered = services(DEPLOY / "kong/kong.yml")
    for one, other in zip(shipped, rendered, strict=True):
        findings += [f"deploy/kong/kong.yml: {other['name']}: {field}: expected {one[field]}, got {other[field]}" for field in one if field != "name" and one[field] != other[field]]
    return findings + list(plain()), None


def plain():
    """Faults of routes without TLS, with port 80 open."""
    for http, status in (({"acme": True}, None), ({"redirect": True}, "308"), ({"acme": True, "redirect": True}, "308")):
        values = {**chart.MINIMAL, "host": "kong-ingress", "http": http, "kongIngress": {"served": ["default"]}, "probePath": "/v1/jobs"}
        found = {}
        for doc in of_kind(parse(chart.run(values).stdout), "Ingress"):
            notes, path = lookup(doc, "metadata", "annotations") or {}, lookup(doc, "spec", "rules", 0, "http", "paths", 0, "path")
            found[path] = (notes.get("konghq.com/protocols"), notes.get("konghq.com/https-redirect-status-code"))
        if found != {"/": ("https", status), "/~/v1/jobs$": ("http", None)}:
            yield f"kong-ingress with {http}: expected TLS except for the probe, got {found}"


def shared(docs):
    """Services without a KongPlugin of their own, which Helm would create after the Service that gets filters."""
    for doc in of_kind(docs, "Service"):
        plugin = (lookup(doc, "metadata", "annotations") or {}).get(PLUGINS)
        if plugin not in (None, doc["metadata"]["name"]):
            yield f"{label(doc)}: expected a KongPlugin of its own, got {plugin}"


@functools.cache
def schema(path):
    return json.loads(path.read_text())


def faults(config):
    declarative = schema(REPOSITORY / "tests/schema/kong-declarative.json")
    for error in jsonschema.validators.validator_for(declarative)(declarative).iter_errors(config):
        yield f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message[:200]}"
    for service in config["services"]:
        for item in [item for chain in service.get("filter_chains", []) for item in chain["filters"]]:
            own = schema(META / f"{item['name']}.meta.json")["config_schema"]
            for error in jsonschema.Draft4Validator(own).iter_errors(item["config"]):
                yield f"{service['name']}: {item['name']}: {error.message[:200]}"


def services(path):
    """What the chart's services and those of host-config must have in common, in order."""
    for service in yaml.safe_load(path.read_text())["services"]:
        route, = service["routes"]
        yield {
            "name": service["name"],
            "url": service["url"],
            "read_timeout": service["read_timeout"],
            "filters": service["filter_chains"][0]["filters"],
            "hosts": route["hosts"],
            "paths": route["paths"],
            "prior": "regex_priority" in route,
            "strip_path": route["strip_path"],
            "preserve_host": route["preserve_host"],
        }
