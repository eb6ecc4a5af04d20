"""A ConfigMap with Kong's declarative configuration: every entry has an id, every service has its own
filters, and filters that run as plugins have the right order."""

import yaml

from manifests import label, lookup, of_kind

# Kong activates new routes before their filters. Only the filters of an existing service cover them.
UNFILTERED = "its new routes pass without filters during an update: put novasphere_jwt_auth or novasphere_gateway on the service"
NO_ID = "missing id: without one, renaming changes the id, and requests pass without filters during the update"
PROTECTING = {"novasphere_jwt_auth", "novasphere_gateway"}
# The order of the filters. The gateway filter replaces all of them.
ORDER = ("novasphere_cors", "novasphere_jwt_auth", "novasphere_rate_limit")


def check(docs):
    for doc in of_kind(docs, "ConfigMap"):
        for key, text in (doc.get("data") or {}).items():
            if "_format_version:" in text:
                for finding in faults(yaml.safe_load(text)):
                    yield f"{label(doc)}: {key}: {finding}"


def faults(config):
    for kind in ("services", "routes", "filter_chains", "plugins"):
        yield from without_id(config, kind)
    for service in config.get("services") or []:
        subject = f"service {service.get('name')}"
        chains = [f for chain in service.get("filter_chains") or [] for f in chain.get("filters") or []]
        used = {f.get("name") for f in (*chains, *(service.get("plugins") or [])) if f.get("enabled") is not False}
        if service.get("routes") and not used & PROTECTING:
            yield f"{subject}: {UNFILTERED}"
        yield from disordered(service, subject)
        for route in service.get("routes") or []:
            yield from disordered(route, f"route {route.get('name')}")


def without_id(value, kind):
    """The entries of this kind, at any depth of services and routes, that have no id."""
    for entry in value.get(kind) or []:
        if not entry.get("id") and (kind != "plugins" or str(entry.get("name")).startswith("novasphere_")):
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
