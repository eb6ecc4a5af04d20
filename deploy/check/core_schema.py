"""Resources of Kubernetes itself have the fields that it knows, of the right types."""

import kubernetes_validate

from manifests import at, label, of_kind, parse

# The oldest and the newest version the manifests are for.
VERSIONS = ("1.33", "1.37")
# What kinds of these groups are is for custom_schema to say.
CUSTOM = (
    "cert-manager.io", "extensions.istio.io", "gateway.envoyproxy.io",
    "gateway.networking.k8s.io", "monitoring.coreos.com", "networking.istio.io", "traefik.io",
)
# What istiod merges into what it makes.
MERGED = {
    "deployment": ("apps/v1", "Deployment", {"selector": {"matchLabels": {}}, "template": {"spec": {"containers": []}}}),
    "horizontalPodAutoscaler": ("autoscaling/v2", "HorizontalPodAutoscaler", {"scaleTargetRef": {"kind": "Deployment", "name": "gateway"}}),
    "podDisruptionBudget": ("policy/v1", "PodDisruptionBudget", {}),
    "service": ("v1", "Service", {}),
}


def is_custom(doc):
    return doc.get("apiVersion", "").split("/")[0] in CUSTOM


def check(docs):
    for doc in docs:
        if not is_custom(doc):
            yield from faults(doc, label(doc))
        if not at(doc, "metadata", "namespace") and doc.get("kind") not in ("Namespace", "GatewayClass"):
            yield f"{label(doc)}: has no namespace"
    for doc in merged(docs):
        yield from faults(doc, f"what istiod merges into its {doc['kind']}")


def faults(doc, what):
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(doc, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            yield f"{what}: {path}: {error.message.splitlines()[0][:200]} (Kubernetes {version})"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{what}: Kubernetes {version} knows no {doc.get('apiVersion')} {doc.get('kind')}"
        else:
            continue
        return


def merged(docs):
    """The resources that parts of a Gateway's ConfigMap are for, with what else they must have."""
    for gateway in of_kind(docs, "Gateway"):
        reference = at(gateway, "spec", "infrastructure", "parametersRef") or {}
        for doc in of_kind(docs, "ConfigMap"):
            if reference.get("kind") == "ConfigMap" and at(doc, "metadata", "name") == reference.get("name"):
                for key, text in doc["data"].items():
                    yield whole(key, parse(text)[0])


def whole(key, part):
    version, kind, needed = MERGED[key]
    spec = dict(needed)
    for name, value in part["spec"].items():
        spec[name] = {**needed.get(name, {}), **value} if isinstance(value, dict) else value
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "gateway"}, "spec": spec}
