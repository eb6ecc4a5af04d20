"""Checks the manifests without a cluster: python deploy/check [CHECK...]

CRDS=DIR sets the directory of the custom resource definitions; the default is ../shared/crds. CHARTS=DIR sets that
of the charts of Kong and Traefik; the default is ../shared/charts.
"""

import sys

import bad
import cel
import chart
import custom_schema
import manifests
from registry import FILE_CHECKS, MANIFEST_CHECKS


def possible(check):
    return check != "custom_schema" or custom_schema.directory()


def main(wanted):
    passed, failed, skipped = 0, 0, []

    def report(subject, findings):
        nonlocal passed, failed
        passed, failed = passed + (not findings), failed + bool(findings)
        print(f"{'FAILED' if findings else 'ok':7}{subject}")
        for finding in findings:
            print(f"       {finding}")

    built = {**{name: manifests.build(name) for name in manifests.NAMES}, **chart.build()}
    for name, text in built.items():
        docs = manifests.parse(text) + (list(chart.outside()) if name.startswith("chart ") else [])
        for check, module in MANIFEST_CHECKS.items():
            if (not wanted or check in wanted) and possible(check):
                report(f"{name}: {check}", list(module.check(docs)))
    for check, module in FILE_CHECKS.items():
        if not wanted or check in wanted:
            findings, skip_reason = module.check(built)
            if skip_reason:
                skipped.append(f"{check}: {skip_reason}")
            else:
                report(check, findings)
    if not wanted or "bad" in wanted:
        for subject, findings in bad.results(possible):
            report(subject, findings)
    if not possible("custom_schema"):
        skipped.append("custom_schema: no custom resource definitions: set CRDS to their directory")
    if cel.UNSUPPORTED:
        skipped.append(f"custom_schema: {len(cel.UNSUPPORTED)} CEL rules use functions that only the API server has")
    for line in skipped:
        print(f"skipped: {line}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
