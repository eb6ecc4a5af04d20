//! Runs the real Envoy and Traefik as child processes in front of a stand-in for novasphere-api,
//! and sends requests to them.

pub mod chain;
pub mod client;
pub mod clock;
pub mod envoy;
pub mod gateway;
pub mod latin1;
pub mod loopback;
pub mod paths;
pub mod standin;
pub mod startup;
pub mod token;
pub mod traefik;
pub mod version;
pub mod wait;
