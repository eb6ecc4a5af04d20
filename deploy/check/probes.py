"""Containers have all three probes, and pods shut down without dropping requests."""

import re

from disruption import matches
from manifests import containers, label, lookup, of_kind, workloads

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# Seconds until a load balancer that health-checks nodes (externalTrafficPolicy: Local) stops using a node.
LOAD_BALANCER = 20


def check(docs):
    for doc in of_kind(docs, "EnvoyProxy"):
        seconds = int((lookup(doc, "spec", "shutdown", "minDrainDuration") or "10s").removesuffix("s"))
        if seconds < LOAD_BALANCER:
            yield f"{label(doc)}: minDrainDuration must be at least {LOAD_BALANCER} s: the load balancer still sends connections after {seconds} s"
    for doc, template in workloads(docs):
        labels = lookup(template, "metadata", "labels") or {}
        services = [s for s in of_kind(docs, "Service") if lookup(s, "spec", "externalTrafficPolicy") == "Local"]
        if any(matches({"matchLabels": lookup(s, "spec", "selector")}, labels, doc, s) for s in services):
            for container in containers(template, init=False):
                if stop_seconds(container) < LOAD_BALANCER:
                    yield f"{label(doc)}: preStop must take at least {LOAD_BALANCER} s: the load balancer still sends connections"
        for container in containers(template, init=False):
            subject = f"{label(doc)}: container {container.get('name')}"
            missing = [probe for probe in PROBES if not container.get(probe)]
            if missing:
                yield f"{subject}: missing {', '.join(missing)}"
            elif container["readinessProbe"] == container["livenessProbe"]:
                yield f"{subject}: livenessProbe must differ from readinessProbe: otherwise an unready pod is killed"
            yield from ports(container, subject)
            yield from draining(template, container, subject)


def ports(container, subject):
    names = {port.get("name") for port in container.get("ports", [])}
    for probe in PROBES:
        for action in ("httpGet", "tcpSocket"):
            port = lookup(container, probe, action, "port")
            if isinstance(port, str) and port not in names:
                yield f"{subject}: {probe}: unknown port {port}"


def stop_seconds(container):
    """Duration of preStop in seconds."""
    stop = lookup(container, "lifecycle", "preStop")
    seconds = lookup(stop, "sleep", "seconds") or 0
    for argument in lookup(stop, "exec", "command") or []:
        seconds += sum(int(found) for found in re.findall(r"\bsleep (\d+)", argument))
    return seconds


def draining(template, container, subject):
    stop = lookup(container, "lifecycle", "preStop")
    if not stop:
        yield f"{subject}: missing preStop: the container stops before its endpoint is removed"
        return
    seconds = stop_seconds(container)
    grace = lookup(template, "spec", "terminationGracePeriodSeconds") or 30
    if grace <= seconds:
        yield f"{subject}: terminationGracePeriodSeconds {grace} must exceed preStop, {seconds} s"
