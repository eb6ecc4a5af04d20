#!/usr/bin/env python3
"""Writes a bill of materials as CycloneDX 1.6 and as SPDX 2.3: the crates linked into packages of the workspace.

    sbom.py FILE NAME TARGET=PACKAGE,PACKAGE...

Writes FILE.cdx.json and FILE.spdx.json. NAME is what the packages form together, TARGET the platform they are
built for; several targets may follow.

The files are reproducible: they hold no time and no random number. SPDX requires a time: it is 0.
"""

import hashlib
import json
import os
import pathlib
import re
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
    if expression := licence(package):
        out["licenses"] = [{"expression": expression}]
    return out


def licence(package):
    """The licence as an SPDX expression, or None."""
    return package["license"] and package["license"].replace("/", " OR ")


def cyclonedx(name, version, crates, links):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name, "version": version}},
        "components": [component(crate) for crate in crates],
        "dependencies": [{"ref": reference, "dependsOn": targets} for reference, targets in links.items()],
    }


def spdx_id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def spdx_package(crate):
    return {
        "SPDXID": spdx_id(reference(crate)),
        "name": crate["name"],
        "versionInfo": crate["version"],
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": licence(crate) or "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": reference(crate)}],
    }


def spdx(name, version, crates, links):
    digest = hashlib.sha256(json.dumps([name, version, links], sort_keys=True).encode()).hexdigest()
    whole = {
        "SPDXID": "SPDXRef-whole", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
        "licenseDeclared": "Apache-2.0", "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION",
    }
    relation = lambda one, kind, other: {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-whole")]
    relations += [relation("SPDXRef-whole", "CONTAINS", spdx_id(reference)) for reference in links]
    relations += [relation(spdx_id(one), "DEPENDS_ON", spdx_id(other)) for one, targets in links.items() for other in targets]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{version}-{digest}",
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": [f"Tool: {name}-sbom"]},
        "packages": [whole, *(spdx_package(crate) for crate in crates)],
        "relationships": relations,
    }


FORMATS = {"cdx": cyclonedx, "spdx": spdx}


def crates(target, roots):
    """The crates linked into packages for a target, each with those that it links, by reference."""
    data = metadata(target)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    ids = set().union(*(linked(packages, nodes, package["id"]) for package in data["packages"] if package["name"] in roots))
    return {
        reference(packages[i]): (packages[i], {reference(packages[d["pkg"]]) for d in nodes[i]["deps"] if d["pkg"] in ids})
        for i in ids
    }


def main(file, name, *groups):
    packages, links, roots = {}, {}, []
    for target, _, names in (group.partition("=") for group in groups):
        roots += names.split(",")
        for known, (package, others) in crates(target, names.split(",")).items():
            packages[known] = package
            links.setdefault(known, set()).update(others)
    found = {package["name"]: package["version"] for package in packages.values()}
    if missing := [root for root in roots if root not in found]:
        sys.exit(f"{', '.join(missing)}: expected packages of the workspace")
    links = {known: sorted(links[known]) for known in sorted(links)}
    for form, write in FORMATS.items():
        bill = write(name, found[roots[0]], [packages[known] for known in links], links)
        pathlib.Path(f"{file}.{form}.json").write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 4 or not all("=" in group for group in sys.argv[3:]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
