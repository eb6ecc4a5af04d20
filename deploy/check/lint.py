"""YAML style: no duplicate keys, consistent indentation."""

from yamllint import config, linter

from manifests import DEPLOY, REPOSITORY

RULES = config.YamlLintConfig("""
extends: default
rules:
  braces: {max-spaces-inside: 0}
  comments: {min-spaces-from-content: 1}
  document-start: disable
  indentation: {spaces: 2, indent-sequences: whatever}
  line-length: disable
  truthy: {allowed-values: ["true", "false"]}
""")


def check(_):
    findings = []
    paths = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml"), *(REPOSITORY / "host-config").rglob("*.y*ml")]
    for path in sorted(set(paths)):
        if path.parent.name == "bad" or DEPLOY / "chart/novasphere-gateway/templates" in path.parents:
            continue
        for problem in linter.run(path.read_text(), RULES):
            findings.append(f"{path.relative_to(REPOSITORY)}:{problem.line}: {problem.desc}")
    return findings, None
