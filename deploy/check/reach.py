"""api-only-by-gateway lets in the pods of every gateway, those that charts make too."""

from manifests import HOSTS, at, label, of_kind, parse
from references import OUTSIDE_PODS, chart_pods

API = "novasphere-system"


def gateways(built):
    """What calls novasphere-api: its name, namespace and labels."""
    for host in HOSTS:
        for policy in of_kind(parse(built[host]), "NetworkPolicy"):
            called = [at(to, "podSelector", "matchLabels") for rule in at(policy, "spec", "egress") or [] for to in rule.get("to", [])]
            if OUTSIDE_PODS in called:
                yield f"{host}: {label(policy)}", at(policy, "metadata", "namespace"), at(policy, "spec", "podSelector", "matchLabels")
    for labels in chart_pods():
        yield f"the chart of {labels['app.kubernetes.io/name']}", API, labels


def lets_in(peer, namespace, labels):
    there = at(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name") or API
    wanted = at(peer, "podSelector", "matchLabels") or {}
    return there == namespace and wanted.items() <= labels.items()


def check(built):
    policy, = of_kind(parse(built["api-only-by-gateway"]), "NetworkPolicy")
    peers = [peer for rule in at(policy, "spec", "ingress") for peer in rule["from"]]
    callers = list(gateways(built))
    findings = [f"{what}: is not let in" for what, *who in callers if not any(lets_in(peer, *who) for peer in peers)]
    return findings + ([] if len(callers) >= len(HOSTS) else [f"only {len(callers)} gateways call the API"]), None
