"""The components add the filters to an Envoy and to a Kong that are already there, and change nothing else. The
real Envoy accepts the configuration of examples/existing-envoy with these variables and files."""

import os
import pathlib
import subprocess
import tempfile

import yaml

import manifests
import mounts
from envoy_start import program
from generated import config_map
from manifests import DEPLOY, REPOSITORY, containers, lookup, of_kind, parse

# The variables that each component adds.
ADDED = {
    "envoy": {"NOVASPHERE_JWT_SECRET"},
    "kong": {"NOVASPHERE_JWT_SECRET", "KONG_WASM", "KONG_WASM_FILTERS_PATH", "KONG_NGINX_WASM_SHM_KV", "KONG_NGINX_MAIN_ENV"},
}
PATH = "/opt/novasphere"


def check(_):
    docs = parse(manifests.build("examples/existing-envoy"))
    findings = [*mounts.check(docs), *accepted(config_map(docs, "edge")["envoy.yaml"], variables(docs))]
    labels = lambda text: yaml.safe_load(text)["stats_config"]["stats_tags"]
    if labels(config_map(docs, "edge")["envoy.yaml"]) != labels((REPOSITORY / "host-config/envoy/gateway.yaml").read_text()):
        findings.append("examples/existing-envoy: envoy.yaml: stats_tags: expected those of host-config/envoy")
    before = (DEPLOY / "examples/existing-envoy/deployment.yaml").read_text()
    for host in ADDED:
        findings += [f"{host}: {fault}" for fault in faults(host, before.replace("envoy", host))]
    return findings, None


def faults(host, before):
    """Faults of a Deployment, given as text, after the component of a host."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        (directory / "deployment.yaml").write_text(before)
        component = os.path.relpath(DEPLOY / "components" / host, directory.resolve())
        lines = ["resources: [deployment.yaml]", f"components: [{component}]"]
        (directory / "kustomization.yaml").write_text("\n".join(lines))
        after = parse(manifests.build(directory))
    old = variables(parse(before))
    if variables(after) != old | ADDED[host]:
        yield f"expected the variables {sorted(old | ADDED[host])}, got {sorted(variables(after))}"
    spec = lookup(after[0], "spec", "template", "spec")
    if PATH not in [mount["mountPath"] for mount in containers({"spec": spec})[0]["volumeMounts"]]:
        yield f"expected a mount at {PATH}"
    if not any("image" in volume for volume in spec["volumes"]) or len(spec["volumes"]) != 2:
        yield f"expected the own volume and an image volume, got {spec['volumes']}"


def variables(docs):
    container = containers(lookup(of_kind(docs, "Deployment")[0], "spec", "template"))[0]
    return {variable["name"] for variable in container["env"]}


def accepted(config, names):
    """Why the real Envoy rejects a configuration; nothing without Envoy or filters."""
    if not program() or not list((REPOSITORY / "dist").glob("*.wasm")):
        return
    secret = "only-for-this-test-of-48-bytes-0123456789abcdef"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(config.replace(PATH, str(REPOSITORY / "dist")))
        file.flush()
        command = [program(), "--mode", "validate", "--config-path", file.name, "--use-dynamic-base-id"]
        run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **{name: secret for name in names if name != "ENVOY_UID"}})
    if run.returncode:
        yield f"examples/existing-envoy: {run.stderr[-1500:]}"
