"""Alerts and dashboards have valid PromQL expressions. Every alert has a summary, a severity and the link to its
runbook, and selects the job of a PodMonitor beside it."""

import json
import re

import promql_parser

from manifests import label, lookup, of_kind

# Range functions drop the metric name: series that differ in name only then collide, which is an error.
NAMES_IN_RANGE = re.compile(r"\{[^}]*__name__\s*(=~|!=|!~)[^}]*\}\s*\[")
# Grafana's variables, which are not PromQL.
VARIABLES = {"$__rate_interval": "5m", "$gateway": ".*", "$instance": ".*"}
JOB = re.compile(r'job(=~?)"([^"]*)"')


def expressions(docs):
    for name, rule in rules(docs):
        yield name, rule.get("expr", "")
    for doc in of_kind(docs, "ConfigMap"):
        for name, text in (doc.get("data") or {}).items():
            if name.endswith(".json"):
                for title, expr in queries(json.loads(text)):
                    yield f"{label(doc)}: {title}", expr


def rules(docs):
    """The alerts of the PrometheusRules with their names."""
    for doc in of_kind(docs, "PrometheusRule"):
        for group in lookup(doc, "spec", "groups") or []:
            for rule in group.get("rules", []):
                yield f"{label(doc)}: {rule.get('alert')}", rule


def queries(dashboard):
    """Title and expression of each query of a dashboard."""
    for panel in dashboard.get("panels", []):
        for target in panel.get("targets", []):
            expr = target["expr"]
            for variable, value in VARIABLES.items():
                expr = expr.replace(variable, value)
            yield panel.get("title"), expr


def check(docs):
    for subject, expr in expressions(docs):
        try:
            promql_parser.parse(expr)
        except ValueError as error:
            yield f"{subject}: {error}"
        if NAMES_IN_RANGE.search(expr):
            yield f"{subject}: several metrics in one range: Prometheus rejects series that differ in name only"
    scraped = [f"{lookup(doc, 'metadata', 'namespace')}/{lookup(doc, 'metadata', 'name')}" for doc in of_kind(docs, "PodMonitor")]
    for subject, rule in rules(docs):
        if not lookup(rule, "annotations", "summary") or not lookup(rule, "labels", "severity"):
            yield f"{subject}: missing annotations.summary or labels.severity"
        if not str(lookup(rule, "annotations", "runbook_url")).endswith(f"#{rule.get('alert', '').lower()}"):
            yield f"{subject}: annotations.runbook_url must end in #{rule.get('alert', '').lower()}"
        for operator, job in set(JOB.findall(rule.get("expr", ""))):
            matches = lambda name: re.fullmatch(job, name) if operator == "=~" else job == name
            if not any(matches(name) for name in scraped):
                yield f"{subject}: no PodMonitor has the job {job}"
