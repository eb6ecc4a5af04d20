//! The harness: a stand-in for the novasphere-api upstream, real proxies as child processes, raw
//! clients, and cases as data that run natively and through the proxies.

pub mod cases;
pub mod chain;
pub mod client;
pub mod clock;
pub mod envoy;
pub mod gateway;
pub mod host;
pub mod key_server;
pub mod latin1;
pub mod loopback;
pub mod paths;
pub mod redis;
pub mod schema;
pub mod shipped;
pub mod standin;
pub mod streams;
pub mod test_key;
pub mod traefik;
pub mod wait;
