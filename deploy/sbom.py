#!/usr/bin/env python3
"""Prints a CycloneDX bill of materials: the crates linked into packages of the workspace.

    sbom.py NAME TARGET PACKAGE...

NAME is what the packages form together, TARGET the platform they are built for.

The output is reproducible: it holds no timestamp and no random serial number.
"""

import json
import os
import subprocess
import sys


def metadata(target):
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def is_macro(package):
    """Procedural macros run in the compiler and are not linked."""
    return any("proc-macro" in target["kind"] for target in package["targets"])


def linked(packages, nodes, root):
    """The crates linked into `root`, without build and test dependencies."""
    found, waiting = set(), [root]
    while waiting:
        name = waiting.pop()
        if name in found or is_macro(packages[name]):
            continue
        found.add(name)
        for dependency in nodes[name]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return found


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package):
    out = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
    }
    if package["license"]:
        out["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return out


def main(name, target, *roots):
    data = metadata(target)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    roots = [next(p["id"] for p in data["packages"] if p["name"] == root) for root in roots]
    ids = set().union(*(linked(packages, nodes, root) for root in roots))
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": name, "version": packages[roots[0]]["version"]},
        },
        "components": sorted((component(packages[i]) for i in ids), key=lambda c: c["bom-ref"]),
        "dependencies": sorted(
            (
                {
                    "ref": reference(packages[i]),
                    "dependsOn": sorted({reference(packages[d["pkg"]]) for d in nodes[i]["deps"] if d["pkg"] in ids}),
                }
                for i in ids
            ),
            key=lambda d: d["ref"],
        ),
    }
    print(json.dumps(bom, indent=2, sort_keys=True))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
