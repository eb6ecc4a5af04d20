"""Containers say when they are started, ready and alive, and pods end without cutting requests."""

import re

from manifests import at, containers, label, workloads

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def check(docs):
    for doc, template in workloads(docs):
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


def draining(template, container, what):
    stop = at(container, "lifecycle", "preStop")
    if not stop:
        yield f"{what}: has no preStop: it ends before its endpoint is gone"
        return
    seconds = at(stop, "sleep", "seconds") or 0
    for argument in at(stop, "exec", "command") or []:
        seconds += sum(int(found) for found in re.findall(r"\bsleep (\d+)", argument))
    grace = at(template, "spec", "terminationGracePeriodSeconds") or 30
    if grace <= seconds:
        yield f"{what}: terminationGracePeriodSeconds {grace} is not longer than preStop, {seconds} s"
