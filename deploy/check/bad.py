"""Every check rejects its samples, bad/*.yaml. Line 1 of a sample is `# CHECK: TEXT OF THE FINDING`."""

import manifests
from registry import MANIFEST_CHECKS

SAMPLES = manifests.DEPLOY / "check/bad"


def results(possible):
    """Each sample with its findings; no findings means that the check rejects it."""
    untested = set(MANIFEST_CHECKS)
    for path in sorted(SAMPLES.glob("*.yaml")):
        check, expected = path.read_text().splitlines()[0].removeprefix("# ").split(": ", 1)
        untested.discard(check)
        if possible(check):
            yield f"bad/{path.name}: {check}", judge(path, check, expected)
    yield "every check has a bad sample", [f"{check}: no sample in bad/" for check in sorted(untested)]


def judge(path, check, expected):
    found = list(MANIFEST_CHECKS[check].check(manifests.parse(path.read_text())))
    if any(expected in finding for finding in found):
        return []
    return [f"expected a finding with {expected!r}, got {found}"]
