"""Writes the dashboards for Grafana from monitoring/panels.yaml."""

import json
import pathlib

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
CHART = "chart/novasphere-gateway/files/monitoring/dashboards"
SELECTED = 'job=~"$gateway",instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS, WIDTH, HEIGHT = 2, 12, 8
# Traefik's dashboard is among its manifests.
PATHS = {"traefik": "traefik/novasphere-traefik.json"}


def variable(name, label, query):
    return {
        "name": name, "type": "query", "label": label, "datasource": SOURCE, "query": query, "refresh": 2,
        "includeAll": True, "multi": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
    }


def thresholds(value):
    steps = [{"color": "green", "value": None}]
    return {"mode": "absolute", "steps": steps if value is None else [*steps, {"color": "red", "value": value}]}


def panel(number, at, spec):
    custom = {"fillOpacity": 20, "showPoints": "never"}
    if spec.get("stacked"):
        custom["stacking"] = {"mode": "normal"}
    if "threshold" in spec:
        custom["thresholdsStyle"] = {"mode": "line"}
    queries = [
        {"expr": query["expr"].replace("@S@", SELECTED), "legendFormat": query["legend"], "refId": letter, "datasource": SOURCE}
        for letter, query in zip("ABCDEF", spec["queries"], strict=False)
    ]
    return {
        "id": number, "type": "timeseries", "title": spec["title"], "description": spec["description"], "gridPos": at,
        "datasource": SOURCE,
        "fieldConfig": {
            "defaults": {"unit": spec["unit"], "min": 0, "thresholds": thresholds(spec.get("threshold")), "custom": custom},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": queries,
    }


def panels(rows):
    """The panels below each other, each row below its title."""
    y, number = 0, 0
    for row in rows:
        number += 1
        yield {"id": number, "type": "row", "title": row["title"], "collapsed": False, "panels": [], "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}
        y += 1
        for n, spec in enumerate(row["panels"]):
            number += 1
            at = {"h": HEIGHT, "w": WIDTH, "x": n % COLUMNS * WIDTH, "y": y + n // COLUMNS * HEIGHT}
            yield panel(number, at, spec)
        y += -(-len(row["panels"]) // COLUMNS) * HEIGHT


def dashboard(name, spec, rows):
    metric = spec["metric"]
    return {
        "title": spec["title"], "uid": f"novasphere-{name}", "schemaVersion": 39, "version": 1, "editable": True,
        "tags": ["novasphere"], "timezone": "utc", "refresh": "30s", "time": {"from": "now-3h", "to": "now"},
        "annotations": {"list": []}, "links": [],
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            variable("gateway", "Gateway", f"label_values({metric}, job)"),
            variable("instance", "Instance", f'label_values({metric}{{job=~"$gateway"}}, instance)'),
        ]},
        "panels": list(panels([rows[row] for row in spec["rows"]])),
    }


def files():
    """The generated files by their path in deploy."""
    source = yaml.safe_load((DEPLOY / "monitoring/panels.yaml").read_text())
    texts = {}
    for name, spec in source["dashboards"].items():
        text = json.dumps(dashboard(name, spec, source["rows"]), indent=2) + "\n"
        texts[f"{CHART}/{name}.json"] = text
        texts[PATHS.get(name, f"monitoring/novasphere-{name}.json")] = text
    return texts
