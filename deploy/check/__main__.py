"""Checks the manifests without a cluster: python deploy/check [CHECK...]

CRDS=DIR names the directory with the custom resource definitions, else ../shared/crds is looked at.
"""

import sys

import bad
import cel
import custom_schema
import manifests
from registry import OF_FILES, OF_MANIFESTS


def possible(check):
    return check != "custom_schema" or custom_schema.directory()


def main(wanted):
    passed, failed, left_out = 0, 0, []

    def tell(what, findings):
        nonlocal passed, failed
        passed, failed = passed + (not findings), failed + bool(findings)
        print(f"{'FAILED' if findings else 'ok':7}{what}")
        for finding in findings:
            print(f"       {finding}")

    built = {name: manifests.build(name) for name in manifests.NAMES}
    for name, text in built.items():
        docs = manifests.parse(text)
        for check, module in OF_MANIFESTS.items():
            if (not wanted or check in wanted) and possible(check):
                tell(f"{name}: {check}", list(module.check(docs)))
    for check, module in OF_FILES.items():
        if not wanted or check in wanted:
            findings, why_not = module.check(built)
            if why_not:
                left_out.append(f"{check}: {why_not}")
            else:
                tell(check, findings)
    if not wanted or "bad" in wanted:
        for what, findings in bad.results(possible):
            tell(what, findings)
    if not possible("custom_schema"):
        left_out.append("custom resources are not checked against their definitions: set CRDS to a directory with them")
    if cel.NOT_ASKED:
        left_out.append(f"{len(cel.NOT_ASKED)} rules of definitions use functions that only the API server has")
    for line in left_out:
        print(f"left out: {line}")
    print(f"{passed} passed, {failed} failed, {len(left_out)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
