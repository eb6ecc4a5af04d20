"""deploy/README.md refers to existing make targets and files."""

import re

from manifests import DEPLOY, REPOSITORY


def check(_):
    text = (DEPLOY / "README.md").read_text()
    rules = (REPOSITORY / "Makefile").read_text() + (DEPLOY / "deploy.mk").read_text()
    hosts = re.search(r"^DEPLOY_HOSTS := (.*)$", rules, re.MULTILINE).group(1).split()
    targets = set(re.findall(r"^([a-z-]+):", rules, re.MULTILINE))
    targets |= {f"{verb}-gateway-{host}" for verb in ("deploy", "undeploy") for host in hosts}
    stores = re.search(r"^DEPLOY_STORES := (.*)$", rules, re.MULTILINE).group(1).split()
    targets |= {f"{verb}-{store}" for verb in ("deploy", "undeploy") for store in stores}
    findings = [f"unknown target: make {name}" for name in set(re.findall(r"\bmake ([a-z][a-z-]+)", text)) - targets]
    for host in (*hosts, *stores):
        if f"| `{host}` |" not in text:
            findings.append(f"missing in the table: {host}")
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        if not (DEPLOY / link).exists():
            findings.append(f"no such file: {link}")
    for path in re.findall(r"`([a-z-]+/[\w./-]+)`", text):
        if not any((base / path).exists() for base in (DEPLOY, REPOSITORY)) and not path.startswith("dist/"):
            findings.append(f"no such file: {path}")
    if "done < dist/images/digests" not in text:
        findings.append("missing the loop that pushes every image of make image")
    return findings, None
