"""The real Envoy starts with the native module as the chart renders it, with the file name of the image, and gives
the verdicts of the common settings and of a route with its own."""

import base64
import hashlib
import hmac
import json
import platform
import time

import chart
from chart_start import HOST, encoded, in_a_minute, serving, started
from envoy_start import program
from image_layout import NATIVE
from manifests import REPOSITORY

SECRET = b"only-for-this-test-of-48-bytes-0123456789abcdef"
VALUES = {
    **chart.MINIMAL,
    "module": "native",
    "filters": {"cors": {"origins": ["https://www.example.com"]}, "rate_limit": {"minute": 8, "hour": None}},
    "routes": [
        {"name": "health", "path": "/health", "exempt": ["jwt_auth", "rate_limit"]},
        {"name": "stream", "path": "/stream", "filters": {"jwt_auth": {"uri_param_names": ["token"]}}},
    ],
}


def token():
    text = f"{encoded({'alg': 'HS256'})}.{encoded({'iss': 'novasphere-user', 'sub': 'ada', 'exp': int(time.time()) + 600})}"
    signature = hmac.new(SECRET, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def check(_):
    envoy, modules = program(), REPOSITORY / "dist/native" / platform.machine()
    if envoy is None:
        return [], "Envoy not found: run make proxies"
    if not (modules / NATIVE).is_file():
        return [], "the native module is not built: run make native"
    with serving(lambda path, headers: headers) as upstream:
        replacements = {"address: orders, port_value: 8080": f"address: 127.0.0.1, port_value: {upstream}", "/etc/envoy/native": str(modules)}
        with started(envoy, VALUES, replacements) as gateway:
            fault = gateway.start_fault()
            return [fault] if fault else list(verdicts(gateway)), None


def verdicts(gateway):
    def ask(path, **headers):
        return gateway.request("8443", "GET", path, {"Host": HOST, **headers}, tls=True)

    unauthorized = ask("/orders", Origin="https://www.example.com")
    seen = json.loads(ask("/orders", Authorization=f"Bearer {token()}", **{"X-User-Id": "root"})[2])
    exceed = lambda: 429 in [ask("/orders", Authorization=f"Bearer {token()}")[0] for _ in range(12)]
    expected = {
        "a probe": (ask("/health")[0], 200),
        "no token": (unauthorized[0], 401),
        "its security headers": (unauthorized[1].get("x-content-type-options"), "nosniff"),
        "its CORS headers": (unauthorized[1].get("access-control-allow-origin"), "https://www.example.com"),
        "the identity": ({name.lower(): value for name, value in seen.items()}.get("x-user-id"), "ada"),
        "a token in the query of the route that accepts it": (ask(f"/stream?token={token()}")[0], 200),
        "a token in the query of another route": (ask(f"/orders?token={token()}")[0], 401),
        "more requests than the limit": (in_a_minute(gateway, exceed), True),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            yield f"{name}: expected {wanted}, got {found}"
    # Alerts use the latter.
    for metric in (
        'novasphere_decisions_total{filter="jwt-auth",decision="no_token"}',
        'novasphere_events_total{filter="gateway",event="panicked"}',
    ):
        if not gateway.wait_until(lambda: metric in gateway.get("9902", "/stats/prometheus")[2]):
            yield f"the metric is missing: {metric}"
