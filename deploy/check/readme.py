"""The READMEs of deploy refer to existing make targets and files; their commands and manifests are valid."""

import re
import subprocess
import textwrap

import core_schema
import custom_schema
import kong_ingress
from manifests import DEPLOY, REPOSITORY, parse

MAKEFILES = (REPOSITORY / "Makefile", DEPLOY / "deploy.mk", REPOSITORY / "tests/tests.mk")
READMES = ("README.md", "kong-ingress/README.md", "chart/novasphere-gateway/README.md")
# Charts, not files.
CHARTS = {"kong/ingress"}


def check(_):
    rules = "".join(path.read_text() for path in MAKEFILES)
    hosts = re.search(r"^DEPLOY_HOSTS := (.*)$", rules, re.MULTILINE).group(1).split()
    targets = set(re.findall(r"^([a-z-]+):", rules, re.MULTILINE))
    targets |= {f"{verb}-gateway-{host}" for verb in ("deploy", "undeploy") for host in hosts}
    stores = re.search(r"^DEPLOY_STORES := (.*)$", rules, re.MULTILINE).group(1).split()
    targets |= {f"{verb}-{store}" for verb in ("deploy", "undeploy") for store in stores}
    findings = []
    for name in READMES:
        findings += [f"{name}: {finding}" for finding in faults(DEPLOY / name, targets)]
    text = (DEPLOY / "README.md").read_text()
    for host in (*hosts, *stores):
        if f"| `{host}` |" not in text:
            findings.append(f"missing in the table: {host}")
    steps = (DEPLOY / "kong-ingress/README.md").read_text()
    if not 0 < steps.find("apply -f deploy/kong-ingress/networkpolicy.yaml") < steps.find("helm upgrade"):
        findings.append("kong-ingress/README.md: networkpolicy.yaml must come before the chart, whose admin API has no authentication")
    if "done < dist/images/digests" not in text:
        findings.append("missing the loop that pushes every image of make image")
    return findings, None


def faults(readme, targets):
    text = readme.read_text()
    for name in sorted(set(re.findall(r"\bmake ([a-z][a-z-]+)", text)) - targets):
        yield f"unknown target: make {name}"
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        if not (readme.parent / link).exists():
            yield f"no such file: {link}"
    for path in re.findall(r"`([a-z-]+/[\w./-]+)`", text):
        bases = (readme.parent, DEPLOY, REPOSITORY)
        if path not in CHARTS and not path.startswith("dist/") and not any((base / path).exists() for base in bases):
            yield f"no such file: {path}"
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        run = subprocess.run(["bash", "-n"], input=textwrap.dedent(block), capture_output=True, text=True)
        if run.returncode:
            yield f"shell: {run.stderr.strip()}"
    for block in re.findall(r"^ *```yaml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        docs = parse(textwrap.dedent(block))
        if all(isinstance(doc, dict) and "apiVersion" in doc for doc in docs):
            for module in (core_schema, custom_schema, kong_ingress):
                yield from module.check(docs)
