//! Codes of the filters' own messages about their configurations, NS001 to NS099.

use crate::finding::{Code, Severity};

/// The codes of this file.
pub(super) static FILTERS: &[&Code] = &[
    &NOT_YAML,
    &NOTHING_FOUND,
    &REPEATED_KEY,
    &UNKNOWN_FIELD,
    &WRONG_TYPE,
    &MISSING_FIELD,
    &REFUSED_VALUE,
    &MISSING_VARIABLE,
    &READABLE_SECRET,
    &FILTER_WARNING,
    &FILTER_FACT,
    &ASSUMED_VARIABLE,
];

/// A file that is neither YAML nor JSON.
pub static NOT_YAML: Code = Code {
    id: "NS001",
    severity: Severity::Error,
    title: "not YAML or JSON",
    why: "The proxy cannot read the file, or reads less than is written in it.",
    remedy: "Correct the syntax at the given position.",
};

/// A file without a filter.
pub static NOTHING_FOUND: Code = Code {
    id: "NS002",
    severity: Severity::Error,
    title: "no filter found",
    why: "Otherwise, the command would succeed without any check. Either the file configures no \
          filter of this project, or a module has another name than novasphere-<filter>.wasm.",
    remedy: "Check the path. If the file is the configuration of a single filter, name the filter: \
             --filter jwt-auth.",
};

/// A key that is twice in an object.
pub static REPEATED_KEY: Code = Code {
    id: "NS003",
    severity: Severity::Error,
    title: "repeated key",
    why: "Readers of YAML disagree about a repeated key: most use the last value, some reject the \
          file. The first value has no effect.",
    remedy: "Remove one of the two entries.",
};

/// A field that the filter does not have.
pub static UNKNOWN_FIELD: Code = Code {
    id: "NS010",
    severity: Severity::Error,
    title: "unknown field",
    why: "The filter rejects the configuration, because a misspelt field would silently have no \
          effect. Envoy does not start or keeps the old configuration, and Kong and Traefik respond \
          with 500.",
    remedy: "Use the name that the message suggests, or remove the field.",
};

/// A value of the wrong type.
pub static WRONG_TYPE: Code = Code {
    id: "NS011",
    severity: Severity::Error,
    title: "wrong type or form",
    why: "The filter rejects the configuration.",
    remedy: "Write the value in the form that the message shows. Texts that YAML reads as another \
             type, such as no, 1.0 and 007, need quotes.",
};

/// A required field that is missing.
pub static MISSING_FIELD: Code = Code {
    id: "NS012",
    severity: Severity::Error,
    title: "required field missing",
    why: "The filter rejects the configuration.",
    remedy: "Add the field. `filterctl docs FIELD` shows its type and an example.",
};

/// A value that the filter rejects.
pub static REFUSED_VALUE: Code = Code {
    id: "NS013",
    severity: Severity::Error,
    title: "rejected value",
    why: "The filter rejects the configuration: the value is out of range, contradicts another \
          field, or would be unsafe.",
    remedy: "Follow the message. `filterctl docs FIELD` shows the accepted values.",
};

/// A variable that the proxy's environment does not have.
pub static MISSING_VARIABLE: Code = Code {
    id: "NS014",
    severity: Severity::Error,
    title: "environment variable missing",
    why: "The filter reads a secret from the proxy's environment, and rejects its configuration \
          without it.",
    remedy: "Give the variable to this command with --env NAME=value or --env-file FILE. Where the \
             value is not known, as in CI, use --assume-env.",
};

/// A secret that is written in the configuration.
pub static READABLE_SECRET: Code = Code {
    id: "NS020",
    severity: Severity::Warning,
    title: "secret written in the configuration",
    why: "Any reader of the file, the ConfigMap or the proxy's config dump can sign tokens.",
    remedy: "Keep the secret in the proxy's environment: secret: {env: NAME}.",
};

/// Another warning of a filter.
pub static FILTER_WARNING: Code = Code {
    id: "NS021",
    severity: Severity::Warning,
    title: "warning of the filter",
    why: "The filter accepts the configuration and logs this warning when it loads.",
    remedy: "Follow the message.",
};

/// A fact that a filter logs.
pub static FILTER_FACT: Code = Code {
    id: "NS022",
    severity: Severity::Note,
    title: "fact about the configuration",
    why: "The filter logs this when it loads. It needs no action.",
    remedy: "None.",
};

/// A variable whose value was assumed.
pub static ASSUMED_VARIABLE: Code = Code {
    id: "NS023",
    severity: Severity::Note,
    title: "environment variable assumed",
    why: "With --assume-env, missing variables have a long random text as value. A value that is \
          too short, or not the key that it must be, is found only when the proxy starts.",
    remedy: "None, or give the variable with --env or --env-file.",
};
