"""Alerts and dashboards have valid PromQL expressions, and every alert has a summary and a severity."""

import json
import re

import promql_parser

from manifests import label, lookup, of_kind

# Range functions drop the metric name: series that differ in name only then collide, which is an error.
NAMES_IN_RANGE = re.compile(r"\{[^}]*__name__\s*(=~|!=|!~)[^}]*\}\s*\[")


def expressions(docs):
    for doc in of_kind(docs, "PrometheusRule"):
        for group in lookup(doc, "spec", "groups") or []:
            for rule in group.get("rules", []):
                yield f"{label(doc)}: {rule.get('alert')}", rule.get("expr", "")
    for doc in of_kind(docs, "ConfigMap"):
        for name, text in (doc.get("data") or {}).items():
            if name.endswith(".json"):
                for panel in json.loads(text).get("panels", []):
                    for target in panel.get("targets", []):
                        # Replace Grafana's variables, which are not PromQL.
                        expr = target["expr"].replace("$__rate_interval", "5m").replace("$namespace", ".*")
                        yield f"{label(doc)}: {panel.get('title')}", expr


def check(docs):
    for subject, expr in expressions(docs):
        try:
            promql_parser.parse(expr)
        except ValueError as error:
            yield f"{subject}: {error}"
        if NAMES_IN_RANGE.search(expr):
            yield f"{subject}: several metrics in one range: Prometheus rejects series that differ in name only"
    for doc in of_kind(docs, "PrometheusRule"):
        for group in lookup(doc, "spec", "groups") or []:
            for rule in group.get("rules", []):
                if not lookup(rule, "annotations", "summary") or not lookup(rule, "labels", "severity"):
                    yield f"{label(doc)}: {rule.get('alert')}: missing annotations.summary or labels.severity"
