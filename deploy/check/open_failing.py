"""No filter is left out when it fails, none stays down where that can be helped, and no Gateway takes
routes of others."""

from manifests import at, label, of_kind


def check(docs):
    for doc in of_kind(docs, "EnvoyExtensionPolicy"):
        for wasm in at(doc, "spec", "wasm") or []:
            if wasm.get("failOpen") is not False:
                yield f"{label(doc)}: {wasm.get('name')}: failOpen is not false: requests pass without the filter"
    for doc in of_kind(docs, "WasmPlugin"):
        strategy = at(doc, "spec", "failStrategy")
        if strategy == "FAIL_CLOSE":
            yield f"{label(doc)}: a filter that broke down stays down until its proxy is restarted: FAIL_RELOAD"
        elif strategy != "FAIL_RELOAD":
            yield f"{label(doc)}: failStrategy lets requests pass without the filter"
    for doc in of_kind(docs, "Gateway"):
        for listener in at(doc, "spec", "listeners") or []:
            if at(listener, "allowedRoutes", "namespaces", "from") == "All":
                yield f"{label(doc)}: routes of all namespaces are taken: who adds one may leave the filters out"
