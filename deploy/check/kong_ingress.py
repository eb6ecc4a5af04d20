"""Kong Ingress Controller runs the filters: on every Service that an Ingress exposes, and on Services only."""

from manifests import label, lookup, of_kind

CLASS, CLASS_ANNOTATION = "kong", "kubernetes.io/ingress.class"
PLUGINS = "konghq.com/plugins"
FILTER, GATEWAY = "novasphere_", "novasphere_gateway"
# Other ways to a Service, which this check does not follow.
OTHER_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "TCPIngress", "UDPIngress", "KongCustomEntity")


def check(docs):
    plugins = {key(doc): doc for doc in of_kind(docs, "KongPlugin")}
    for doc in filter(is_filter, of_kind(docs, "KongPlugin", "KongClusterPlugin")):
        yield from filter_plugin(doc)
    seen = set()
    for doc in docs:
        if doc.get("kind") == "KongPlugin":
            seen.add(key(doc))
        for plugin in attached(doc):
            if plugin not in plugins:
                yield f"{label(doc)}: {PLUGINS}: unknown KongPlugin {plugin[1]}"
            elif is_filter(plugins[plugin]) and doc.get("kind") != "Service":
                yield f"{label(doc)}: {PLUGINS} must be on the Service: a new route passes without filters during an update"
            elif plugin not in seen and is_served(docs, doc):
                yield f"{label(doc)}: must come after KongPlugin {plugin[1]}: until that exists, requests pass without filters"
    ingresses = [doc for doc in of_kind(docs, "Ingress") if is_kongs(doc)]
    for doc in ingresses:
        yield from exposed(docs, doc, {name for name, plugin in plugins.items() if protects(plugin)})
    gateways = [doc for doc in of_kind(docs, "Gateway") if lookup(doc, "spec", "gatewayClassName") == CLASS]
    if plugins or ingresses or gateways:
        for doc in of_kind(docs, *OTHER_ROUTES):
            yield f"{label(doc)}: use an Ingress: this check does not see which Services a {doc['kind']} exposes"


def key(doc):
    return lookup(doc, "metadata", "namespace"), lookup(doc, "metadata", "name")


def is_served(docs, service):
    """Whether clients reach a Service. While a Service is prepared, its Ingress has a host that never resolves."""
    rules = [
        rule for doc in of_kind(docs, "Ingress") for rule in lookup(doc, "spec", "rules") or []
        if service["metadata"]["name"] in [lookup(path, "backend", "service", "name") for path in lookup(rule, "http", "paths") or []]
    ]
    return not rules or any(not str(rule.get("host")).endswith(".invalid") for rule in rules)


def is_filter(doc):
    return str(doc.get("plugin")).startswith(FILTER)


def is_kongs(ingress):
    """Whether the controller serves an Ingress. Without a class, it does if its class is the default."""
    classes = (lookup(ingress, "spec", "ingressClassName"), lookup(ingress, "metadata", "annotations", CLASS_ANNOTATION))
    return CLASS in classes or not any(classes)


def protects(plugin):
    """Whether a KongPlugin rejects requests without a token."""
    return plugin.get("plugin") == GATEWAY and not plugin.get("disabled") and lookup(plugin, "config", "jwt_auth") is not None


def filter_plugin(doc):
    if doc["kind"] != "KongPlugin":
        yield f"{label(doc)}: Kong rejects a global filter and with it the whole configuration: use a KongPlugin"
    if doc["plugin"] != GATEWAY:
        yield f"{label(doc)}: plugin must be {GATEWAY}: separate filters run in the order of ids that the controller generates"
    if lookup(doc, "metadata", "labels", "owner") != "helm":
        yield f"{label(doc)}: must have the label owner: helm: without it, the controller's webhook rejects the filter"
    for field in ("configFrom", "configPatches"):
        if field in doc:
            yield f"{label(doc)}: use config instead of {field}: without its Secret, requests pass without filters"


def attached(doc):
    """The KongPlugins that the annotation of a resource names."""
    names = (lookup(doc, "metadata", "annotations") or {}).get(PLUGINS, "")
    return [(lookup(doc, "metadata", "namespace"), name.strip()) for name in names.split(",") if name.strip()]


def backends(ingress):
    spec = ingress.get("spec") or {}
    paths = [path for rule in spec.get("rules") or [] for path in lookup(rule, "http", "paths") or []]
    return [backend for backend in (spec.get("defaultBackend"), *(path.get("backend") for path in paths)) if backend]


def exposed(docs, ingress, protecting):
    for backend in backends(ingress):
        service = backend.get("service") or {}
        name, port = service.get("name"), lookup(service, "port", "number") or lookup(service, "port", "name")
        services = [doc for doc in of_kind(docs, "Service") if key(doc) == (lookup(ingress, "metadata", "namespace"), name)]
        ports = [value for doc in services for p in lookup(doc, "spec", "ports") or [] for value in (p.get("port"), p.get("name"))]
        if port is None or port not in ports:
            yield f"{label(ingress)}: unknown Service {name}:{port}"
        elif not any(plugin in protecting for plugin in attached(services[0])):
            yield f"{label(ingress)}: Service {name} has no filters: annotate it with {PLUGINS}, a KongPlugin with jwt_auth"
