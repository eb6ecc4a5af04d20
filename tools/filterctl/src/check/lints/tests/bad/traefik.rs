//! Settings of Traefik.

use super::Bad;

const FILES: &[&str] = &["host-config/traefik/dynamic.yaml", "host-config/traefik/traefik.yaml"];
const OBJECTS: &[&str] = &[
    "deploy/traefik/ingressroute.yaml",
    "deploy/traefik/middlewares.yaml",
    "deploy/traefik/values.yaml",
];

pub(super) const CHANGES: &[Bad] = &[
    ("NS401", FILES, &[("abortOnPluginFailure: true", "abortOnPluginFailure: false")]),
    ("NS401", OBJECTS, &[("abortOnPluginFailure: true\n", "\n")]),
    ("NS402", FILES, &[("aliasHeadersStrategy: delete\n", "\n")]),
    ("NS402", OBJECTS, &[("aliasHeadersStrategy=delete", "aliasHeadersStrategy=keep")]),
    ("NS403", FILES, &[("allowEncodedSlash: false\n", "allowEncodedSlash: true\n")]),
    (
        "NS403",
        OBJECTS,
        &[("- --entryPoints.websecure.http.encodedCharacters.allowEncodedHash=false\n", "")],
    ),
    ("NS404", FILES, &[("settings: {envs: [NOVASPHERE_JWT_SECRET]}", "settings: {envs: [OTHER]}")]),
    ("NS404", OBJECTS, &[("settings.envs=NOVASPHERE_JWT_SECRET", "settings.envs=A,B")]),
    (
        "NS405",
        FILES,
        &[(
            "    novasphere-header-transform:\n      moduleName",
            "    transform:\n      moduleName",
        )],
    ),
    (
        "NS406",
        FILES,
        &[(
            "[responses, jwt-auth, rate-limit-minute, rate-limit-hour, header-transform]",
            "[jwt-auth, responses, rate-limit-minute, rate-limit-hour, header-transform]",
        )],
    ),
    (
        "NS406",
        OBJECTS,
        &[(
            "    - {name: novasphere-gateway-traefik-default-responses}\n    - {name: novasphere-gateway-traefik-default-jwt-auth}\n",
            "    - {name: novasphere-gateway-traefik-default-jwt-auth}\n    - {name: novasphere-gateway-traefik-default-responses}\n",
        )],
    ),
    ("NS407", FILES, &[("[responses, nobody, header-transform]", "[responses, header-transform]")]),
    ("NS407", OBJECTS, &[("    - {name: novasphere-gateway-traefik-health-jwt-auth}\n", "")]),
    (
        "NS408",
        FILES,
        &[("address: \":8000\"\n", "address: \":8000\"\n    forwardedHeaders: {insecure: true}\n")],
    ),
    // An exempt router that matches by prefix.
    ("NS140", FILES, &[("&& Path(`/api/v1/healthz`)", "&& PathPrefix(`/api/v1/healthz`)")]),
    // The longer rule is tried first, and covers this one.
    ("NS131", FILES, &[("      priority: 1000\n", "      priority: 1\n")]),
];
