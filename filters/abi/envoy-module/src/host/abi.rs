//! Declarations of Envoy's callbacks. All have the same signature from Envoy 1.37 to 1.40. The
//! dynamic linker resolves them when Envoy loads the module. A callback of a newer Envoy does not
//! belong here, because an older one would refuse the module: see `newer`.

use std::ffi::c_void;

/// An object of Envoy.
pub(super) type Object = *mut c_void;

/// A header map of a stream. The values are the ABI's.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
}

/// A status of Envoy other than success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

/// The status for a callback that the running Envoy lacks. Envoy itself has no such status.
pub(crate) const TOO_OLD: Status = Status(u32::MAX);

impl Status {
    pub(super) fn check(status: u32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self(status)) }
    }
}

/// A buffer of Envoy or of the module.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) ptr: *const u8,
    pub(crate) length: usize,
}

/// A header line of Envoy or of the module.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) name: Buffer,
    pub(crate) value: Buffer,
}

impl Buffer {
    pub(crate) const EMPTY: Self = Self { ptr: std::ptr::null(), length: 0 };

    /// A buffer that Envoy reads only while `bytes` is borrowed.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), length: bytes.len() }
    }

    /// The bytes.
    ///
    /// # Safety
    /// The buffer must be empty, or point to bytes that live and do not change during `'b`.
    pub(crate) unsafe fn bytes<'b>(self) -> &'b [u8] {
        if self.ptr.is_null() || self.length == 0 {
            return &[];
        }
        // SAFETY: the caller vouches for the pointer and the length.
        unsafe { std::slice::from_raw_parts(self.ptr, self.length) }
    }
}

impl Line {
    pub(crate) fn of(name: &[u8], value: &[u8]) -> Self {
        Self { name: Buffer::of(name), value: Buffer::of(value) }
    }
}

unsafe extern "C" {
    pub(super) fn envoy_dynamic_module_callback_log(level: u32, message: Buffer);
    pub(super) fn envoy_dynamic_module_callback_http_get_headers_size(
        stream: *mut c_void,
        map: u32,
    ) -> usize;
    pub(super) fn envoy_dynamic_module_callback_http_get_headers(
        stream: *mut c_void,
        map: u32,
        lines: *mut Line,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_add_header(
        stream: *mut c_void,
        map: u32,
        name: Buffer,
        value: Buffer,
    ) -> bool;
    /// Removes the header if `value` is null.
    pub(super) fn envoy_dynamic_module_callback_http_set_header(
        stream: *mut c_void,
        map: u32,
        name: Buffer,
        value: Buffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_send_response(
        stream: *mut c_void,
        status: u32,
        headers: *const Line,
        headers_size: usize,
        body: Buffer,
        details: Buffer,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_continue_decoding(stream: *mut c_void);
    pub(super) fn envoy_dynamic_module_callback_http_clear_route_cache(stream: *mut c_void);
    pub(super) fn envoy_dynamic_module_callback_http_filter_get_attribute_string(
        stream: *mut c_void,
        attribute: u32,
        value: *mut Buffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_set_filter_state_bytes(
        stream: *mut c_void,
        key: Buffer,
        value: Buffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_get_filter_state_bytes(
        stream: *mut c_void,
        key: Buffer,
        value: *mut Buffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_filter_http_callout(
        stream: *mut c_void,
        id: *mut u64,
        cluster: Buffer,
        headers: *const Line,
        headers_size: usize,
        body: Buffer,
        timeout_ms: u64,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_define_counter(
        config: *mut c_void,
        name: Buffer,
        label_names: *const Buffer,
        label_names_length: usize,
        id: *mut usize,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_define_gauge(
        config: *mut c_void,
        name: Buffer,
        label_names: *const Buffer,
        label_names_length: usize,
        id: *mut usize,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_increment_counter(
        stream: *mut c_void,
        id: usize,
        label_values: *const Buffer,
        label_values_length: usize,
        value: u64,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_set_gauge(
        stream: *mut c_void,
        id: usize,
        label_values: *const Buffer,
        label_values_length: usize,
        value: u64,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_new(
        stream: *mut c_void,
    ) -> *mut c_void;
    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_commit(
        scheduler: *mut c_void,
        event: u64,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_delete(
        scheduler: *mut c_void,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_new(
        config: *mut c_void,
    ) -> *mut c_void;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_commit(
        scheduler: *mut c_void,
        event: u64,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_delete(
        scheduler: *mut c_void,
    );
}
