"""For Envoy Gateway and Istio, the chart renders the filters of deploy/envoy-gateway and deploy/istio, which the
tests of the filters run in the real Envoy, in the same order, and policies for the same settings of clients."""

import copy

import yaml

import chart
from manifests import lookup, of_kind, parse


def check(built):
    values = {**yaml.safe_load((chart.EXAMPLES / "novasphere.yaml").read_text()), "host": "envoy-gateway"}
    findings = [f"envoy-gateway: {fault}" for fault in differences(policies(rendered(values)), policies(parse(built["envoy-gateway"])))]
    findings += [f"envoy-gateway: {fault}" for fault in differences(clients(rendered(values)), clients(parse(built["envoy-gateway"])))]
    values = copy.deepcopy({**values, "host": "istio"})
    # Istio has one configuration per filter, so the console shares its token parameter.
    values["filters"]["jwt_auth"]["uri_param_names"] = ["token"]
    for route in values["routes"]:
        route.pop("filters", None)
    return findings + [f"istio: {fault}" for fault in differences(plugins(rendered(values)), plugins(parse(built["istio"])))], None


def rendered(values):
    return parse(chart.run(values, release="novasphere-gateway", namespace="novasphere-system").stdout)


def differences(found, expected):
    if not expected:
        yield "nothing to compare with"
    for n, (one, other) in enumerate(zip(found, expected)):
        if one != other:
            yield f"{n}: expected {other}, got {one}"
    if len(found) != len(expected):
        yield f"expected {len(expected)} parts, got {len(found)}"


def policies(docs):
    """The filters of each policy, in order: the policy of the Gateway first."""
    found = of_kind(docs, "EnvoyExtensionPolicy")
    found.sort(key=lambda doc: lookup(doc, "spec", "targetRefs", 0, "kind"))
    return [
        [(wasm["name"], wasm["failOpen"], wasm.get("env"), wasm["config"]) for wasm in lookup(doc, "spec", "wasm")]
        for doc in found
    ]


def clients(docs):
    """The settings of client connections and of the upstream, without their targets."""
    found = of_kind(docs, "ClientTrafficPolicy", "BackendTrafficPolicy")
    found.sort(key=lambda doc: doc["kind"])
    return [{name: part for name, part in doc["spec"].items() if name != "targetRefs"} for doc in found]


def plugins(docs):
    """The filters in the order in which they run."""
    found = sorted(of_kind(docs, "WasmPlugin"), key=lambda doc: -lookup(doc, "spec", "priority"))
    fields = ("pluginName", "phase", "failStrategy", "vmConfig", "pluginConfig")
    return [{name: lookup(doc, "spec", name) for name in fields} for doc in found]
