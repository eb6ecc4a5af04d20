"""Checks the manifests without a cluster: python deploy/check [CHECK...]

CRDS=DIR sets the directory of the custom resource definitions; the default is ../shared/crds. CHARTS=DIR sets that
of the charts of Kong and Traefik; the default is ../shared/charts. Several checks run at once. The seconds after
each one are those of the clock, and those of its processes on the CPU.
"""

import concurrent.futures
import multiprocessing
import os
import resource
import sys
import time

import bad
import cel
import chart
import custom_schema
import manifests
from registry import FILE_CHECKS, MANIFEST_CHECKS, SLOW_CHECKS

BUILT = {}


def possible(check):
    return check != "custom_schema" or custom_schema.directory()


def of_manifests(wanted):
    """The result of each manifest check, over all renderings."""
    found = {check: [] for check in MANIFEST_CHECKS if (not wanted or check in wanted) and possible(check)}
    for name, text in BUILT.items():
        docs = manifests.parse(text) + (list(chart.outside()) if name.startswith("chart ") else [])
        for check, findings in found.items():
            findings += [f"{name}: {finding}" for finding in MANIFEST_CHECKS[check].check(docs)]
    return [(f"{check} of {len(BUILT)} renderings", findings, None) for check, findings in found.items()]


def of_samples():
    results = list(bad.results(possible))
    return [(f"{len(results)} samples that must fail", [f"{subject}: {finding}" for subject, findings in results for finding in findings], None)]


def of_files(check):
    return [(check, *FILE_CHECKS[check].check(BUILT))]


def measured(job, *arguments):
    """The results of a job, the CEL rules that it skipped, and its seconds on the clock and on the CPU."""
    started, before = time.monotonic(), on_cpu()
    results = job(*arguments)
    return results, cel.UNSUPPORTED, time.monotonic() - started, on_cpu() - before


def on_cpu():
    """The seconds of this process and of the programs that it started and that ended."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def jobs(wanted):
    """The jobs with their arguments. The slow ones come first, so that none of them remains alone at the end."""
    files = sorted(FILE_CHECKS, key=lambda check: (check not in SLOW_CHECKS, check))
    yield from ((of_files, check) for check in files if not wanted or check in wanted)
    if not wanted or not MANIFEST_CHECKS.keys().isdisjoint(wanted):
        yield of_manifests, wanted
    if not wanted or "bad" in wanted:
        yield (of_samples,)


def main(wanted):
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        BUILT.update(pool.map(lambda name: (name, manifests.build(name)), manifests.NAMES))
        BUILT.update(pool.map(chart.build, chart.variants()))
    spent, passed, failed, skipped, unsupported = on_cpu(), 0, 0, [], set()
    # The real proxies mostly wait, hence more jobs than processors.
    with concurrent.futures.ProcessPoolExecutor((os.cpu_count() or 1) + 2, multiprocessing.get_context("fork")) as pool:
        running = [pool.submit(measured, *job) for job in jobs(wanted)]
        for done in concurrent.futures.as_completed(running):
            results, rules, seconds, cpu = done.result()
            spent, unsupported = spent + cpu, unsupported | rules
            for subject, findings, reason in results:
                if reason:
                    skipped.append(f"{subject}: {reason}")
                    continue
                passed, failed = passed + (not findings), failed + bool(findings)
                print(f"{'FAILED' if findings else 'ok':7}{subject}")
                for finding in findings:
                    print(f"       {finding}")
            print(f"       {seconds:.1f} s, CPU {cpu:.1f} s", flush=True)
    if not possible("custom_schema"):
        skipped.append("custom_schema: no custom resource definitions: set CRDS to their directory")
    if unsupported:
        skipped.append(f"custom_schema: {len(unsupported)} CEL rules use functions that only the API server has")
    for line in skipped:
        print(f"skipped: {line}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped in {time.monotonic() - started:.0f} s, CPU {spent:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
