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
import urllib.parse
import urllib.request

import yaml

from envoy_start import TIMEOUT, free_port, polled
from manifests import DEPLOY, lookup, of_kind, parse

# A page of Kong 3.9.3 with several modules. The emulated Kong of the tests renders each of its series.
PAGE = (DEPLOY / "check/kong_metrics.txt").read_bytes()
WANTED = {
    'kong_nginx_timers{state="running"}': "4",
    'novasphere_decisions_total{decision="allowed",filter="jwt-auth",module="novasphere_gateway"}': "7",
    'novasphere_decisions_total{decision="allowed",filter="jwt-auth",module="novasphere_jwt_auth"}': "5",
    'novasphere_decisions_total{decision="limited",filter="rate-limit",module="novasphere_gateway"}': "6",
    'novasphere_events_total{event="value_invalid",filter="header-transform",module="novasphere_header_transform"}': "1",
    'novasphere_full_windows_total{filter="rate-limit",module="novasphere_rate_limit",rule="login",window="minute"}': "8",
    'novasphere_redis_answers_total{filter="rate-limit",module="novasphere_rate_limit",within_ms="10"}': "9",
    'novasphere_redis_answers_total{filter="rate-limit",module="novasphere_rate_limit",within_ms="longer"}': "10",
    'novasphere_redis_failures_total{filter="rate-limit",kind="no_reply",module="novasphere_rate_limit"}': "11",
    'novasphere_rule_decisions_total{decision="limited",filter="rate-limit",module="novasphere_rate_limit",rule="login"}': "12",
    'novasphere_table_clients{filter="rate-limit",max_clients="65536",module="novasphere_rate_limit"}': "3",
}
# Labels that the scrape itself adds.
SCRAPED = {"__name__", "instance", "job"}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE)

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
    """The value of each series by name and labels."""
    query = urllib.parse.urlencode({"query": '{job="kong",__name__!~"up|scrape_.*"}'})

    def attempt():
        with urllib.request.urlopen(f"http://{listen}/api/v1/query?{query}", timeout=TIMEOUT) as response:
            return json.load(response)["data"]["result"]

    return {name(s["metric"]): s["value"][1] for s in polled(attempt) or []}


def name(metric):
    labels = ",".join(f'{label}="{metric[label]}"' for label in sorted(metric.keys() - SCRAPED))
    return f"{metric['__name__']}{{{labels}}}"
