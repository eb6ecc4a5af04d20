"""Kong's chart gets the settings of kong.env, but for those that it makes itself; no chart's pods wait for
nodes that take none."""

import re

import yaml

from disruption import CLOSED, counts_closed_nodes
from manifests import DEPLOY, parse
from probes import LOAD_BALANCER

# Of the chart's values proxy, admin, status and dblessConfig.
BY_CHART = {"proxy_listen", "admin_listen", "status_listen", "declarative_config"}


def check(built):
    values = yaml.safe_load((DEPLOY / "kong/values.yaml").read_text())
    lines = (DEPLOY / "kong/kong.env").read_text().splitlines()
    variables = dict(line.removeprefix("KONG_").split("=", 1) for line in lines if not line.startswith("#"))
    findings = [
        f"{host}/values.yaml: {CLOSED}" for host in ("kong", "traefik")
        if any(counts_closed_nodes(yaml.safe_load((DEPLOY / host / "values.yaml").read_text())))
    ]
    traefik = yaml.safe_load((DEPLOY / "traefik/values.yaml").read_text())
    waits = dict(re.findall(r"lifeCycle\.(\w+)=(\d+)s", " ".join(traefik["additionalArguments"])))
    accepts, ends = int(waits["requestAcceptGraceTimeout"]), int(waits["graceTimeOut"])
    if accepts < LOAD_BALANCER:
        findings.append(f"traefik/values.yaml: the load balancer still sends connections after {accepts} s")
    if accepts + ends >= traefik["deployment"]["terminationGracePeriodSeconds"]:
        findings.append(f"traefik/values.yaml: terminationGracePeriodSeconds is not longer than {accepts} s and {ends} s")
    for name, value in variables.items():
        name = name.lower()
        if name not in BY_CHART and values["env"].get(name) != value:
            findings.append(f"values.yaml: env.{name} is not {value!r}, as in kong.env")
    for name, value in values["env"].items():
        if not isinstance(value, str):
            findings.append(f"values.yaml: env.{name} is no text")
    deployment = next(doc for doc in parse(built["kong"]) if doc["kind"] == "Deployment")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    for field in ("resources", "lifecycle", "startupProbe"):
        if values[field] != container[field]:
            findings.append(f"values.yaml: {field} is not that of the Deployment")
    probe = {name: part for name, part in values["readinessProbe"].items() if part is not None}
    if probe != container["readinessProbe"]:
        findings.append("values.yaml: readinessProbe is not that of the Deployment")
    if values["image"]["tag"] not in container["image"]:
        findings.append("values.yaml: image is not that of the Deployment")
    return findings, None
