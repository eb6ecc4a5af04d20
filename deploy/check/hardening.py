"""Pods comply with the restricted profile, have limits and no token."""

from manifests import at, containers, label, named, of_kind, workloads


def check(docs):
    for doc in of_kind(docs, "Namespace"):
        if at(doc, "metadata", "labels", "pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{label(doc)}: does not enforce the restricted profile"
    for doc, template in workloads(docs):
        yield from pod(docs, doc, template.get("spec") or {})
        for container in containers(template):
            yield from confined(container, f"{label(doc)}: container {container.get('name')}")


def pod(docs, doc, spec):
    what, context = label(doc), spec.get("securityContext") or {}
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield f"{what}: runAsNonRoot and runAsUser are missing"
    if at(context, "seccompProfile", "type") != "RuntimeDefault":
        yield f"{what}: seccompProfile is not RuntimeDefault"
    if spec.get("automountServiceAccountToken") is not False:
        yield f"{what}: automountServiceAccountToken is not false"
    account = spec.get("serviceAccountName")
    if not named(docs, "ServiceAccount", account, at(doc, "metadata", "namespace")):
        yield f"{what}: has no ServiceAccount of its own"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{what}: {field}"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume:
            yield f"{what}: volume {volume.get('name')} is a hostPath"
        if "emptyDir" in volume and not at(volume, "emptyDir", "sizeLimit"):
            yield f"{what}: volume {volume.get('name')}: emptyDir without sizeLimit"


def confined(container, what):
    context = container.get("securityContext") or {}
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{what}: allowPrivilegeEscalation is not false"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{what}: readOnlyRootFilesystem is not true"
    if at(context, "capabilities", "drop") != ["ALL"] or at(context, "capabilities", "add"):
        yield f"{what}: capabilities are not just dropped, all of them"
    for kind in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            if not at(container, "resources", kind, resource):
                yield f"{what}: has no {kind} of {resource}"
