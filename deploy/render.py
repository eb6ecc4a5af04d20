"""Renders the chart into the directories of its hosts and of Redis, for kustomize and for GitOps without helm."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
CHART = DEPLOY / "chart/novasphere-gateway"
EXAMPLES = DEPLOY / "chart/examples"
# kustomize users replace the registry.
REGISTRY = "registry.example.com/novasphere"
HEADER = "# Rendered from the chart with {values}:\n# edit those and run make deploy-generate.\n"
# The generators of kustomize put a hash of the configuration into its name instead.
CHECKSUM = re.compile(r"^ *annotations:\n *checksum/config: .*\n", re.MULTILINE)
# Directories with their host and further settings.
HOSTS = {
    "envoy": ("envoy",),
    "kong": ("kong", "probePath=/api/v1/wukongs"),
    "envoy-gateway": ("envoy-gateway",),
    "istio": ("istio",),
    "kong-ingress": ("kong-ingress", "kongIngress.served={default,console,events}"),
    "traefik": ("traefik-crd",),
}
# Directories of the Redis that all gateways share. The release novasphere gives it the name novasphere-redis.
STORES = ("redis", "redis-external")
# The file of each kind; one without a file is left out. deploy/monitoring and deploy/traefik have the alerts
# and the dashboards.
FILES = {
    "BackendTrafficPolicy": "upstream", "ClientTrafficPolicy": "clients", "Deployment": "deployment",
    "EnvoyExtensionPolicy": "filters", "EnvoyProxy": "proxy", "Gateway": "gateway", "GatewayClass": "gateway",
    "HTTPRoute": "routes", "HorizontalPodAutoscaler": "disruption", "Ingress": "ingress",
    "IngressRoute": "ingressroute", "KongPlugin": "plugins", "Middleware": "middlewares",
    "NetworkPolicy": "networkpolicy", "PodDisruptionBudget": "disruption", "PodMonitor": "podmonitor",
    "Service": "service", "ServiceAccount": "serviceaccount",
}


def helm():
    """$HELM, the installed helm, or the one beside Python."""
    return os.environ.get("HELM") or shutil.which("helm") or str(pathlib.Path(sys.executable).parent / "helm")


def values_files(name):
    """The values of novasphere-api on a host, or those of a Redis."""
    own = EXAMPLES / f"novasphere-{name}.yaml"
    return [EXAMPLES / "novasphere.yaml", *([own] if own.exists() else [])]


def documents(host, *settings):
    """The rendered documents of a host as text, in the order of the templates."""
    for _, text in template("novasphere-gateway", values_files(host), f"host={host}", f"image.registry={REGISTRY}", *settings):
        yield text


def template(release, values, *settings):
    """The template of each rendered document, and its text."""
    command = [helm(), "template", release, str(CHART), "--namespace", "novasphere-system", "--kube-version", "1.37"]
    for path in values:
        command += ["--values", str(path)]
    for setting in settings:
        command += ["--set", setting]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"helm template: {run.stderr.strip()}")
    for part in run.stdout.split("---\n# Source: novasphere-gateway/templates/")[1:]:
        source, text = part.split("\n", 1)
        text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        if text:
            yield source, f"{text}\n"


def header(name):
    return HEADER.format(values=" and ".join(str(path.relative_to(DEPLOY)) for path in values_files(name)))


def file_name(document):
    """The file of a document without extension, or None."""
    kind, name = document["kind"], document["metadata"]["name"]
    if kind == "WasmPlugin":
        return document["spec"]["pluginName"]
    if kind == "EnvoyFilter":
        return name.rsplit("-", 1)[-1]
    # Policies for one route alone.
    if kind == "EnvoyExtensionPolicy" and document["spec"]["targetRefs"][0]["kind"] == "HTTPRoute":
        return f"filters-{name.removeprefix('novasphere-gateway-envoy-gateway-')}"
    # Patches that istiod merges. Those of other hosts are files for generators, and dashboards.
    if kind == "ConfigMap" and "deployment" in document["data"]:
        return "proxy"
    # Services of the upstream's pods, for Kong Ingress Controller.
    if kind == "Service" and "type" not in document["spec"]:
        return "services"
    return FILES.get(kind)


def directory(name):
    """The files of a directory, each with its text."""
    host, *settings = HOSTS[name]
    files, data = {}, {}
    for text in documents(host, *settings):
        document = yaml.safe_load(text)
        if file := file_name(document):
            files.setdefault(f"{name}/{file}.yaml", []).append(CHECKSUM.sub("", text))
        elif document["kind"] == "ConfigMap" and "grafana_dashboard" not in document["metadata"]["labels"]:
            data |= document["data"]
    # Other entries are environment variables.
    start = header(host)
    texts = {f"{name}/{file}": start + text for file, text in data.items() if "." in file}
    return texts | joined(start, files)


def joined(start, files):
    """The text of each file, given its documents."""
    return {file: start + "---\n".join(parts) for file, parts in files.items()}


def store(name):
    """The files of a directory of Redis, each with its text. Manifests are in the file of their template."""
    files, data = {}, {}
    for source, text in template("novasphere", values_files(name)):
        document, path = yaml.safe_load(text), pathlib.Path(source)
        if path.parts[0] != "redis":
            continue
        if document["kind"] == "ConfigMap" and path.stem == "configmap":
            data |= document["data"]
        elif path.stem != "monitoring" or document["kind"] == "PodMonitor":
            file = FILES["PodMonitor"] if path.stem == "monitoring" else path.stem
            files.setdefault(f"{name}/{file}.yaml", []).append(CHECKSUM.sub("", text))
    return {f"{name}/{file}": text for file, text in data.items()} | joined(header(name), files)


def init_patch():
    """A patch that replaces the image volume by an init container."""
    deployment = next(doc for doc in map(yaml.safe_load, documents("envoy", "delivery=init")) if doc["kind"] == "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    volume = next(volume for volume in spec["volumes"] if volume["name"] == "filters")
    patch = {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "metadata": {name: deployment["metadata"][name] for name in ("name", "namespace")},
        "spec": {"template": {"spec": {"initContainers": spec["initContainers"], "volumes": [{**volume, "image": None}]}}},
    }
    return header("envoy") + yaml.safe_dump(patch, sort_keys=False)


def rendered():
    """All files that the chart renders."""
    files = {"envoy-portable/init-container.yaml": init_patch()}
    for name in HOSTS:
        files |= directory(name)
    for name in STORES:
        files |= store(name)
    return files
