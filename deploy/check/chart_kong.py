"""Kong's configurations from the chart are valid by Kong's schema and by those of the filters. That of deploy/kong
has the services of host-config/kong/kong.yml, which the tests of the filters run."""

import functools
import json

import jsonschema
import yaml

from manifests import DEPLOY, REPOSITORY, of_kind, parse

META = REPOSITORY / "host-config/kong/meta"


def check(built):
    findings = []
    for name, text in built.items():
        for doc in of_kind(parse(text), "ConfigMap") if "kong" in name else []:
            if "kong.yml" in (doc.get("data") or {}):
                findings += [f"{name}: {fault}" for fault in faults(yaml.safe_load(doc["data"]["kong.yml"]))]
    shipped = services(REPOSITORY / "host-config/kong/kong.yml")
    rendered = services(DEPLOY / "kong/kong.yml")
    for one, other in zip(shipped, rendered, strict=True):
        findings += [f"deploy/kong/kong.yml: {other['name']}: {field}: expected {one[field]}, got {other[field]}" for field in one if field != "name" and one[field] != other[field]]
    return findings, None


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
