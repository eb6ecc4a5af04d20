"""Every Deployment keeps serving through rollouts, evictions and the loss of a node. A StatefulSet is a
Redis, whose counts nobody else has: there is one of it."""

import yaml

from manifests import at, label, of_kind, workloads


def check(docs):
    for doc in docs:
        # Istio takes parts of a Deployment as text.
        texts = (doc.get("data") or {}).get("deployment") if doc.get("kind") == "ConfigMap" else None
        if any(counts_closed_nodes([doc, yaml.safe_load(texts or "")])):
            yield f"{label(doc)}: {CLOSED}"
    for doc, template in workloads(docs):
        if doc["kind"] == "StatefulSet":
            yield from single(docs, doc)
        else:
            yield from scaling(docs, doc)
            yield from spread(doc, template)
        labels = at(template, "metadata", "labels") or {}
        selected = lambda other: matches(at(other, "spec", "selector"), labels, doc, other)
        if not any(map(selected, of_kind(docs, "PodDisruptionBudget"))):
            yield f"{label(doc)}: has no PodDisruptionBudget"
        if doc["kind"] != "StatefulSet" and at(doc, "spec", "strategy", "rollingUpdate", "maxUnavailable") != 0:
            yield f"{label(doc)}: maxUnavailable of its rollouts is not 0"
    for doc in of_kind(docs, "HorizontalPodAutoscaler"):
        if (at(doc, "spec", "minReplicas") or 1) < 2:
            yield f"{label(doc)}: minReplicas is less than 2"
    for doc in of_kind(docs, "EnvoyProxy"):
        kubernetes = at(doc, "spec", "provider", "kubernetes")
        if (at(kubernetes, "envoyHpa", "minReplicas") or 1) < 2:
            yield f"{label(doc)}: minReplicas of envoyHpa is less than 2"
        if not at(kubernetes, "envoyPDB"):
            yield f"{label(doc)}: has no envoyPDB"


CLOSED = (
    "a node that is drained, or of the control plane, counts as one without pods and keeps others from more: "
    "nodeTaintsPolicy: Honor"
)


def counts_closed_nodes(value):
    """Each topologySpreadConstraint in it that does, however deep."""
    if isinstance(value, dict):
        if value.get("whenUnsatisfiable") == "DoNotSchedule" and value.get("nodeTaintsPolicy") != "Honor":
            yield value
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from counts_closed_nodes(part)


def matches(selector, labels, doc, other):
    wanted = at(selector, "matchLabels") or {}
    same = at(doc, "metadata", "namespace") == at(other, "metadata", "namespace")
    return same and bool(wanted) and wanted.items() <= labels.items()


def is_scaled(docs, doc):
    def scales(other):
        target = at(other, "spec", "scaleTargetRef") or {}
        return target.get("kind") == doc["kind"] and target.get("name") == at(doc, "metadata", "name")

    return any(map(scales, of_kind(docs, "HorizontalPodAutoscaler")))


def single(docs, doc):
    if at(doc, "spec", "replicas") != 1 or is_scaled(docs, doc):
        yield f"{label(doc)}: is not one: each of them would count by itself"


def scaling(docs, doc):
    if not is_scaled(docs, doc):
        yield f"{label(doc)}: has no HorizontalPodAutoscaler"
    elif "replicas" in doc["spec"]:
        yield f"{label(doc)}: replicas and a HorizontalPodAutoscaler contradict each other"


def spread(doc, template):
    constraints = at(template, "spec", "topologySpreadConstraints") or []
    if "kubernetes.io/hostname" not in {c.get("topologyKey") for c in constraints}:
        yield f"{label(doc)}: its pods may all be on one node: no topologySpreadConstraints"
    labels = at(template, "metadata", "labels") or {}
    for constraint in constraints:
        wanted = at(constraint, "labelSelector", "matchLabels") or {}
        if not wanted.items() <= labels.items():
            yield f"{label(doc)}: topologySpreadConstraints of {constraint.get('topologyKey')} select other pods"
