"""promtool accepts all alerts, and its unit tests in alert_tests/ pass. In them, every alert fires once and is
quiet once, and its runbook exists."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from manifests import DEPLOY, REPOSITORY, lookup, of_kind, parse

sys.path.insert(0, str(DEPLOY))
import alerting  # noqa: E402

TESTS = DEPLOY / "check/alert_tests"
# The names of a release, which the chart inserts.
PLACEHOLDERS = {
    "@JOB@": "shop/edge", "@FILTER@": "jwt-auth", "@SLOW@": "1", "@RUNBOOKS@": "https://docs.example.com/runbooks",
    "@ENTRYPOINT@": "websecure",
}
RUNBOOKS = REPOSITORY / "docs/runbooks.md"


def check(built):
    promtool = shutil.which("promtool")
    if promtool is None:
        return [], "promtool not found: install the package prometheus"
    sources = {path.stem: path.read_text() for path in alerting.SOURCE.glob("*.yaml")}
    findings = [f"{path.name}: no such file of alerts" for path in TESTS.glob("*.yaml") if path.stem not in sources]
    for name, text in sources.items():
        findings += [f"alerts/{name}.yaml: {finding}" for finding in tested(promtool, name, text)]
    findings += runbooks({name for text in sources.values() for name in re.findall(r"alert: (\w+)", text)})
    for path in sorted((DEPLOY / "monitoring/rules").glob("*.yaml")):
        findings += run(promtool, path.parent, "check", "rules", path.name)
    for path in sorted((TESTS / "plain").glob("*.yaml")):
        findings += passed(promtool, (DEPLOY / "monitoring/rules" / path.name).read_text(), path)
    for name, text in built.items():
        for doc in of_kind(parse(text), "PrometheusRule"):
            groups = yaml.safe_dump({"groups": lookup(doc, "spec", "groups")})
            findings += [f"{name}: {finding}" for finding in accepted(promtool, groups)]
    return findings, None


def tested(promtool, name, text):
    """Faults of the alerts in a file and of their tests."""
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    alerts = [rule["alert"] for group in yaml.safe_load(text) for rule in group["rules"]]
    path = TESTS / f"{name}.yaml"
    if not path.is_file():
        return [f"no tests in {path}"]
    findings = passed(promtool, f"groups:\n{text}", path)
    cases = [case for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]]
    for verb, wanted in (("fires", True), ("is quiet", False)):
        found = {case["alertname"] for case in cases if bool(case.get("exp_alerts")) == wanted}
        findings += [f"{alert} {verb} in no test" for alert in sorted(set(alerts) - found)]
    return findings


def passed(promtool, rules, path):
    """Runs the tests in a file on rules."""
    with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
        pathlib.Path(directory, "rules.yaml").write_text(rules)
        shutil.copy(path, directory)
        return run(promtool, directory, "test", "rules", path.name)


def runbooks(alerts):
    """Alerts without a section in docs/runbooks.md, and sections without an alert."""
    sections = set(re.findall(r"^## (.+)$", RUNBOOKS.read_text(), re.MULTILINE))
    return [f"docs/runbooks.md: {name}: expected a section and an alert" for name in sorted(alerts ^ sections)]


def accepted(promtool, groups):
    """Findings of promtool, and a placeholder that remained."""
    with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
        pathlib.Path(directory, "rules.yaml").write_text(groups)
        findings = run(promtool, directory, "check", "rules", "rules.yaml")
    return findings + [f"{word} was not replaced" for word in PLACEHOLDERS if word in groups]


def run(promtool, directory, *arguments):
    done = subprocess.run([promtool, *arguments], cwd=directory, capture_output=True, text=True)
    return [f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}"] if done.returncode else []
