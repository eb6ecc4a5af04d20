"""Mounts refer to existing volumes, volumes are mounted, and no mount is inside a read-only one."""

from manifests import containers, label, lookup, workloads


def check(docs):
    for doc, template in workloads(docs):
        volumes = {v.get("name"): v for v in (template.get("spec") or {}).get("volumes", [])}
        volumes |= {lookup(claim, "metadata", "name"): claim for claim in lookup(doc, "spec", "volumeClaimTemplates") or []}
        used = set()
        for container in containers(template):
            subject = f"{label(doc)}: container {container.get('name')}"
            mounts = container.get("volumeMounts", [])
            used |= {mount.get("name") for mount in mounts}
            for mount in mounts:
                if mount.get("name") not in volumes:
                    yield f"{subject}: unknown volume {mount.get('name')}"
                yield from inside(mount, mounts, volumes, subject)
        for name in volumes.keys() - used:
            yield f"{label(doc)}: volume {name} is not mounted"


def inside(mount, mounts, volumes, subject):
    for outer in mounts:
        path, outer_path = mount["mountPath"].rstrip("/"), outer["mountPath"].rstrip("/")
        if path == outer_path and mount is not outer:
            yield f"{subject}: two mounts at {path}"
        read_only = outer.get("readOnly") or {"configMap", "secret", "image"} & volumes.get(outer["name"], {}).keys()
        if path.startswith(f"{outer_path}/") and read_only:
            yield f"{subject}: {path} is inside the read-only mount {outer_path}: the container cannot start"
