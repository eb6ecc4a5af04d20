"""The real Prometheus, with the PodMonitor's relabelings, stores Kong's metrics under the names that the alerts
use, and loses no series."""

import contextlib
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import yaml

from envoy_start import DEADLINE, free_port
from manifests import lookup, of_kind, parse

# As tests/emulated-host renders the page of Kong 3.9.3, for a Kong with jwt-auth on one route and the gateway
# on another.
PAGE = """\
# HELP kong_nginx_timers Number of nginx timers
# TYPE kong_nginx_timers gauge
kong_nginx_timers{state="running"} 4
# HELP pw_novasphere_gateway_novasphere_decisions_total
# TYPE pw_novasphere_gateway_novasphere_decisions_total counter
pw_novasphere_gateway_novasphere_decisions_total{filter="jwt-auth",decision="allowed"} 7
# HELP pw_novasphere_header_transform_novasphere_events_total
# TYPE pw_novasphere_header_transform_novasphere_events_total counter
pw_novasphere_header_transform_novasphere_events_total{filter="header-transform",event="value_invalid"} 1
# HELP pw_novasphere_jwt_auth_novasphere_decisions_total
# TYPE pw_novasphere_jwt_auth_novasphere_decisions_total counter
pw_novasphere_jwt_auth_novasphere_decisions_total{filter="jwt-auth",decision="allowed"} 5
# HELP pw_novasphere_rate_limit_novasphere_table_clients
# TYPE pw_novasphere_rate_limit_novasphere_table_clients gauge
pw_novasphere_rate_limit_novasphere_table_clients{filter="rate-limit",max_clients="65536"} 3
"""
WANTED = {
    ("kong_nginx_timers", None): "4",
    ("novasphere_decisions_total", "novasphere_gateway"): "7",
    ("novasphere_decisions_total", "novasphere_jwt_auth"): "5",
    ("novasphere_events_total", "novasphere_header_transform"): "1",
    ("novasphere_table_clients", "novasphere_rate_limit"): "3",
}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_):
        pass


def check(built):
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        return [], "prometheus not found: install the package prometheus"
    monitor = next(iter(of_kind(parse(built["kong"]), "PodMonitor")))
    relabelings = lookup(monitor, "spec", "podMetricsEndpoints", 0, "metricRelabelings")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="novasphere-deploy-")))
        listen = f"127.0.0.1:{free_port()}"
        (directory / "prometheus.yml").write_text(yaml.safe_dump(scraping(server.server_port, relabelings)))
        process = stack.enter_context(subprocess.Popen(
            [prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={listen}"],
            cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))
        stack.callback(process.terminate)
        found = scraped(listen)
    findings = [f"{key}: expected {value}, got {found.get(key)}" for key, value in WANTED.items() if found.get(key) != value]
    return findings + [f"unexpected series {key}" for key in found.keys() - WANTED.keys()], None


def scraping(port, relabelings):
    """The configuration that prometheus-operator generates from the PodMonitor: its fields in snake case."""
    snake = lambda name: re.sub("([A-Z])", r"_\1", name).lower()
    rules = [{snake(name): value for name, value in rule.items()} for rule in relabelings]
    job = {"job_name": "kong", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}], "metric_relabel_configs": rules}
    return {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}


def scraped(listen):
    """The value of each series by name and module."""
    query = urllib.parse.urlencode({"query": '{job="kong",__name__!~"up|scrape_.*"}'})
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{listen}/api/v1/query?{query}", timeout=5) as response:
                series = json.load(response)["data"]["result"]
            if series:
                return {(s["metric"]["__name__"], s["metric"].get("module")): s["value"][1] for s in series}
        time.sleep(0.2)
    return {}
