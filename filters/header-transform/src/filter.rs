//! The policy: the rules for requests and those for responses.

use std::borrow::Cow;

use novasphere_core::{
    BuildContext, Decision, Env, Filter, HeaderInterest, HeaderMutation, RequestHead, ResponseHead,
};

use crate::{
    condition::status,
    config::Config,
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
    request_headers: HeaderInterest,
    response_headers: HeaderInterest,
}

/// What values for the response were made of the request, in the order of their templates; `None`
/// where one could not be made.
#[derive(Debug)]
pub struct Made(Vec<Option<Vec<u8>>>);

impl HeaderTransform {
    pub(crate) fn new(request: Rules, query: QueryRules, response: Rules) -> Self {
        let templates = request.templates.iter().chain(&query.templates).chain(&response.templates);
        let inputs = templates.flat_map(Template::inputs).filter_map(|input| input.reads());
        let target = (!query.is_empty()).then_some(":path");
        let lines = request.reads().chain(query.reads()).chain(target).chain(inputs);
        let request_headers = interest(request.whole, lines);
        let status = response.look().then_some(":status");
        let response_headers = interest(response.whole, response.reads().chain(status));
        Self { request, query, response, request_headers, response_headers }
    }
}

fn interest<'n>(whole: bool, names: impl Iterator<Item = &'n str>) -> HeaderInterest {
    if whole { HeaderInterest::All } else { HeaderInterest::named(names) }
}

impl Filter for HeaderTransform {
    const NAME: &'static str = "header-transform";
    const REASONS: &'static [&'static str] = &["passed"];
    const EVENTS: &'static [&'static str] = &[Unmade::MISSING, Unmade::INVALID];
    type Config = Config;
    type State = ();
    type Carry = Made;

    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self {
        config.into_filter(cx)
    }

    fn request_headers(&self) -> &HeaderInterest {
        &self.request_headers
    }

    fn response_headers(&self) -> &HeaderInterest {
        &self.response_headers
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        (): &mut (),
        env: &Env<'_>,
    ) -> Decision<'f, Made> {
        let value = |value: &'f Value, templates: &'f [Template]| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Made(place) => templates.get(*place)?.fill(head, env).map(Cow::Owned),
        };
        let mut mutations = self.request.mutations(
            &head.headers,
            |wanted| value(wanted, &self.request.templates),
            || env.metrics.count(Unmade::INVALID),
        );
        let target = self.query.target(
            head.target(),
            |when| when.applies(&head.headers),
            |wanted| value(wanted, &self.query.templates),
        );
        mutations.extend(target.map(HeaderMutation::Target));
        let made = self.response.templates.iter().map(|template| template.fill(head, env));
        Decision::Continue { mutations, carry: Made(made.collect()), reason: "passed" }
    }

    fn on_response<'f>(
        &'f self,
        Made(made): Made,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        // Interim responses come before the real one, and 101 hands the connection over (RFC 9110
        // sections 15.2 and 7.8). Rules that do not look are carried out all the same, also where
        // the status was read for others.
        if self.response.look() && status(&head.headers).is_some_and(|status| status < 200) {
            return Vec::new();
        }
        let value = |value: &'f Value| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Made(place) => made.get(*place)?.clone().map(Cow::Owned),
        };
        // Nothing is counted on responses.
        self.response.mutations(&head.headers, value, || {})
    }
}
