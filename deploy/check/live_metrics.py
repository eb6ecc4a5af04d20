"""A real Prometheus scrapes the real Envoy and the Redis front under load: every query of the dashboards returns
data, every selector of the alerts has series, and promtool accepts the metrics."""

import json
import re
import shutil
import subprocess

import live_gateway
from alerts import queries, rules
from envoy_start import polled, program
from manifests import DEPLOY, REPOSITORY, parse

DASHBOARDS = ("novasphere-envoy.json", "novasphere-redis.json")
SELECTOR = re.compile(r"(\w*)\{([^}]*)\}")
# Envoy defines the metric of reloads when it first reloads a filter, and only the native module counts panics.
# restart_alert checks the former, and chart_native the latter.
LATER = "NovasphereFilterRestarted"
# Envoy serves no documentation of metrics.
UNAVOIDABLE = " no help text"
OF_FILTERS = re.compile(r"^(?:# TYPE )?novasphere_.*\n", re.MULTILINE)


def check(built):
    envoy, prometheus = program(), live_gateway.prometheus()
    if envoy is None or prometheus is None:
        return [], "Envoy or prometheus not found: run make proxies and install the package prometheus"
    if not list((REPOSITORY / "dist").glob("*.wasm")):
        return [], "filters not built: run make wasm"
    if not shutil.which("redis-server") or not shutil.which("nginx"):
        return [], "Redis or nginx not found: install the dependencies of make test-redis"
    with live_gateway.Live(envoy, prometheus, live_gateway.rendered(), parse(built["redis"])).running() as live:
        return list(findings(live)), None


def findings(live):
    endpoints = {f"endpoints of {name}": f'envoy_cluster_membership_healthy{{envoy_cluster_name="{name}"}}' for name in live.clusters}
    pending = {**endpoints, **panels(), **dict(selectors(live.docs))}
    yield from lint("envoy", "".join(OF_FILTERS.findall(live.page("envoy"))))
    yield from lint("redis", live.page("redis"))
    # With Redis up, then without it, and with rejected updates.
    pending = remaining(live, pending, lambda left: all("redis_failures" in expr for expr in left.values()))
    live.pods.processes["front"].terminate()
    live.pods.processes["front"].wait()
    for short in ("lds", "cds"):
        live.reject(short)
    pending = remaining(live, pending, lambda left: not left)
    for subject, expr in pending.items():
        yield f"{subject}: no data: {expr}"
    rejected = 'envoy_listener_manager_lds_update_rejected > 0 and envoy_cluster_manager_cds_update_rejected > 0'
    if not polled(lambda: live.query(rejected)):
        yield "Envoy does not count rejected updates"
    for group in live.ask("rules")["groups"]:
        for rule in group["rules"]:
            if rule["health"] != "ok":
                yield f"{rule['name']}: {rule['health']}: {rule.get('lastError')}"


def remaining(live, pending, enough):
    """The expressions without data, once there are enough with data or the deadline has passed."""
    left = dict(pending)

    def attempt():
        for subject in [subject for subject, expr in left.items() if live.query(expr)]:
            del left[subject]
        return enough(left)

    polled(attempt)
    return left


def panels():
    """The queries of the dashboards."""
    found = {}
    for name in DASHBOARDS:
        for title, expr in queries(json.loads((DEPLOY / "monitoring" / name).read_text())):
            found[f"{name}: {title}: {expr}"] = expr
    return found


def selectors(docs):
    """The selectors of the alerts."""
    for name, rule in rules(docs):
        if LATER not in name:
            for metric, labels in SELECTOR.findall(rule["expr"]):
                yield f"{name}: {metric}{{{labels}}}", f"{metric}{{{labels}}}"


def lint(name, text):
    """What promtool says about metrics."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    for line in (done.stdout + done.stderr).splitlines():
        if line and not (name == "envoy" and line.endswith(UNAVOIDABLE)):
            yield f"promtool check metrics: {name}: {line}"
