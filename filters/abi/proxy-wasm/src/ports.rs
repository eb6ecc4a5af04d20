//! What a policy may ask of the host.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use novasphere_core::{
    Attributes, Cas, Clock, Connection, Hash, Host, Random, SharedData, SharedDataError, UnixTime,
    Verify, Written, parse_source_address,
};

use crate::{
    hostcalls::{self, Status},
    log,
    nginx::{self, seed, zone::Zone},
    verify_signature,
};

/// The proxy this module runs in.
pub(crate) struct Proxy {
    /// The filter's name, for the log.
    pub(crate) filter: &'static str,
    /// Whether the host is on nginx, which traps at every foreign function, and at resuming a
    /// request in another's name.
    pub(crate) is_nginx: bool,
    pub(crate) zone: Zone,
    pub(crate) time: Cell<Time>,
}

/// The time as the host tells it.
#[derive(Clone, Copy, Default)]
pub(crate) enum Time {
    /// It goes on.
    #[default]
    Runs,
    /// It stands still from when it is first asked for: a policy is being called.
    Stands(Option<UnixTime>),
}

impl Proxy {
    /// Finds out, in a root context, what kind of proxy this is.
    pub(crate) fn identify(filter: &'static str) -> Self {
        Self { filter, is_nginx: nginx::detect(), zone: Zone::default(), time: Cell::default() }
    }
}

impl Host for Proxy {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn variable_remedy(&self, name: &str) -> String {
        if self.is_nginx {
            return format!(
                "set {name} in the proxy's environment and pass it on with \
                 nginx_main_env = {name} in kong.conf"
            );
        }
        format!(
            "set {name} in the proxy's environment and list it in the filter's \
             vm_config.environment_variables.host_env_keys"
        )
    }

    fn passes_attributes(&self) -> bool {
        !self.is_nginx
    }

    fn warn(&self, message: &str) {
        log::warn(self.filter, format_args!("{message}"));
    }
}

impl Clock for Proxy {
    fn now(&self) -> UnixTime {
        if let Time::Stands(Some(now)) = self.time.get() {
            return now;
        }
        let now = UnixTime { millis: hostcalls::now() / 1_000_000 };
        if matches!(self.time.get(), Time::Stands(None)) {
            self.time.set(Time::Stands(Some(now)));
        }
        now
    }
}

impl Random for Proxy {
    fn bytes(&self) -> [u8; 16] {
        if self.is_nginx {
            return seed::bytes();
        }
        // RandomState is keyed by the host's random_get (WASI).
        let half = |n: u8| RandomState::new().hash_one(n).to_le_bytes();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(half(0).into_iter().chain(half(1))).for_each(|(b, r)| *b = r);
        bytes
    }
}

impl Connection for Proxy {
    fn client_address(&self) -> Option<IpAddr> {
        parse_source_address(&hostcalls::property(b"source\0address").ok()?)
    }

    fn service(&self) -> Option<Vec<u8>> {
        let path: &[u8] = if self.is_nginx { b"kong\0service_name" } else { b"xds\0cluster_name" };
        hostcalls::property(path).ok().filter(|name| !name.is_empty())
    }

    fn route(&self) -> Option<Vec<u8>> {
        let path: &[u8] = if self.is_nginx { b"kong\0route_name" } else { b"xds\0route_name" };
        hostcalls::property(path).ok().filter(|name| !name.is_empty())
    }
}

impl Attributes for Proxy {
    /// On Envoy the name becomes the filter state `wasm.<name>`. Hosts without such a thing refuse
    /// the call, and nothing hangs on it.
    fn set(&self, name: &str, value: &[u8]) {
        let _ = hostcalls::set_property(name.as_bytes(), value);
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        hostcalls::property(format!("filter_state\0wasm.{name}").as_bytes()).ok()
    }
}

/// Creates a key only if it is missing. With 0 Envoy would overwrite, and two first requests of one
/// client would both count as the first; on nginx it is the one number that creates.
const CREATE: u32 = u32::MAX;
const CREATE_ON_NGINX: u32 = 0;

impl SharedData for Proxy {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        if self.is_nginx {
            self.zone.look(self.filter);
        }
        let read = hostcalls::shared_data(key);
        self.zone.found();
        match read {
            Ok((value, cas)) => Ok(Some((value, Cas(cas)))),
            Err(Status::NOT_FOUND) => Ok(None),
            Err(Status(status)) => Err(SharedDataError::Host(status)),
        }
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        let create = if self.is_nginx { CREATE_ON_NGINX } else { CREATE };
        let cas = seen.map_or(create, |version| version.0);
        match hostcalls::set_shared_data(key, value, cas) {
            Ok(()) => Ok(Written::Done),
            Err(Status::CAS_MISMATCH) => Ok(Written::CasMismatch),
            Err(Status(status)) => Err(SharedDataError::Host(status)),
        }
    }
}

impl Verify for Proxy {
    fn verify(
        &self,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        if self.is_nginx {
            return None;
        }
        let arguments = verify_signature::arguments(hash, public_key, signature, message);
        let answer = hostcalls::foreign_function(verify_signature::NAME, &arguments).ok()?;
        verify_signature::verdict(&answer)
    }
}
