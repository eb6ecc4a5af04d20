"""filterctl finds the filters in the renderings, and neither errors nor warnings."""

import platform
import subprocess

from manifests import REPOSITORY

PROGRAM = REPOSITORY / f"dist/filterctl-linux-{platform.machine()}"

# Renderings without a filter: Redis, alerts and the like.
NOTHING_FOUND = "NS002"


def check(built):
    if not PROGRAM.is_file():
        return [], f"{PROGRAM.name} not built: run make filterctl-release"
    findings, with_filters = [], 0
    for name, text in built.items():
        command = [str(PROGRAM), "check", "--assume-env", "--output", "github", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("::error", "::warning"))]
        if any(f"title={NOTHING_FOUND}" in line for line in lines):
            continue
        with_filters += 1
        findings += [f"{name}: {line}" for line in lines]
        if done.returncode > 1:
            findings.append(f"{name}: {done.stderr}")
    if with_filters < 10:
        findings.append(f"filters in {with_filters} renderings only")
    return findings, None
