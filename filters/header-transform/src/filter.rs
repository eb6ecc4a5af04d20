//! The filter: rules for requests and rules for responses.

use std::borrow::Cow;

use novasphere_core::{
    BuildContext, Decision, Env, FieldHints, Filter, HeaderInterest, HeaderMutation, LocalResponse,
    RequestHead, ResponseHead,
};

use crate::{
    build,
    config::Config,
    decision::Reason,
    field_hints::FIELD_HINTS,
    metrics::Event,
    protected_headers::{belongs_to_refusal, may_be_added_to_refusal},
    rules::{FIRST_REFUSAL, Rules, status},
    template::{Template, Value},
};

/// The configured header-transform filter.
#[derive(Clone, Debug)]
pub struct HeaderTransform {
    rules: Rules,
    request_headers: HeaderInterest,
    response_headers: HeaderInterest,
    /// Whether the rules for responses depend on the response.
    reads_response: bool,
}

/// The values for the response, rendered from the request, in the order of their templates. `None`
/// for a value that could not be rendered.
#[derive(Debug)]
pub struct Rendered(Vec<Option<Vec<u8>>>);

impl Filter for HeaderTransform {
    const NAME: &'static str = "header-transform";
    const REASONS: &'static [&'static str] = Reason::NAMES;
    const EVENTS: &'static [&'static str] = Event::NAMES;
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = &[("", FIELD_HINTS)];
    type Config = Config;
    type State = ();
    type Carry = Rendered;

    #[cold]
    fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
        Self::new(build::build(config, cx))
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
    ) -> Decision<'f, Rendered> {
        let Rules { request, query, response, .. } = &self.rules;
        let value = |value: &'f Value, templates: &'f [Template]| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Template(index) => {
                templates.get(*index)?.render_or_count(head, env).map(Cow::Owned)
            }
        };
        let mut mutations = request.mutations(
            &head.headers,
            |wanted| value(wanted, &request.templates),
            || env.metrics.count(Event::ValueInvalid.name()),
        );
        if !query.is_empty() {
            let target = query.target(
                head.target(),
                |condition| condition.applies(&head.headers),
                |wanted| value(wanted, &query.templates),
            );
            mutations.extend(target.map(HeaderMutation::Target));
        }
        let rendered =
            response.templates.iter().map(|template| template.render_or_count(head, env));
        Decision::Continue {
            mutations,
            carry: Rendered(rendered.collect()),
            reason: Reason::Passed.name(),
        }
    }

    fn on_response<'f>(
        &'f self,
        Rendered(rendered): Rendered,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let rules = &self.rules.response;
        // Interim responses precede the final one, and 101 hands the connection over (RFC 9110
        // sections 15.2 and 7.8). Rules that do not depend on the message apply in any case, even if
        // the status was read for another filter.
        if self.reads_response && status(&head.headers).is_some_and(|status| status < 200) {
            return Vec::new();
        }
        let value = |value: &'f Value| match value {
            Value::Fixed(value) => Some(Cow::Borrowed(value.as_slice())),
            Value::Template(index) => rendered.get(*index)?.clone().map(Cow::Owned),
        };
        // Responses count no events.
        rules.mutations(&head.headers, value, || {})
    }

    /// Applies the rules for refusals, wherever the refusing filter is in the chain. A refusal before
    /// this filter has its values rendered here.
    fn on_local_response<'f>(
        &'f self,
        carry: Option<Rendered>,
        request: &RequestHead<'_>,
        env: &Env<'_>,
        response: &mut LocalResponse<'f>,
    ) {
        if response.status < FIRST_REFUSAL {
            return;
        }
        let Rules { response: all, refusals, .. } = &self.rules;
        let value = |value: &'f Value| match (value, &carry) {
            (Value::Fixed(value), _) => Some(Cow::Borrowed(value.as_slice())),
            (Value::Template(index), Some(Rendered(rendered))) => {
                rendered.get(*index)?.clone().map(Cow::Owned)
            }
            (Value::Template(index), None) => {
                all.templates.get(*index)?.render_or_count(request, env).map(Cow::Owned)
            }
        };
        response.mutate(|head| {
            let mut mutations = refusals.mutations(&head.headers, value, || {});
            mutations.retain(may_change_refusal);
            mutations
        });
    }
}

impl HeaderTransform {
    #[cold]
    fn new(rules: Rules) -> Self {
        let Rules { request, query, response, .. } = &rules;
        let variables: Vec<_> = rules.templates().flat_map(Template::variables).collect();
        let reads_all = request.reads_all() || variables.iter().any(|v| v.reads_all());
        let variables = variables.into_iter().filter_map(|v| v.header());
        let target = (!query.is_empty()).then_some(":path");
        let names = request.headers().chain(query.headers()).chain(target).chain(variables);
        let request_headers = interest(reads_all, names);
        let reads_response = response.depends_on_message();
        let status = reads_response.then_some(":status");
        let response_headers = interest(response.reads_all(), response.headers().chain(status));
        Self { rules, request_headers, response_headers, reads_response }
    }

    /// The request headers whose values the rules copy: headers in templates and the old names of
    /// `rename`. Templates for responses are included, because they use the request's values.
    pub fn copied_headers(&self) -> impl Iterator<Item = &str> {
        let variables = self.rules.templates().flat_map(Template::variables);
        variables.filter_map(|variable| variable.header()).chain(self.rules.request.renamed())
    }
}

/// Patterns and `allow` do not name the headers that they remove.
fn may_change_refusal(mutation: &HeaderMutation<'_>) -> bool {
    match mutation {
        HeaderMutation::Add(name, _) => may_be_added_to_refusal(name.as_str()),
        other => !belongs_to_refusal(other.name()),
    }
}

fn interest<'n>(reads_all: bool, names: impl Iterator<Item = &'n str>) -> HeaderInterest {
    if reads_all { HeaderInterest::All } else { HeaderInterest::named(names) }
}
