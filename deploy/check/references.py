"""References between resources resolve: selectors, ports and names."""

import functools

import yaml

from manifests import DEPLOY, containers, has_resource, label, lookup, of_kind, walk, workloads

# Resources from elsewhere: common/ or the steps in deploy/README.md create them.
OUTSIDE = {
    ("Service", "novasphere-api"), ("Secret", "novasphere-jwt"), ("Secret", "novasphere-api-tls"),
    ("Secret", "novasphere-redis"), ("ConfigMap", "novasphere-redis-authority"),
    ("ClusterIssuer", "letsencrypt-prod"), ("GatewayClass", "istio"),
}
OUTSIDE_PODS = {"app.kubernetes.io/name": "novasphere-api"}
# The pods of the chart's values in the checks.
OTHER_PODS = ({"app.kubernetes.io/name": "orders"}, {"app": "orders"})
# cert-manager creates these pods for the challenges of ACME HTTP-01.
SOLVERS = {"acme.cert-manager.io/http01-solver": "true"}
BACKEND_PORT = 8080


def check(docs):
    for doc in of_kind(docs, "Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        yield from selected(docs, doc)
    for doc, template in workloads(docs):
        wanted = lookup(doc, "spec", "selector", "matchLabels") or {}
        if not wanted or not wanted.items() <= (lookup(template, "metadata", "labels") or {}).items():
            yield f"{label(doc)}: spec.selector does not match the pod template's labels"
        for kind, name in sources(template):
            if not exists(docs, kind, name, doc):
                yield f"{label(doc)}: unknown {kind} {name}"
    for doc in of_kind(docs, "HorizontalPodAutoscaler"):
        target = lookup(doc, "spec", "scaleTargetRef") or {}
        if not exists(docs, target.get("kind"), target.get("name"), doc):
            yield f"{label(doc)}: unknown {target.get('kind')} {target.get('name')}"
    for doc in of_kind(docs, "Certificate"):
        yield from certified(docs, doc)
    for doc in of_kind(docs, "Issuer"):
        authority = lookup(doc, "spec", "ca", "secretName")
        if authority and not created_by_certificate(docs, authority, doc):
            yield f"{label(doc)}: no Certificate creates the Secret {authority}"
    for doc in of_kind(docs, "Ingress"):
        yield from encrypted(docs, doc)
    for doc in docs:
        yield from attached(docs, doc)


def certified(docs, doc):
    secret, issuer = lookup(doc, "spec", "secretName"), lookup(doc, "spec", "issuerRef") or {}
    used = {name for _, pods in workloads(docs) for kind, name in sources(pods) if kind == "Secret"}
    used |= {lookup(other, "spec", "ca", "secretName") for other in of_kind(docs, "Issuer")}
    listening = [part for other in of_kind(docs, "Gateway") for part in lookup(other, "spec", "listeners") or []]
    used |= {lookup(reference, "name") for part in listening for reference in lookup(part, "tls", "certificateRefs") or []}
    used |= {lookup(part, "secretName") for other in of_kind(docs, "Ingress") for part in lookup(other, "spec", "tls") or []}
    used |= {lookup(other, "spec", "tls", "secretName") for other in of_kind(docs, "IngressRoute")}
    if ("Secret", secret) not in OUTSIDE and secret not in used:
        yield f"{label(doc)}: the Secret {secret} is unused"
    if not exists(docs, issuer.get("kind", "Issuer"), issuer.get("name"), doc):
        yield f"{label(doc)}: unknown {issuer.get('kind', 'Issuer')} {issuer.get('name')}"


def encrypted(docs, doc):
    """cert-manager creates the Secrets of an Ingress that has its annotation."""
    issuer = (lookup(doc, "metadata", "annotations") or {}).get("cert-manager.io/cluster-issuer")
    if issuer and not exists(docs, "ClusterIssuer", issuer, doc):
        yield f"{label(doc)}: unknown ClusterIssuer {issuer}"
    for part in lookup(doc, "spec", "tls") or []:
        if not issuer and not exists(docs, "Secret", part.get("secretName"), doc):
            yield f"{label(doc)}: unknown Secret {part.get('secretName')}"


def created_by_certificate(docs, secret, doc):
    namespace = lookup(doc, "metadata", "namespace")
    return any(
        lookup(other, "spec", "secretName") == secret and lookup(other, "metadata", "namespace") == namespace
        for other in of_kind(docs, "Certificate")
    )


def selector(doc):
    spec = doc.get("spec") or {}
    if doc["kind"] == "Service":
        return spec.get("selector") or {}
    return lookup(spec, "podSelector" if doc["kind"] == "NetworkPolicy" else "selector", "matchLabels") or {}


def selected(docs, doc):
    wanted = selector(doc)
    # A Service of another release, or one with endpoints from elsewhere.
    if doc["kind"] == "Service" and not wanted:
        return
    if wanted in (OUTSIDE_PODS, *OTHER_PODS, SOLVERS, *chart_pods(), *default_pods()) or created_by_controller(docs, wanted):
        return
    namespace = lookup(doc, "metadata", "namespace")
    pods = [
        template for other, template in workloads(docs)
        if lookup(other, "metadata", "namespace") == namespace
        and wanted and wanted.items() <= (lookup(template, "metadata", "labels") or {}).items()
    ]
    if not pods:
        yield f"{label(doc)}: the selector matches no pods"
    names = {p.get("name") for pod in pods for c in containers(pod) for p in c.get("ports", [])}
    for port in ports(doc):
        if pods and isinstance(port, str) and port not in names:
            yield f"{label(doc)}: the selected pods have no port {port}"


def ports(doc):
    spec = doc["spec"]
    if doc["kind"] == "Service":
        return [port.get("targetPort") for port in spec.get("ports", [])]
    if doc["kind"] == "PodMonitor":
        return [endpoint.get("port") for endpoint in spec.get("podMetricsEndpoints", [])]
    if doc["kind"] == "NetworkPolicy":
        return [p.get("port") for rule in spec.get("ingress", []) for p in rule.get("ports", [])]
    return []


@functools.cache
def chart_pods():
    """Labels of the pods that charts create, read from the values."""
    values = [yaml.safe_load(path.read_text()) for path in sorted(DEPLOY.glob("*/values.yaml"))]
    constraints = [part for v in values for path, part in walk(v) if path and path[-1] == "topologySpreadConstraints"]
    return [constraint["labelSelector"]["matchLabels"] for part in constraints for constraint in part]


@functools.cache
def default_pods():
    """Labels of the pods of other charts, for which the chart has a default."""
    values = yaml.safe_load((DEPLOY / "chart/novasphere-gateway/values.yaml").read_text())
    return [values[part]["podLabels"] for part in ("kongIngress", "traefikCrd")]


def created_by_controller(docs, wanted):
    """Whether a controller creates the pods for one of the Gateways."""
    gateways = {lookup(doc, "metadata", "name") for doc in of_kind(docs, "Gateway")}
    names = ("gateway.networking.k8s.io/gateway-name", "gateway.envoyproxy.io/owning-gateway-name")
    return any(wanted.get(name) in gateways for name in names)


def sources(template):
    """ConfigMaps and Secrets that the pod template refers to."""
    for volume in lookup(template, "spec", "volumes") or []:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"].get("name")
        if "secret" in volume:
            yield "Secret", volume["secret"].get("secretName")
        for source in lookup(volume, "projected", "sources") or []:
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if field in source:
                    yield kind, source[field].get("name")
    for container in containers(template):
        for source in container.get("envFrom", []):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if field in source:
                    yield kind, source[field].get("name")
        for variable in container.get("env", []):
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                if lookup(variable, "valueFrom", field):
                    yield kind, lookup(variable, "valueFrom", field, "name")


def exists(docs, kind, name, doc):
    if (kind, name) in OUTSIDE or (kind == "Secret" and created_by_certificate(docs, name, doc)):
        return True
    namespace = None if kind == "GatewayClass" else lookup(doc, "metadata", "namespace")
    return has_resource(docs, kind, name, namespace)


def attached(docs, doc):
    """Checks the references of policies, routes and Gateways."""
    spec = doc.get("spec")
    references = [*(lookup(spec, "targetRefs") or []), *(lookup(spec, "parentRefs") or [])]
    references += filter(None, [lookup(spec, "infrastructure", "parametersRef")])
    for reference in references:
        kind, name = reference.get("kind", "Gateway"), reference.get("name")
        if not exists(docs, kind, name, doc):
            yield f"{label(doc)}: unknown {kind} {name}"
        section = reference.get("sectionName")
        if section and section not in listeners(docs, name):
            yield f"{label(doc)}: Gateway {name} has no listener {section}"
    if doc["kind"] == "Gateway" and not exists(docs, "GatewayClass", lookup(spec, "gatewayClassName"), doc):
        yield f"{label(doc)}: unknown GatewayClass {lookup(spec, 'gatewayClassName')}"
    for rule in lookup(spec, "rules") or [] if doc["kind"] == "HTTPRoute" else []:
        for backend in rule.get("backendRefs", []):
            if not is_backend(docs, backend):
                yield f"{label(doc)}: unknown Service {backend.get('name')}:{backend.get('port')}"
    for listener in lookup(spec, "listeners") or [] if doc["kind"] == "Gateway" else []:
        for certificate in lookup(listener, "tls", "certificateRefs") or []:
            if not exists(docs, "Secret", certificate.get("name"), doc):
                yield f"{label(doc)}: unknown Secret {certificate.get('name')}"


def is_backend(docs, backend):
    """Whether a Service from elsewhere has this name and port. One without selector has any port."""
    services = [doc for doc in of_kind(docs, "Service") if not selector(doc)]
    known = ("Service", backend.get("name")) in OUTSIDE and backend.get("port") == BACKEND_PORT
    return known or backend.get("name") in [lookup(doc, "metadata", "name") for doc in services]


def listeners(docs, name):
    gateways = [doc for doc in of_kind(docs, "Gateway") if lookup(doc, "metadata", "name") == name]
    return {lookup(l, "name") for doc in gateways for l in lookup(doc, "spec", "listeners") or []}
