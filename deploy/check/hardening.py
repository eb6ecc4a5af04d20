"""Pods meet the restricted Pod Security Standard, have resource limits and mount no API token."""

from manifests import containers, has_resource, label, lookup, of_kind, workloads


def check(docs):
    for doc in of_kind(docs, "Namespace"):
        if lookup(doc, "metadata", "labels", "pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{label(doc)}: must enforce the restricted Pod Security Standard"
    for doc, template in workloads(docs):
        yield from pod(docs, doc, template.get("spec") or {})
        for container in containers(template):
            yield from confined(container, f"{label(doc)}: container {container.get('name')}")


def pod(docs, doc, spec):
    subject, context = label(doc), spec.get("securityContext") or {}
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield f"{subject}: runAsNonRoot must be true and runAsUser set"
    if lookup(context, "seccompProfile", "type") != "RuntimeDefault":
        yield f"{subject}: seccompProfile must be RuntimeDefault"
    if spec.get("automountServiceAccountToken") is not False:
        yield f"{subject}: automountServiceAccountToken must be false"
    account = spec.get("serviceAccountName")
    if not has_resource(docs, "ServiceAccount", account, lookup(doc, "metadata", "namespace")):
        yield f"{subject}: serviceAccountName must name a ServiceAccount in these manifests"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{subject}: {field} must be unset"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume:
            yield f"{subject}: volume {volume.get('name')}: hostPath is not allowed"
        if "emptyDir" in volume and not lookup(volume, "emptyDir", "sizeLimit"):
            yield f"{subject}: volume {volume.get('name')}: emptyDir needs a sizeLimit"


def confined(container, subject):
    context = container.get("securityContext") or {}
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{subject}: allowPrivilegeEscalation must be false"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{subject}: readOnlyRootFilesystem must be true"
    if lookup(context, "capabilities", "drop") != ["ALL"] or lookup(context, "capabilities", "add"):
        yield f"{subject}: capabilities must drop ALL and add none"
    for kind in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            if not lookup(container, "resources", kind, resource):
                yield f"{subject}: missing resources.{kind}.{resource}"
