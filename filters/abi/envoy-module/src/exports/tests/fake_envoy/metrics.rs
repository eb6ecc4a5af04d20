//! Metrics. Their numbers are the same in all configurations.

use std::{ffi::c_void, sync::Mutex};

use super::{owned, stream};
use crate::host::Buffer;

/// The names, by number.
static METRICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_config_define_counter(
    _config: *mut c_void,
    name: Buffer,
    _label_names: *const Buffer,
    _label_names_length: usize,
    id: *mut usize,
) -> u32 {
    let mut metrics = METRICS.lock().unwrap();
    metrics.push(String::from_utf8(owned(name)).unwrap());
    // SAFETY: the module passes a place for the number.
    unsafe { id.write(metrics.len()) }
    0
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_config_define_gauge(
    config: *mut c_void,
    name: Buffer,
    label_names: *const Buffer,
    label_names_length: usize,
    id: *mut usize,
) -> u32 {
    envoy_dynamic_module_callback_http_filter_config_define_counter(
        config,
        name,
        label_names,
        label_names_length,
        id,
    )
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_increment_counter(
    object: *mut c_void,
    id: usize,
    _label_values: *const Buffer,
    _label_values_length: usize,
    value: u64,
) -> u32 {
    let name = METRICS.lock().unwrap()[id - 1].clone();
    *stream(object).counts.borrow_mut().entry(name).or_default() += value;
    0
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_callback_http_filter_set_gauge(
    object: *mut c_void,
    id: usize,
    _label_values: *const Buffer,
    _label_values_length: usize,
    value: u64,
) -> u32 {
    let name = METRICS.lock().unwrap()[id - 1].clone();
    stream(object).counts.borrow_mut().insert(name, value);
    0
}
