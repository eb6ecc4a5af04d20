"""A ConfigMap with Kong's declarative configuration: every entry has an id, every service has its own jwt-auth
or a gateway with it, and filters that run as plugins have the right order."""

import yaml

from manifests import label, lookup, of_kind

# Kong activates new routes before their filters. Only the filters of an existing service cover them.
UNFILTERED = (
    "its new routes pass without filters during an update: put novasphere_jwt_auth, or novasphere_gateway with "
    "jwt_auth, on the service, and do not disable it"
)
OUTSIDE_SERVICE = "must be inside its service: these checks do not follow references to services"
NO_ID = "missing id: without one, renaming changes the id, and requests pass without filters during the update"
JWT_AUTH, GATEWAY = "novasphere_jwt_auth", "novasphere_gateway"
# The order of the filters. The gateway filter replaces all of them.
ORDER = ("novasphere_header_transform", "novasphere_cors", JWT_AUTH, "novasphere_rate_limit")


def check(docs):
    for doc in of_kind(docs, "ConfigMap"):
        for key, text in (doc.get("data") or {}).items():
            if "_format_version:" in text:
                for finding in faults(yaml.safe_load(text)):
                    yield f"{label(doc)}: {key}: {finding}"


def faults(config):
    for kind in ("services", "routes", "filter_chains", "plugins"):
        yield from without_id(config, kind)
    for kind in ("routes", "filter_chains", "plugins"):
        for entry in entries(config, kind):
            yield f"{kind}: {entry.get('name')}: {OUTSIDE_SERVICE}"
    for service in config.get("services") or []:
        subject = f"service {service.get('name')}"
        if any(not is_challenge(route) for route in service.get("routes") or []) and not any(map(protects, active_filters(service))):
            yield f"{subject}: {UNFILTERED}"
        yield from disordered(service, subject)
        for route in service.get("routes") or []:
            yield from disordered(route, f"route {route.get('name')}")


def is_challenge(route):
    """Whether a route passes challenges of ACME HTTP-01 only, which come without a token."""
    return route.get("paths") == ["/.well-known/acme-challenge/"] and route.get("protocols") == ["http"]


def entries(value, kind):
    """The entries of this kind. Of the plugins, only the filters."""
    return [entry for entry in value.get(kind) or [] if kind != "plugins" or str(entry.get("name")).startswith("novasphere_")]


def enabled(entry):
    return entry.get("enabled") is not False


def active_filters(service):
    for chain in filter(enabled, service.get("filter_chains") or []):
        yield from filter(enabled, chain.get("filters") or [])
    yield from filter(enabled, service.get("plugins") or [])


def protects(entry):
    """Whether a filter rejects requests without a token."""
    name = entry.get("name")
    return name == JWT_AUTH or (name == GATEWAY and lookup(entry, "config", "jwt_auth") is not None)


def without_id(value, kind):
    """The entries of this kind, at any depth of services and routes, that have no id."""
    for entry in entries(value, kind):
        if not entry.get("id"):
            yield f"{kind}: {entry.get('name')}: {NO_ID}"
    for parent in ("services", "routes"):
        for entry in value.get(parent) or []:
            yield from without_id(entry, kind)


def disordered(entry, subject):
    """Kong runs filters that are plugins in the order of their ids."""
    own = [p for p in entry.get("plugins") or [] if lookup(p, "name") in ORDER]
    names = [plugin["name"] for plugin in sorted(own, key=lambda plugin: str(plugin.get("id")))]
    if names != sorted(names, key=ORDER.index):
        yield f"{subject}: by their ids, the plugins run in the order {', '.join(names)}: expected {', '.join(ORDER)}"
