"""promtool accepts all alerts, and its unit tests in alert_tests/ pass. In them, every alert fires once and is
quiet once, and its runbook exists."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from manifests import DEPLOY, REPOSITORY, label, lookup, of_kind, parse

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
    findings = [f"{path.name}: no such file of alerts" for path in TESTS.glob("*.yaml") if source(path) not in sources]
    for name, text in sources.items():
        findings += [f"alerts/{name}.yaml: {finding}" for finding in tested(promtool, name, text)]
    findings += runbooks({name for text in sources.values() for name in re.findall(r"alert: (\w+)", text)})
    for path in sorted((TESTS / "plain").glob("*.yaml")):
        findings += passed(promtool, (DEPLOY / "monitoring/rules" / path.name).read_text(), path)
    rules = {f"monitoring/rules/{path.name}": path.read_text() for path in (DEPLOY / "monitoring/rules").glob("*.yaml")}
    for name, text in built.items():
        for doc in of_kind(parse(text), "PrometheusRule"):
            rules[f"{name}: {label(doc)}"] = yaml.safe_dump({"groups": lookup(doc, "spec", "groups")})
    return findings + accepted(promtool, rules), None


def source(path):
    """The name of the alerts that a file tests. Tests of several days are separate: they need few evaluations."""
    return path.stem.split(".")[0]


def tested(promtool, name, text):
    """Faults of the alerts in a file and of their tests."""
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    alerts = [rule["alert"] for group in yaml.safe_load(text) for rule in group["rules"]]
    findings, cases = [], []
    for path in sorted(TESTS.glob("*.yaml")):
        if source(path) == name:
            findings += passed(promtool, f"groups:\n{text}", path)
            cases += [case for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]]
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


def accepted(promtool, rules):
    """Findings of promtool about rules by their name, and placeholders that remained."""
    with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
        files = {f"{n}.yaml": name for n, name in enumerate(rules)}
        for file, name in files.items():
            pathlib.Path(directory, file).write_text(rules[name])
        findings = run(promtool, directory, "check", "rules", *files)
    for file, name in files.items():
        findings = [finding.replace(f"Checking {file}", f"Checking {name}") for finding in findings]
    return findings + [f"{name}: {word} was not replaced" for name, text in rules.items() for word in PLACEHOLDERS if word in text]


def run(promtool, directory, *arguments):
    done = subprocess.run([promtool, *arguments], cwd=directory, capture_output=True, text=True)
    return [f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}"] if done.returncode else []
