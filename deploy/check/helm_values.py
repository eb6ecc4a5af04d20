"""The values for Kong's chart match kong.env, the Deployment and the PodMonitor; the values for Kong Ingress
Controller match those for Kong's chart; the values of all charts spread pods correctly, and Traefik's drain
times fit its grace period."""

import re

import yaml

from disruption import IGNORES_TAINTS, ignoring_taints
from manifests import DEPLOY, parse
from probes import LOAD_BALANCER

# Variables that the chart sets from its values proxy, admin, status and dblessConfig.
SET_BY_CHART = {"proxy_listen", "admin_listen", "status_listen", "declarative_config"}


def check(built):
    values = yaml.safe_load((DEPLOY / "kong/values.yaml").read_text())
    lines = (DEPLOY / "kong/kong.env").read_text().splitlines()
    variables = dict(line.removeprefix("KONG_").split("=", 1) for line in lines if not line.startswith("#"))
    findings = [
        f"{host}/values.yaml: {IGNORES_TAINTS}" for host in ("kong", "kong-ingress", "traefik")
        if any(ignoring_taints(yaml.safe_load((DEPLOY / host / "values.yaml").read_text())))
    ]
    traefik = yaml.safe_load((DEPLOY / "traefik/values.yaml").read_text())
    timeouts = dict(re.findall(r"lifeCycle\.(\w+)=(\d+)s", " ".join(traefik["additionalArguments"])))
    accept_seconds, drain_seconds = int(timeouts["requestAcceptGraceTimeout"]), int(timeouts["graceTimeOut"])
    if accept_seconds < LOAD_BALANCER:
        findings.append(f"traefik/values.yaml: requestAcceptGraceTimeout must be at least {LOAD_BALANCER} s: the load balancer still sends connections after {accept_seconds} s")
    if accept_seconds + drain_seconds >= traefik["deployment"]["terminationGracePeriodSeconds"]:
        findings.append(f"traefik/values.yaml: terminationGracePeriodSeconds must exceed {accept_seconds} s + {drain_seconds} s, the drain times")
    for name, value in variables.items():
        name = name.lower()
        if name not in SET_BY_CHART and values["env"].get(name) != value:
            findings.append(f"kong/values.yaml: env.{name} must be {value!r}, as in kong.env")
    for name, value in values["env"].items():
        if not isinstance(value, str):
            findings.append(f"kong/values.yaml: env.{name} must be a string")
    deployment = next(doc for doc in parse(built["kong"]) if doc["kind"] == "Deployment")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    for field in ("resources", "lifecycle", "startupProbe"):
        if without_null(values[field]) != container[field]:
            findings.append(f"kong/values.yaml: {field} differs from the Deployment")
    probe = {name: part for name, part in values["readinessProbe"].items() if part is not None}
    if probe != container["readinessProbe"]:
        findings.append("kong/values.yaml: readinessProbe differs from the Deployment")
    monitor = next(doc for doc in parse(built["kong"]) if doc["kind"] == "PodMonitor")
    pods = values["topologySpreadConstraints"][0]["labelSelector"]
    policy = next(doc for doc in parse(built["kong"]) if doc["kind"] == "NetworkPolicy")
    for found, expected, selector in zip(values["extraObjects"], (monitor, policy), ("selector", "podSelector"), strict=True):
        # The alerts select the PodMonitor by its name.
        spec, name = {**expected["spec"], selector: pods}, expected["metadata"]["name"]
        if (found["metadata"]["name"], with_port_numbers(found["spec"])) != (name, with_port_numbers(spec)):
            findings.append(f"kong/values.yaml: extraObjects: the {found['kind']} must be that of deploy/kong, with the labels of the chart's pods")
    if values["image"]["tag"] not in container["image"]:
        findings.append("kong/values.yaml: image differs from the Deployment")
    other = next(doc for doc in parse(built["kong-ingress"]) if doc["kind"] == "PodMonitor")
    if other["spec"]["podMetricsEndpoints"] != monitor["spec"]["podMetricsEndpoints"]:
        findings.append("kong-ingress: the PodMonitor's podMetricsEndpoints differ from those of kong")
    return findings + list(ingress_faults(values)), None


def with_port_numbers(spec):
    """The rules with the number of the port https, which the chart names proxy-tls."""
    return yaml.safe_load(yaml.safe_dump(spec).replace("port: https", "port: 8443"))


# The controller supplies certificates and configures the admin API, the routes and the filters.
NOT_FOR_INGRESS = {"admin", "dblessConfig", "extraObjects", "ingressController", "secretVolumes"}
# The gateway starts before the controller has configured it, and its pods spread by its own chart's labels.
OWN = {"startupProbe", "topologySpreadConstraints"}


def ingress_faults(kong):
    """Faults of kong-ingress/values.yaml, whose gateway has the settings of kong/values.yaml."""
    values = yaml.safe_load((DEPLOY / "kong-ingress/values.yaml").read_text())
    gateway, controller = values["gateway"], values["controller"]["ingressController"]
    if controller["watchNamespaces"] != ["novasphere-system"]:
        yield "kong-ingress/values.yaml: watchNamespaces must be novasphere-system: otherwise an Ingress in any namespace can bypass the filters"
    for field in kong.keys() - NOT_FOR_INGRESS - OWN:
        expected, found = without_null(kong[field]), without_null(gateway.get(field))
        if field == "env":
            expected = {name: value for name, value in expected.items() if name not in ("database", "ssl_cert", "ssl_cert_key")}
        if found != expected:
            yield f"kong-ingress/values.yaml: gateway.{field} differs from kong/values.yaml"


def without_null(value):
    if not isinstance(value, dict):
        return value
    return {name: without_null(part) for name, part in value.items() if part is not None}
