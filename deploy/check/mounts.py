"""What is mounted is there, and nothing is mounted inside of what cannot be written to."""

from manifests import at, containers, label, workloads


def check(docs):
    for doc, template in workloads(docs):
        volumes = {v.get("name"): v for v in (template.get("spec") or {}).get("volumes", [])}
        volumes |= {at(claim, "metadata", "name"): claim for claim in at(doc, "spec", "volumeClaimTemplates") or []}
        used = set()
        for container in containers(template):
            what = f"{label(doc)}: container {container.get('name')}"
            mounts = container.get("volumeMounts", [])
            used |= {mount.get("name") for mount in mounts}
            for mount in mounts:
                if mount.get("name") not in volumes:
                    yield f"{what}: there is no volume {mount.get('name')}"
                yield from inside(mount, mounts, volumes, what)
        for name in volumes.keys() - used:
            yield f"{label(doc)}: volume {name} is mounted nowhere"


def inside(mount, mounts, volumes, what):
    for outer in mounts:
        path, around = mount["mountPath"].rstrip("/"), outer["mountPath"].rstrip("/")
        if path == around and mount is not outer:
            yield f"{what}: two mounts at {path}"
        read_only = outer.get("readOnly") or {"configMap", "secret", "image"} & volumes.get(outer["name"], {}).keys()
        if path.startswith(f"{around}/") and read_only:
            yield f"{what}: {path} is mounted inside {around}, which is read-only: the container does not start"
