"""Every Deployment has a NetworkPolicy, both ways, and can still resolve names."""

from disruption import matches
from manifests import at, label, of_kind, workloads
from references import OUTSIDE_PODS


def check(docs):
    policies = of_kind(docs, "NetworkPolicy")
    for doc, template in workloads(docs):
        labels = at(template, "metadata", "labels") or {}
        own = [p for p in policies if matches(at(p, "spec", "podSelector"), labels, doc, p)]
        if not own:
            yield f"{label(doc)}: has no NetworkPolicy"
    for policy in policies:
        # What else novasphere-api calls is its own affair.
        if at(policy, "spec", "podSelector", "matchLabels") == OUTSIDE_PODS:
            continue
        if set(at(policy, "spec", "policyTypes") or []) != {"Ingress", "Egress"}:
            yield f"{label(policy)}: is not about both Ingress and Egress"
        # Nothing at all is let out, names included.
        if at(policy, "spec", "egress") == []:
            continue
        rules = at(policy, "spec", "egress") or []
        ports = {(p.get("port"), p.get("protocol")) for rule in rules for p in rule.get("ports", [])}
        if not {(53, "UDP"), (53, "TCP")} <= ports:
            yield f"{label(policy)}: lets no DNS through, port 53 by UDP and TCP"
        if any(not rule.get("ports") for rule in rules):
            yield f"{label(policy)}: an egress rule is for all ports"
