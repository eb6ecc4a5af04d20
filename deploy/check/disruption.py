"""Deployments keep serving through rollouts, evictions and the loss of a node. A StatefulSet holds Redis,
the only copy of the counts, so it has exactly one replica."""

import yaml

from manifests import label, lookup, of_kind, workloads


def check(docs):
    for doc in docs:
        # The ConfigMap for istiod holds a patch of a Deployment as text.
        texts = (doc.get("data") or {}).get("deployment") if doc.get("kind") == "ConfigMap" else None
        if any(ignoring_taints([doc, yaml.safe_load(texts or "")])):
            yield f"{label(doc)}: {IGNORES_TAINTS}"
    for doc, template in workloads(docs):
        if doc["kind"] == "StatefulSet":
            yield from single_replica(docs, doc)
        else:
            yield from scaling(docs, doc)
            yield from spread(doc, template)
        labels = lookup(template, "metadata", "labels") or {}
        selected = lambda other: matches(lookup(other, "spec", "selector"), labels, doc, other)
        if not any(map(selected, of_kind(docs, "PodDisruptionBudget"))):
            yield f"{label(doc)}: no PodDisruptionBudget selects its pods"
        if doc["kind"] != "StatefulSet" and lookup(doc, "spec", "strategy", "rollingUpdate", "maxUnavailable") != 0:
            yield f"{label(doc)}: strategy.rollingUpdate.maxUnavailable must be 0"
    for doc in of_kind(docs, "HorizontalPodAutoscaler"):
        if (lookup(doc, "spec", "minReplicas") or 1) < 2:
            yield f"{label(doc)}: minReplicas must be at least 2"
    for doc in of_kind(docs, "EnvoyProxy"):
        kubernetes = lookup(doc, "spec", "provider", "kubernetes")
        if (lookup(kubernetes, "envoyHpa", "minReplicas") or 1) < 2:
            yield f"{label(doc)}: envoyHpa.minReplicas must be at least 2"
        if not lookup(kubernetes, "envoyPDB"):
            yield f"{label(doc)}: missing envoyPDB"


IGNORES_TAINTS = (
    "a cordoned or control plane node counts as empty and blocks further pods on other nodes: "
    "set nodeTaintsPolicy: Honor"
)


def ignoring_taints(value):
    """All topologySpreadConstraints in `value`, at any depth, that count nodes with taints."""
    if isinstance(value, dict):
        if value.get("whenUnsatisfiable") == "DoNotSchedule" and value.get("nodeTaintsPolicy") != "Honor":
            yield value
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from ignoring_taints(part)


def matches(selector, labels, doc, other):
    wanted = lookup(selector, "matchLabels") or {}
    same = lookup(doc, "metadata", "namespace") == lookup(other, "metadata", "namespace")
    return same and bool(wanted) and wanted.items() <= labels.items()


def is_scaled(docs, doc):
    def scales(other):
        target = lookup(other, "spec", "scaleTargetRef") or {}
        return target.get("kind") == doc["kind"] and target.get("name") == lookup(doc, "metadata", "name")

    return any(map(scales, of_kind(docs, "HorizontalPodAutoscaler")))


def single_replica(docs, doc):
    if lookup(doc, "spec", "replicas") != 1 or is_scaled(docs, doc):
        yield f"{label(doc)}: must have exactly one replica: several would keep separate counts"


def scaling(docs, doc):
    if not is_scaled(docs, doc):
        yield f"{label(doc)}: no HorizontalPodAutoscaler scales it"
    elif "replicas" in doc["spec"]:
        yield f"{label(doc)}: remove replicas: the HorizontalPodAutoscaler sets it"


def spread(doc, template):
    constraints = lookup(template, "spec", "topologySpreadConstraints") or []
    if "kubernetes.io/hostname" not in {c.get("topologyKey") for c in constraints}:
        yield f"{label(doc)}: all pods may land on one node: add a topologySpreadConstraint for kubernetes.io/hostname"
    labels = lookup(template, "metadata", "labels") or {}
    for constraint in constraints:
        wanted = lookup(constraint, "labelSelector", "matchLabels") or {}
        if not wanted.items() <= labels.items():
            yield f"{label(doc)}: topologySpreadConstraint for {constraint.get('topologyKey')} selects other pods"
