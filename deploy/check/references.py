"""What one resource says of another is so: selectors, ports, names."""

import functools

import yaml

from manifests import DEPLOY, at, containers, label, named, of_kind, workloads

# Not part of a gateway's manifests: common/ and deploy/README.md say where they come from.
OUTSIDE = {
    ("Service", "novasphere-api"), ("Secret", "novasphere-jwt"), ("Secret", "novasphere-api-tls"),
    ("Secret", "novasphere-redis"), ("ConfigMap", "novasphere-redis-authority"),
    ("ClusterIssuer", "letsencrypt-prod"), ("GatewayClass", "istio"),
}
OUTSIDE_PODS = {"app.kubernetes.io/name": "novasphere-api"}
BACKEND_PORT = 8080


def check(docs):
    for doc in of_kind(docs, "Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        yield from selected(docs, doc)
    for doc, template in workloads(docs):
        wanted = at(doc, "spec", "selector", "matchLabels") or {}
        if not wanted or not wanted.items() <= (at(template, "metadata", "labels") or {}).items():
            yield f"{label(doc)}: its selector does not select its own pods"
        for kind, name in sources(template):
            if not exists(docs, kind, name, doc):
                yield f"{label(doc)}: there is no {kind} {name}"
    for doc in of_kind(docs, "HorizontalPodAutoscaler"):
        target = at(doc, "spec", "scaleTargetRef") or {}
        if not exists(docs, target.get("kind"), target.get("name"), doc):
            yield f"{label(doc)}: there is no {target.get('kind')} {target.get('name')}"
    for doc in of_kind(docs, "Certificate"):
        yield from certified(docs, doc)
    for doc in of_kind(docs, "Issuer"):
        authority = at(doc, "spec", "ca", "secretName")
        if authority and not made_by_certificate(docs, authority, doc):
            yield f"{label(doc)}: no Certificate makes the Secret {authority}"
    for doc in docs:
        yield from attached(docs, doc)


def certified(docs, doc):
    secret, issuer = at(doc, "spec", "secretName"), at(doc, "spec", "issuerRef") or {}
    used = {name for _, pods in workloads(docs) for kind, name in sources(pods) if kind == "Secret"}
    used |= {at(other, "spec", "ca", "secretName") for other in of_kind(docs, "Issuer")}
    if ("Secret", secret) not in OUTSIDE and secret not in used:
        yield f"{label(doc)}: nobody uses the Secret {secret}"
    if not exists(docs, issuer.get("kind", "Issuer"), issuer.get("name"), doc):
        yield f"{label(doc)}: there is no {issuer.get('kind', 'Issuer')} {issuer.get('name')}"


def made_by_certificate(docs, secret, doc):
    namespace = at(doc, "metadata", "namespace")
    return any(
        at(other, "spec", "secretName") == secret and at(other, "metadata", "namespace") == namespace
        for other in of_kind(docs, "Certificate")
    )


def selector(doc):
    spec = doc.get("spec") or {}
    if doc["kind"] == "Service":
        return spec.get("selector") or {}
    return at(spec, "podSelector" if doc["kind"] == "NetworkPolicy" else "selector", "matchLabels") or {}


def selected(docs, doc):
    wanted = selector(doc)
    if wanted in (OUTSIDE_PODS, *chart_pods()) or made_by_controller(docs, wanted):
        return
    namespace = at(doc, "metadata", "namespace")
    pods = [
        template for other, template in workloads(docs)
        if at(other, "metadata", "namespace") == namespace
        and wanted and wanted.items() <= (at(template, "metadata", "labels") or {}).items()
    ]
    if not pods:
        yield f"{label(doc)}: selects no pods"
    names = {p.get("name") for pod in pods for c in containers(pod) for p in c.get("ports", [])}
    for port in ports(doc):
        if pods and isinstance(port, str) and port not in names:
            yield f"{label(doc)}: its pods have no port {port}"


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
    """The labels of the pods that charts make, as their values say."""
    values = [yaml.safe_load(path.read_text()) for path in sorted(DEPLOY.glob("*/values.yaml"))]
    return [c["labelSelector"]["matchLabels"] for v in values for c in v["topologySpreadConstraints"]]


def made_by_controller(docs, wanted):
    """Whether the pods are those that a controller makes for one of the Gateways."""
    gateways = {at(doc, "metadata", "name") for doc in of_kind(docs, "Gateway")}
    names = ("gateway.networking.k8s.io/gateway-name", "gateway.envoyproxy.io/owning-gateway-name")
    return any(wanted.get(name) in gateways for name in names)


def sources(template):
    """The ConfigMaps and Secrets that pods need."""
    for volume in at(template, "spec", "volumes") or []:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"].get("name")
        if "secret" in volume:
            yield "Secret", volume["secret"].get("secretName")
        for source in at(volume, "projected", "sources") or []:
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
                if at(variable, "valueFrom", field):
                    yield kind, at(variable, "valueFrom", field, "name")


def exists(docs, kind, name, doc):
    if (kind, name) in OUTSIDE or (kind == "Secret" and made_by_certificate(docs, name, doc)):
        return True
    namespace = None if kind == "GatewayClass" else at(doc, "metadata", "namespace")
    return named(docs, kind, name, namespace)


def attached(docs, doc):
    """Policies, routes and Gateways."""
    spec = doc.get("spec")
    references = [*(at(spec, "targetRefs") or []), *(at(spec, "parentRefs") or [])]
    references += filter(None, [at(spec, "infrastructure", "parametersRef")])
    for reference in references:
        kind, name = reference.get("kind", "Gateway"), reference.get("name")
        if not exists(docs, kind, name, doc):
            yield f"{label(doc)}: there is no {kind} {name}"
        section = reference.get("sectionName")
        if section and section not in listeners(docs, name):
            yield f"{label(doc)}: Gateway {name} has no listener {section}"
    if doc["kind"] == "Gateway" and not exists(docs, "GatewayClass", at(spec, "gatewayClassName"), doc):
        yield f"{label(doc)}: there is no GatewayClass {at(spec, 'gatewayClassName')}"
    for rule in at(spec, "rules") or [] if doc["kind"] == "HTTPRoute" else []:
        for backend in rule.get("backendRefs", []):
            if ("Service", backend.get("name")) not in OUTSIDE or backend.get("port") != BACKEND_PORT:
                yield f"{label(doc)}: there is no Service {backend.get('name')}:{backend.get('port')}"
    for listener in at(spec, "listeners") or [] if doc["kind"] == "Gateway" else []:
        for certificate in at(listener, "tls", "certificateRefs") or []:
            if not exists(docs, "Secret", certificate.get("name"), doc):
                yield f"{label(doc)}: there is no Secret {certificate.get('name')}"


def listeners(docs, name):
    gateways = [doc for doc in of_kind(docs, "Gateway") if at(doc, "metadata", "name") == name]
    return {at(l, "name") for doc in gateways for l in at(doc, "spec", "listeners") or []}
