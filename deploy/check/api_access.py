"""api-only-by-gateway admits the pods of every gateway, including those installed by charts."""

from manifests import HOSTS, label, lookup, of_kind, parse
from references import OUTSIDE_PODS, chart_pods

API = "novasphere-system"


def gateways(built):
    """Name, namespace and labels of each caller of novasphere-api."""
    for host in HOSTS:
        for policy in of_kind(parse(built[host]), "NetworkPolicy"):
            called = [lookup(to, "podSelector", "matchLabels") for rule in lookup(policy, "spec", "egress") or [] for to in rule.get("to", [])]
            if OUTSIDE_PODS in called:
                yield f"{host}: {label(policy)}", lookup(policy, "metadata", "namespace"), lookup(policy, "spec", "podSelector", "matchLabels")
    for labels in chart_pods():
        yield f"the chart of {labels['app.kubernetes.io/name']}", API, labels


def admits(peer, namespace, labels):
    there = lookup(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name") or API
    wanted = lookup(peer, "podSelector", "matchLabels") or {}
    return there == namespace and wanted.items() <= labels.items()


def check(built):
    policy, = of_kind(parse(built["api-only-by-gateway"]), "NetworkPolicy")
    peers = [peer for rule in lookup(policy, "spec", "ingress") for peer in rule["from"]]
    callers = list(gateways(built))
    findings = [f"{name}: not admitted by api-only-by-gateway" for name, *pods in callers if not any(admits(peer, *pods) for peer in peers)]
    return findings + ([] if len(callers) >= len(HOSTS) else [f"expected at least {len(HOSTS)} gateways that call the API, found {len(callers)}"]), None
