"""A kustomize overlay changes namespace, host name and image in every place: examples/kustomize."""

import re

import yaml

from generated import config_map
from images import references
from manifests import lookup, of_kind, parse

NAME, NAMESPACE, IMAGE = "api.example.com", "edge", "registry.example.org/edge/filters@sha256:"


def check(built):
    docs = parse(built["examples/kustomize"])
    findings = [f"contains {word}" for word in ("novasphere-system", "api.novasphere.io") if word in built["examples/kustomize"]]
    envoy = yaml.safe_load(config_map(docs, "novasphere-gateway-envoy")["envoy.yaml"])
    listener = next(l for l in envoy["static_resources"]["listeners"] if l["name"] == "gateway")
    hosts = listener["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]["virtual_hosts"]
    if [host["domains"] for host in hosts] != [[NAME]]:
        findings.append(f"expected the domain {NAME}, got {[host['domains'] for host in hosts]}")
    if [lookup(doc, "spec", "dnsNames") for doc in of_kind(docs, "Certificate")] != [[NAME]]:
        findings.append(f"expected a Certificate for {NAME}")
    namespaces = set(re.findall(r"^ *namespace: (.*)$", built["examples/kustomize"], re.MULTILINE))
    if namespaces != {NAMESPACE}:
        findings.append(f"expected the namespace {NAMESPACE}, got {namespaces}")
    if not any(image.startswith(IMAGE) for _, image in references(docs)):
        findings.append(f"expected the image {IMAGE}")
    return findings, None
