"""Manifests contain no secret values: they refer to Secrets, and filters refer to variables."""

import re

import yaml

from manifests import label, walk

NAMES = {"secret", "password", "passwd", "token", "client_secret", "private_key"}
VARIABLE = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def check(docs):
    for doc in docs:
        if doc.get("kind") == "Secret" and (doc.get("data") or doc.get("stringData")):
            yield f"{label(doc)}: a Secret with data: create it outside the manifests"
        yield from below(doc, label(doc))


def below(value, subject):
    for path, part in walk(value):
        where = f"{subject}: {'.'.join(str(name) for name in path)}"
        if isinstance(part, dict):
            name, text = part.get("name"), part.get("value")
            if isinstance(name, str) and VARIABLE.search(name) and isinstance(text, str) and not text.startswith("/"):
                yield f"{where}: variable {name} has a literal value: use secretKeyRef"
        if not isinstance(part, str):
            continue
        if PRIVATE_KEY.search(part):
            yield f"{where}: contains a private key"
        if path and path[-1] in NAMES:
            yield f"{where}: plaintext secret"
        if "\n" in part:
            yield from below(documents(part), where)


def documents(text):
    """The parsed text of a ConfigMap file; empty unless it is YAML or JSON."""
    try:
        return [doc for doc in yaml.safe_load_all(text) if isinstance(doc, (dict, list))]
    except yaml.YAMLError:
        return []
