"""Samples that must be refused: bad/*.yaml. The first lines say by which check, and with what words."""

import manifests
from registry import OF_MANIFESTS

SAMPLES = manifests.DEPLOY / "check/bad"


def results(possible):
    """What was tried, and what is wrong with the check."""
    unproved = set(OF_MANIFESTS)
    for path in sorted(SAMPLES.glob("*.yaml")):
        check, words = path.read_text().splitlines()[0].removeprefix("# ").split(": ", 1)
        unproved.discard(check)
        if possible(check):
            yield f"bad/{path.name}: {check}", judge(path, check, words)
    yield "every check has a bad sample", [f"{check}: has none" for check in sorted(unproved)]


def judge(path, check, words):
    found = list(OF_MANIFESTS[check].check(manifests.parse(path.read_text())))
    if any(words in finding for finding in found):
        return []
    return [f"no finding says {words!r}, but: {found}"]
