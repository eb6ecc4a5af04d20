"""Every workload has a NetworkPolicy for ingress and egress that permits DNS."""

from disruption import matches
from manifests import label, lookup, of_kind, workloads
from references import OUTSIDE_PODS


def check(docs):
    policies = of_kind(docs, "NetworkPolicy")
    for doc, template in workloads(docs):
        labels = lookup(template, "metadata", "labels") or {}
        own = [p for p in policies if matches(lookup(p, "spec", "podSelector"), labels, doc, p)]
        if not own:
            yield f"{label(doc)}: no NetworkPolicy selects its pods"
    for policy in policies:
        # This project does not restrict the egress of novasphere-api.
        if lookup(policy, "spec", "podSelector", "matchLabels") == OUTSIDE_PODS:
            continue
        if set(lookup(policy, "spec", "policyTypes") or []) != {"Ingress", "Egress"}:
            yield f"{label(policy)}: policyTypes must be Ingress and Egress"
        # The policy blocks all egress, DNS included.
        if lookup(policy, "spec", "egress") == []:
            continue
        rules = lookup(policy, "spec", "egress") or []
        ports = {(p.get("port"), p.get("protocol")) for rule in rules for p in rule.get("ports", [])}
        if not {(53, "UDP"), (53, "TCP")} <= ports:
            yield f"{label(policy)}: egress must permit DNS: port 53, UDP and TCP"
        if any(not rule.get("ports") for rule in rules):
            yield f"{label(policy)}: an egress rule must list its ports"
