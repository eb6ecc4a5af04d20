"""Kong Ingress Controller runs the filters: on every Service that an Ingress exposes, and on Services only."""

from manifests import label, lookup, of_kind

CLASS = "kong"
PLUGINS = "konghq.com/plugins"
FILTER, GATEWAY = "novasphere_", "novasphere_gateway"


def check(docs):
    plugins = {(lookup(doc, "metadata", "namespace"), lookup(doc, "metadata", "name")): doc for doc in of_kind(docs, "KongPlugin")}
    filters = {key for key, doc in plugins.items() if is_filter(doc)}
    for doc in filter(is_filter, of_kind(docs, "KongPlugin", "KongClusterPlugin")):
        yield from filter_plugin(doc)
    for doc in docs:
        for name in attached(doc):
            key = (lookup(doc, "metadata", "namespace"), name)
            if key not in plugins:
                yield f"{label(doc)}: {PLUGINS}: unknown KongPlugin {name}"
            elif key in filters and doc.get("kind") != "Service":
                yield f"{label(doc)}: {PLUGINS} must be on the Service: a new route passes without filters during an update"
    for doc in of_kind(docs, "Ingress"):
        if lookup(doc, "spec", "ingressClassName") == CLASS:
            yield from exposed(docs, doc, filters)


def is_filter(doc):
    return str(doc.get("plugin")).startswith(FILTER)


def filter_plugin(doc):
    if doc["kind"] != "KongPlugin":
        yield f"{label(doc)}: Kong rejects a global filter and with it the whole configuration: use a KongPlugin"
    if doc["plugin"] != GATEWAY:
        yield f"{label(doc)}: plugin must be {GATEWAY}: separate filters run in the order of ids that the controller generates"
    if lookup(doc, "metadata", "labels", "owner") != "helm":
        yield f"{label(doc)}: must have the label owner: helm: without it, the controller's webhook rejects the filter"


def attached(doc):
    names = (lookup(doc, "metadata", "annotations") or {}).get(PLUGINS, "")
    return [name.strip() for name in names.split(",") if name.strip()]


def exposed(docs, ingress, filters):
    namespace = lookup(ingress, "metadata", "namespace")
    for rule in lookup(ingress, "spec", "rules") or []:
        for path in lookup(rule, "http", "paths") or []:
            backend = lookup(path, "backend", "service") or {}
            name, port = backend.get("name"), lookup(backend, "port", "number") or lookup(backend, "port", "name")
            services = [
                doc for doc in of_kind(docs, "Service")
                if (lookup(doc, "metadata", "namespace"), lookup(doc, "metadata", "name")) == (namespace, name)
            ]
            ports = [value for doc in services for p in lookup(doc, "spec", "ports") or [] for value in (p.get("port"), p.get("name"))]
            if port not in ports:
                yield f"{label(ingress)}: unknown Service {name}:{port}"
            elif not any((namespace, plugin) in filters for plugin in attached(services[0])):
                yield f"{label(ingress)}: Service {name} has no filters: annotate it with {PLUGINS}"
