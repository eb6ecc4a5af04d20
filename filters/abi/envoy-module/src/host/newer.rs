//! Callbacks that some supported Envoys lack. They are looked up by name, once.

use std::{
    ffi::{CStr, c_char, c_void},
    sync::OnceLock,
};

use super::abi::{Buffer, Line};

type ConfigCallout =
    unsafe extern "C" fn(*mut c_void, *mut u64, Buffer, *const Line, usize, Buffer, u64) -> u32;
type ConfigMetric = unsafe extern "C" fn(*mut c_void, usize, *const Buffer, usize, u64) -> u32;

/// The callbacks. `None` if the running Envoy is older than the callback.
#[derive(Clone, Copy, Default)]
pub(crate) struct Newer {
    /// 1.38: whether Envoy only validates a configuration.
    pub(super) is_validation_mode: Option<unsafe extern "C" fn() -> bool>,
    /// 1.38: the name of the cluster of a stream's route.
    pub(super) cluster_name: Option<unsafe extern "C" fn(*mut c_void, *mut Buffer) -> bool>,
    /// 1.38: an HTTP request of a configuration.
    pub(super) config_callout: Option<ConfigCallout>,
    /// 1.39: adds to a counter outside a request.
    pub(super) config_increment: Option<ConfigMetric>,
    /// 1.39: sets a gauge outside a request.
    pub(super) config_set_gauge: Option<ConfigMetric>,
    /// 1.40: present or not. The module does not call it.
    pub(super) is_1_40: bool,
}

unsafe extern "C" {
    /// POSIX. A null handle searches Envoy's own symbols.
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// The version that [`Newer`] identifies, as `envoy_dynamic_module_on_program_init` returns it.
/// Envoy 1.37 refuses any other. Later ones warn.
pub(crate) fn abi_version(newer: &Newer) -> &'static CStr {
    if newer.is_1_40 {
        c"v0.2.0"
    } else if newer.is_validation_mode.is_some() {
        c"v0.1.0"
    } else {
        c"4dae397a7c9ff0238d318d57ea656ce8b3fbff595787dcd7ee2ff5b79c9fe10f"
    }
}

/// The callbacks of the running Envoy.
pub(crate) fn newer() -> &'static Newer {
    static NEWER: OnceLock<Newer> = OnceLock::new();
    NEWER.get_or_init(|| {
        // SAFETY: each type is the callback's declaration in all Envoys that have it.
        unsafe {
            Newer {
                is_validation_mode: function(c"envoy_dynamic_module_callback_is_validation_mode"),
                cluster_name: function(c"envoy_dynamic_module_callback_http_get_cluster_name"),
                config_callout: function(
                    c"envoy_dynamic_module_callback_http_filter_config_http_callout",
                ),
                config_increment: function(
                    c"envoy_dynamic_module_callback_http_filter_config_increment_counter",
                ),
                config_set_gauge: function(
                    c"envoy_dynamic_module_callback_http_filter_config_set_gauge",
                ),
                is_1_40: has(c"envoy_dynamic_module_callback_log_v2"),
            }
        }
    })
}

fn has(name: &CStr) -> bool {
    // SAFETY: `name` is a C string, and a null handle is allowed.
    unsafe { !dlsym(std::ptr::null_mut(), name.as_ptr()).is_null() }
}

/// The function called `name`.
///
/// # Safety
/// `F` must be a function pointer of the type of that function.
unsafe fn function<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: `name` is a C string, and a null handle is allowed.
    let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
    // SAFETY: on POSIX a function pointer has the form of a data pointer. The caller vouches for the
    // type. A null pointer does not become a function.
    (!found.is_null()).then(|| unsafe { std::mem::transmute_copy::<*mut c_void, F>(&found) })
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn no() -> bool {
        false
    }

    #[test]
    fn version_is_that_of_the_running_envoy() {
        let version = |newer: &Newer| abi_version(newer).to_str().unwrap();
        let mut newer = Newer::default();
        assert!(version(&newer).starts_with("4dae397a"));
        newer.is_validation_mode = Some(no);
        assert_eq!(version(&newer), "v0.1.0");
        newer.is_1_40 = true;
        assert_eq!(version(&newer), "v0.2.0");
    }

    #[test]
    fn lookup_finds_functions_of_the_process_only() {
        assert!(has(c"malloc"));
        assert!(!has(c"envoy_dynamic_module_callback_of_the_future"));
        // SAFETY: `getpid` has this type.
        let getpid = unsafe { function::<unsafe extern "C" fn() -> i32>(c"getpid") }.unwrap();
        // SAFETY: `getpid` has no preconditions.
        assert_eq!(u32::try_from(unsafe { getpid() }), Ok(std::process::id()));
    }
}
