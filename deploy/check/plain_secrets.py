"""No secret is written down: manifests name Secrets, filters name variables."""

import re

import yaml

from manifests import label, walk

NAMES = {"secret", "password", "passwd", "token", "client_secret", "private_key"}
VARIABLE = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def check(docs):
    for doc in docs:
        if doc.get("kind") == "Secret" and (doc.get("data") or doc.get("stringData")):
            yield f"{label(doc)}: a Secret with its content: create it from where secrets are kept"
        yield from below(doc, label(doc))


def below(value, what):
    for path, part in walk(value):
        where = f"{what}: {'.'.join(str(name) for name in path)}"
        if isinstance(part, dict):
            name, text = part.get("name"), part.get("value")
            if isinstance(name, str) and VARIABLE.search(name) and isinstance(text, str) and not text.startswith("/"):
                yield f"{where}: the variable {name} has its value here: use secretKeyRef"
        if not isinstance(part, str):
            continue
        if PRIVATE_KEY.search(part):
            yield f"{where}: a private key"
        if path and path[-1] in NAMES:
            yield f"{where}: a secret in plain text"
        if "\n" in part:
            yield from below(documents(part), where)


def documents(text):
    """A file of a ConfigMap, if it is YAML or JSON."""
    try:
        return [doc for doc in yaml.safe_load_all(text) if isinstance(doc, (dict, list))]
    except yaml.YAMLError:
        return []
