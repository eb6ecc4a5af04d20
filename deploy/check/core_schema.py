"""Built-in Kubernetes resources have only known fields, of the right types."""

import functools
import json

import kubernetes_validate
import kubernetes_validate.utils

from manifests import label, lookup, of_kind, parse

# The oldest supported Kubernetes version, with and without image volumes, and the newest.
OLDEST_WITH_IMAGE_VOLUMES, OLDEST, NEWEST = "1.33", "1.29", "1.37"
# The check custom_schema covers the kinds of these groups.
CUSTOM = (
    "cert-manager.io", "configuration.konghq.com", "extensions.istio.io", "gateway.envoyproxy.io",
    "gateway.networking.k8s.io", "monitoring.coreos.com", "networking.istio.io", "traefik.io",
)
# Resources that istiod generates and patches: required fields that a patch may omit.
PATCHED = {
    "deployment": ("apps/v1", "Deployment", {"selector": {"matchLabels": {}}, "template": {"spec": {"containers": []}}}),
    "horizontalPodAutoscaler": ("autoscaling/v2", "HorizontalPodAutoscaler", {"scaleTargetRef": {"kind": "Deployment", "name": "gateway"}}),
    "podDisruptionBudget": ("policy/v1", "PodDisruptionBudget", {}),
    "service": ("v1", "Service", {}),
}

# The library reads all definitions of a version for each resource.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)
kubernetes_validate.utils.all_versions = functools.cache(kubernetes_validate.utils.all_versions)


def is_custom(doc):
    return doc.get("apiVersion", "").split("/")[0] in CUSTOM


def check(docs):
    for doc in docs:
        if not is_custom(doc):
            yield from faults(doc, label(doc))
        if not lookup(doc, "metadata", "namespace") and doc.get("kind") not in ("Namespace", "GatewayClass"):
            yield f"{label(doc)}: missing metadata.namespace"
    for doc in patched(docs):
        yield from faults(doc, f"istiod's patch of its {doc['kind']}")


def oldest(doc):
    """The oldest Kubernetes version that has the fields of a resource."""
    volumes = lookup(doc, "spec", "template", "spec", "volumes") or []
    return OLDEST_WITH_IMAGE_VOLUMES if any("image" in volume for volume in volumes) else OLDEST


def faults(doc, subject):
    return [f"{subject}: {fault}" for fault in found(json.dumps(doc))]


@functools.cache
def found(text):
    """The faults of a resource, given as JSON: many renderings contain the same one."""
    return tuple(validated(json.loads(text)))


def validated(doc):
    for version in (oldest(doc), NEWEST):
        try:
            kubernetes_validate.validate(doc, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            yield f"{path}: {error.message.splitlines()[0][:200]} (Kubernetes {version})"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"Kubernetes {version} has no {doc.get('apiVersion')} {doc.get('kind')}"
        else:
            continue
        return


def patched(docs):
    """The patches in a Gateway's ConfigMap, completed to full resources."""
    for gateway in of_kind(docs, "Gateway"):
        reference = lookup(gateway, "spec", "infrastructure", "parametersRef") or {}
        for doc in of_kind(docs, "ConfigMap"):
            if reference.get("kind") == "ConfigMap" and lookup(doc, "metadata", "name") == reference.get("name"):
                for key, text in doc["data"].items():
                    yield complete(key, parse(text)[0])


def complete(key, patch):
    version, kind, required = PATCHED[key]
    spec = dict(required)
    for name, value in patch["spec"].items():
        spec[name] = {**required.get(name, {}), **value} if isinstance(value, dict) else value
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "gateway"}, "spec": spec}
