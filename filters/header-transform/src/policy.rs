//! The policy: the rules for requests and those for responses.

use std::borrow::Cow;

use novasphere_core::{
    ConfigErrors, Edit, Env, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

use crate::{
    condition::status,
    config,
    query::QueryRules,
    rules::Rules,
    template::{Template, Unmade, Value},
};

/// The header-transform filter, configured.
#[derive(Clone, Debug)]
pub struct HeaderTransform {
    request: Rules,
    query: QueryRules,
    response: Rules,
    request_reads: Reads,
    response_reads: Reads,
}

/// What values for the response were made of the request, in the order of their templates; `None`
/// where one could not be made.
#[derive(Debug)]
pub struct Made(Vec<Option<Vec<u8>>>);

/// [`Read`], owned.
#[derive(Clone, Debug)]
enum Reads {
    Whole,
    /// Nothing, when it is empty.
    Named(Vec<String>),
}

impl HeaderTransform {
    pub(crate) fn new(request: Rules, query: QueryRules, response: Rules) -> Self {
        let templates = request.templates.iter().chain(&query.templates).chain(&response.templates);
        let inputs = templates.flat_map(Template::inputs).filter_map(|input| input.reads());
        let target = (!query.is_empty()).then_some(":path");
        let lines = request.reads().chain(query.reads()).chain(target).chain(inputs);
        let request_reads = Reads::new(request.whole, lines);
        let status = response.look().then_some(":status");
        let response_reads = Reads::new(response.whole, response.reads().chain(status));
        Self { request, query, response, request_reads, response_reads }
    }
}

impl Reads {
    fn new<'n>(whole: bool, names: impl Iterator<Item = &'n str>) -> Self {
        if whole {
            return Self::Whole;
        }
        let mut different: Vec<String> = Vec::new();
        for name in names {
            if !different.iter().any(|other| other == name) {
                different.push(name.to_owned());
            }
        }
        Self::Named(different)
    }

    fn as_read(&self) -> Read<'_> {
        match self {
            Reads::Whole => Read::Whole,
            Reads::Named(names) if names.is_empty() => Read::Nothing,
            Reads::Named(names) => Read::Named(names),
        }
    }
}

impl Policy for HeaderTransform {
    const NAME: &'static str = "header-transform";
    const DECISIONS: &'static [&'static str] = &["passed"];
    const EVENTS: &'static [&'static str] = &[Unmade::MISSING, Unmade::INVALID];
    type State = ();
    type Carry = Made;

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs<'_> {
        let (request, response) = (self.request_reads.as_read(), self.response_reads.as_read());
        Needs { request, response, timer: false, store: false }
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        (): &mut (),
        env: &Env<'_>,
    ) -> Step<'p, Made> {
        let value = |value: &'p Value, templates: &'p [Template]| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Made(place) => templates.get(*place)?.fill(head, env).map(Cow::Owned),
        };
        let mut edits = self.request.edits(
            &head.headers,
            |wanted| value(wanted, &self.request.templates),
            || env.metrics.count(Unmade::INVALID),
        );
        let target = self.query.target(
            head.target(),
            |when| when.applies(&head.headers),
            |wanted| value(wanted, &self.query.templates),
        );
        edits.extend(target.map(Edit::Target));
        let made = self.response.templates.iter().map(|template| template.fill(head, env));
        Step::Continue { edits, carry: Made(made.collect()), decision: "passed" }
    }

    fn on_response<'p>(&'p self, Made(made): Made, head: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        // Interim responses come before the real one, and 101 hands the connection over (RFC 9110
        // sections 15.2 and 7.8). Rules that do not look are carried out all the same, also where
        // the status was read for others.
        if self.response.look() && status(&head.headers).is_some_and(|status| status < 200) {
            return Vec::new();
        }
        let value = |value: &'p Value| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Made(place) => made.get(*place)?.clone().map(Cow::Owned),
        };
        // Nothing is counted on responses.
        self.response.edits(&head.headers, value, || {})
    }
}
