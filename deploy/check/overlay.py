"""The overlays in examples/kustomize change namespace, host name, registry and digest in every place. Their alerts
select their PodMonitors."""

import re
import sys

import alerts
from images import references
from manifests import DEPLOY, build, kubectl, label, lookup, newest_kubectl, of_kind, parse

sys.path.insert(0, str(DEPLOY))
import overlays  # noqa: E402

# Namespaces of others.
OTHER = {"envoy-gateway-system"}


def check(built):
    findings = []
    # Versions of kustomize differ in what they reach.
    for program in {kubectl(), newest_kubectl()}:
        for name in overlays.HOSTS:
            text = build(f"examples/kustomize/{name}", program)
            findings += [f"{program}: {name}: {fault}" for fault in faults(text, built[name] + built["common"])]
    return findings, None


def faults(text, before):
    for word in (overlays.OLD_NAMESPACE, overlays.OLD_HOST, overlays.OLD_REGISTRY):
        lines = [line.strip() for line in text.splitlines() if word in line]
        if lines:
            yield f"contains {word}: {lines[0][:120]}"
    if text.count(overlays.HOST) != before.count(overlays.OLD_HOST):
        yield f"expected {overlays.HOST} {before.count(overlays.OLD_HOST)} times, got {text.count(overlays.HOST)}"
    docs = parse(text)
    namespaces = {lookup(doc, "metadata", "namespace"): label(doc) for doc in docs if doc["kind"] not in ("GatewayClass", "Namespace")}
    for namespace in namespaces.keys() - {overlays.NAMESPACE, *OTHER}:
        yield f"{namespaces[namespace]}: expected the namespace {overlays.NAMESPACE}, got {namespace}"
    selected = re.findall(r"(?:owning-gateway-namespace|metadata\.name): (\S+)", text)
    if overlays.OLD_NAMESPACE in before and "owning-gateway-namespace" in text and overlays.NAMESPACE not in selected:
        yield f"expected selectors of {overlays.NAMESPACE}, got {sorted(set(selected))}"
    if not of_kind(docs, "PrometheusRule"):
        yield "has no alerts"
    yield from alerts.check(docs)
    for resource, image in references(docs):
        if image.startswith(overlays.REGISTRY) and "@sha256:" not in image:
            yield f"{resource}: {image} has no digest"
