"""promtool accepts all alerts, and its unit tests in alert_tests/ pass. Every alert fires in one of them."""

import pathlib
import shutil
import subprocess
import tempfile

import yaml

from manifests import DEPLOY, lookup, of_kind, parse

TESTS = DEPLOY / "check/alert_tests"


def check(built):
    promtool = shutil.which("promtool")
    if promtool is None:
        return [], "promtool not found: install the package prometheus"
    # The chart's rules are those of the kustomizations, with the names of the release.
    kustomizations = [text for name, text in built.items() if not name.startswith("chart ")]
    documents = [doc for text in kustomizations for doc in of_kind(parse(text), "PrometheusRule")]
    rules = {lookup(doc, "metadata", "name"): lookup(doc, "spec", "groups") for doc in documents}
    findings = [f"{path.name}: no such PrometheusRule" for path in TESTS.iterdir() if path.stem not in rules]
    for name, groups in rules.items():
        tests = TESTS / f"{name}.yaml"
        if not tests.is_file():
            findings.append(f"{name}: no tests in {tests}")
            continue
        with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
            pathlib.Path(directory, "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
            shutil.copy(tests, directory)
            findings += run(promtool, directory, "check", "rules", "rules.yaml")
            findings += run(promtool, directory, "test", "rules", tests.name)
        unfired = {rule["alert"] for g in groups for rule in g["rules"]} - fired(yaml.safe_load(tests.read_text()))
        findings += [f"{name}: {alert} fires in no test" for alert in sorted(unfired)]
    for name, text in built.items():
        for doc in of_kind(parse(text), "PrometheusRule") if name.startswith("chart ") else []:
            with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
                pathlib.Path(directory, "rules.yaml").write_text(yaml.safe_dump({"groups": lookup(doc, "spec", "groups")}))
                findings += [f"{name}: {finding}" for finding in run(promtool, directory, "check", "rules", "rules.yaml")]
    return findings, None


def run(promtool, directory, *arguments):
    done = subprocess.run([promtool, *arguments], cwd=directory, capture_output=True, text=True)
    return [f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}"] if done.returncode else []


def fired(tests):
    """The names of the alerts that the tests expect."""
    samples = [s for t in tests["tests"] for e in t["promql_expr_test"] for s in e.get("exp_samples", [])]
    return {sample["labels"].split('alertname="')[1].split('"')[0] for sample in samples}
