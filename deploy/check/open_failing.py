"""No filter is left out when it fails, and no Gateway takes routes of others."""

from manifests import at, label, of_kind


def check(docs):
    for doc in of_kind(docs, "EnvoyExtensionPolicy"):
        for wasm in at(doc, "spec", "wasm") or []:
            if wasm.get("failOpen") is not False:
                yield f"{label(doc)}: {wasm.get('name')}: failOpen is not false: requests pass without the filter"
    for doc in of_kind(docs, "WasmPlugin"):
        if at(doc, "spec", "failStrategy") not in ("FAIL_CLOSE", "FAIL_RELOAD"):
            yield f"{label(doc)}: failStrategy lets requests pass without the filter"
    for doc in of_kind(docs, "Gateway"):
        for listener in at(doc, "spec", "listeners") or []:
            if at(listener, "allowedRoutes", "namespaces", "from") == "All":
                yield f"{label(doc)}: routes of all namespaces are taken: who adds one may leave the filters out"
