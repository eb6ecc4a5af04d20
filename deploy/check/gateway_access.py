"""The NetworkPolicies of novasphere-api and of Redis admit every gateway that may connect to them, including
those installed by charts."""

from manifests import HOSTS, label, lookup, of_kind, parse
from references import OUTSIDE_PODS, chart_pods

NAMESPACE = "novasphere-system"
REDIS_FRONT = {"app.kubernetes.io/name": "novasphere-redis", "app.kubernetes.io/component": "front"}


def peers(policy, direction, other):
    return [peer for rule in lookup(policy, "spec", direction) or [] for peer in rule.get(other) or []]


def callers(built, pods):
    """Name, namespace and labels of each gateway whose egress policy permits these pods."""
    for host in HOSTS:
        for policy in of_kind(parse(built[host]), "NetworkPolicy"):
            if pods in [lookup(peer, "podSelector", "matchLabels") for peer in peers(policy, "egress", "to")]:
                yield f"{host}: {label(policy)}", lookup(policy, "metadata", "namespace"), lookup(policy, "spec", "podSelector", "matchLabels")


def admits(peer, namespace, labels):
    there = lookup(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name") or NAMESPACE
    wanted = lookup(peer, "podSelector", "matchLabels") or {}
    return there == namespace and wanted.items() <= labels.items()


def refused(built, directory, pods, gateways):
    policy, = [doc for doc in of_kind(parse(built[directory]), "NetworkPolicy") if lookup(doc, "spec", "podSelector", "matchLabels") == pods]
    admitted = peers(policy, "ingress", "from")
    for name, *gateway in gateways:
        if not any(admits(peer, *gateway) for peer in admitted):
            yield f"{name}: not admitted by {directory}: {label(policy)}"


def check(built):
    # Not every chart's pods have an egress policy that shows whom they call.
    charts = [(f"the chart of {labels['app.kubernetes.io/name']}", NAMESPACE, labels) for labels in chart_pods()]
    to_api, to_redis = [*callers(built, OUTSIDE_PODS), *charts], list(callers(built, REDIS_FRONT))
    findings = list(refused(built, "api-only-by-gateway", OUTSIDE_PODS, to_api))
    for directory in ("redis", "redis-external"):
        findings += refused(built, directory, REDIS_FRONT, to_redis)
    # Filters on Traefik do not use Redis.
    for pods, found, expected in (("novasphere-api", to_api, len(HOSTS)), ("Redis", to_redis, len(HOSTS) - 1)):
        if len(found) < expected:
            findings.append(f"expected at least {expected} gateways that connect to {pods}, found {len(found)}")
    return findings, None
