//! Hooks without an effect, which Envoy requires. Bodies and trailers pass unchanged.

use super::{CONTINUE, EnvoyObject, ModuleObject};
use crate::host::{Buffer, Line};

/// Declares hooks that continue.
macro_rules! continuing {
    ($(fn $name:ident($($type:ty),*);)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name(_: EnvoyObject, _: ModuleObject, $(_: $type),*) -> u32 {
                CONTINUE
            }
        )*
    };
}

/// Declares hooks without a result.
macro_rules! ignored {
    ($(fn $name:ident($($type:ty),*);)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name(_: EnvoyObject, _: ModuleObject, $(_: $type),*) {}
        )*
    };
}

continuing! {
    fn envoy_dynamic_module_on_http_filter_request_body(bool);
    fn envoy_dynamic_module_on_http_filter_request_trailers();
    fn envoy_dynamic_module_on_http_filter_response_body(bool);
    fn envoy_dynamic_module_on_http_filter_response_trailers();
}

ignored! {
    fn envoy_dynamic_module_on_http_filter_stream_complete();
    fn envoy_dynamic_module_on_http_filter_http_stream_headers(u64, *const Line, usize, bool);
    fn envoy_dynamic_module_on_http_filter_http_stream_data(u64, *const Buffer, usize, bool);
    fn envoy_dynamic_module_on_http_filter_http_stream_trailers(u64, *const Line, usize);
    fn envoy_dynamic_module_on_http_filter_http_stream_complete(u64);
    fn envoy_dynamic_module_on_http_filter_http_stream_reset(u64, u32);
    fn envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark();
    fn envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark();
}
