//! Kong 3.4 to 3.9: ngx_wasm_module in nginx.
//!
//! Each difference is in one place:
//!
//! - nginx skips a filter that rejects its configuration or traps while it is configured. So the
//!   adapter accepts every configuration, and responds with 500 if it is invalid;
//! - a removed request header still goes upstream, and setting a repeated header changes its first
//!   line only. `mutations` empties headers and rejects repeated ones;
//! - an empty header counts as removed. `head` hides it from filters;
//! - `:path` is decoded and `:authority` is the proxy's own. `head` restores the client's values;
//! - nginx accepts a target without a path, and Kong makes a path of its query. It also accepts a
//!   fragment, and drops it. `target` rejects both;
//! - `:path` is read-only. `target` rewrites the query of the upstream's URI;
//! - the host cuts header maps at 100 lines, and writes beyond its buffer. `head` counts first;
//! - the details of a local response become its reason phrase, and its body gets a newline.
//!   `local_response` omits the details;
//! - replacing a repeated response header removes it. `response` removes and adds;
//! - timers multiply, ignore a second period, and outlive their configuration. See `timer`;
//! - shared data needs a zone. Without one, reading and writing trap. See `zone`;
//! - random bytes come from the C library. See `seed`.
//!
//! Only a request's own callout can resume it, so requests never wait for a fetch. The adapter never
//! makes a callout in the response phase, calls a foreign function, or sends two local responses.

use novasphere_host_facts::kong as host_facts;

use super::Traits;

mod head;
mod local_response;
mod mutations;
mod request;
mod response;
mod root;
mod seed;
mod target;
mod timer;
mod zone;

pub(super) use self::{
    local_response::send as send_local_response,
    request::{RequestMap, content_type},
    response::{ResponseMap, mutate as mutate_response},
    root::Root,
};

pub(super) static TRAITS: Traits = Traits {
    pause: 1,
    resumes_paused_requests: false,
    reports_orphaned_callouts: false,
    skips_refused_filters: true,
    passes_attributes: host_facts::PASSES_ATTRIBUTES,
    single_line_headers: &host_facts::SINGLE_LINE_HEADERS,
    unremovable_headers: &host_facts::UNREMOVABLE_HEADERS,
    // Without a zone the call traps, and only a request shows whether there is one.
    shares_data_at_load: false,
    // A request cannot start the timer: setting a period in a stream context traps.
    batches_metrics: false,
    exact_bodies: false,
    rate_limited: None,
    create_cas: 0,
    service: b"kong\0service_name",
    route: b"kong\0route_name",
};

pub(super) fn can_read_callout_head(lines: usize) -> bool {
    head::fits(lines, head::CALLOUT)
}
