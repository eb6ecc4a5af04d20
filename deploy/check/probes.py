"""Containers say when they are started, ready and alive, and pods end without cutting requests."""

import re

from disruption import matches
from manifests import at, containers, label, of_kind, workloads

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


# A load balancer that asks nodes for their pods (externalTrafficPolicy: Local) has found out by then.
LOAD_BALANCER = 20


def check(docs):
    for doc in of_kind(docs, "EnvoyProxy"):
        seconds = int((at(doc, "spec", "shutdown", "minDrainDuration") or "10s").removesuffix("s"))
        if seconds < LOAD_BALANCER:
            yield f"{label(doc)}: minDrainDuration: the load balancer still sends connections after {seconds} s"
    for doc, template in workloads(docs):
        labels = at(template, "metadata", "labels") or {}
        services = [s for s in of_kind(docs, "Service") if at(s, "spec", "externalTrafficPolicy") == "Local"]
        if any(matches({"matchLabels": at(s, "spec", "selector")}, labels, doc, s) for s in services):
            for container in containers(template, init=False):
                if stopping(container) < LOAD_BALANCER:
                    yield f"{label(doc)}: the load balancer still sends connections after preStop"
        for container in containers(template, init=False):
            what = f"{label(doc)}: container {container.get('name')}"
            missing = [probe for probe in PROBES if not container.get(probe)]
            if missing:
                yield f"{what}: has no {', '.join(missing)}"
            elif container["readinessProbe"] == container["livenessProbe"]:
                yield f"{what}: livenessProbe and readinessProbe are the same: a pod that is not ready is killed"
            yield from ports(container, what)
            yield from draining(template, container, what)


def ports(container, what):
    names = {port.get("name") for port in container.get("ports", [])}
    for probe in PROBES:
        for action in ("httpGet", "tcpSocket"):
            port = at(container, probe, action, "port")
            if isinstance(port, str) and port not in names:
                yield f"{what}: {probe}: there is no port {port}"


def stopping(container):
    """How many seconds preStop takes."""
    stop = at(container, "lifecycle", "preStop")
    seconds = at(stop, "sleep", "seconds") or 0
    for argument in at(stop, "exec", "command") or []:
        seconds += sum(int(found) for found in re.findall(r"\bsleep (\d+)", argument))
    return seconds


def draining(template, container, what):
    stop = at(container, "lifecycle", "preStop")
    if not stop:
        yield f"{what}: has no preStop: it ends before its endpoint is gone"
        return
    seconds = stopping(container)
    grace = at(template, "spec", "terminationGracePeriodSeconds") or 30
    if grace <= seconds:
        yield f"{what}: terminationGracePeriodSeconds {grace} is not longer than preStop, {seconds} s"
