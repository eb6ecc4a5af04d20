"""A failing filter blocks requests, Istio reloads it, and Gateways accept no routes of other namespaces."""

from manifests import label, lookup, of_kind


def check(docs):
    for doc in of_kind(docs, "EnvoyExtensionPolicy"):
        for wasm in lookup(doc, "spec", "wasm") or []:
            if wasm.get("failOpen") is not False:
                yield f"{label(doc)}: {wasm.get('name')}: failOpen must be false: otherwise requests pass without the filter"
    for doc in of_kind(docs, "WasmPlugin"):
        strategy = lookup(doc, "spec", "failStrategy")
        if strategy == "FAIL_CLOSE":
            yield f"{label(doc)}: expected failStrategy FAIL_RELOAD: a crashed filter stays down until its proxy restarts"
        elif strategy != "FAIL_RELOAD":
            yield f"{label(doc)}: expected failStrategy FAIL_RELOAD: requests pass without the filter"
    for doc in of_kind(docs, "Gateway"):
        for listener in lookup(doc, "spec", "listeners") or []:
            if lookup(listener, "allowedRoutes", "namespaces", "from") == "All":
                yield f"{label(doc)}: allowedRoutes from All: a route of any namespace can bypass the filters"
