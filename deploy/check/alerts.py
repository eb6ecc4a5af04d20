"""Alerts and dashboards: expressions that Prometheus can read, of labels that Envoy gives."""

import json
import re

import promql_parser

from manifests import at, label, of_kind

# A function of a range takes the name away. What is the same but for its name is an error then.
NAMES_IN_RANGE = re.compile(r"\{[^}]*__name__\s*(=~|!=|!~)[^}]*\}\s*\[")


def expressions(docs):
    for doc in of_kind(docs, "PrometheusRule"):
        for group in at(doc, "spec", "groups") or []:
            for rule in group.get("rules", []):
                yield f"{label(doc)}: {rule.get('alert')}", rule.get("expr", "")
    for doc in of_kind(docs, "ConfigMap"):
        for name, text in (doc.get("data") or {}).items():
            if name.endswith(".json"):
                for panel in json.loads(text).get("panels", []):
                    for target in panel.get("targets", []):
                        # Grafana's variables stand for what Prometheus can read.
                        expr = target["expr"].replace("$__rate_interval", "5m").replace("$namespace", ".*")
                        yield f"{label(doc)}: {panel.get('title')}", expr


def check(docs):
    for what, expr in expressions(docs):
        try:
            promql_parser.parse(expr)
        except ValueError as error:
            yield f"{what}: {error}"
        if NAMES_IN_RANGE.search(expr):
            yield f"{what}: several metrics in one range: Prometheus refuses it when they differ by name only"
    for doc in of_kind(docs, "PrometheusRule"):
        for group in at(doc, "spec", "groups") or []:
            for rule in group.get("rules", []):
                if not at(rule, "annotations", "summary") or not at(rule, "labels", "severity"):
                    yield f"{label(doc)}: {rule.get('alert')}: has no summary or no severity"
