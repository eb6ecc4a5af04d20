//! Clients that send given bytes unchanged, and return responses unchanged.

mod events;
mod extended_connect;
mod grpc;
mod http1;
mod message;
mod websocket;

pub use events::{Event, EventStream};
pub use extended_connect::open_websocket;
pub use grpc::{Call, Outcome};
pub use http1::{Connection, send};
pub use message::{Framing, HOST, Head, Request, Response};
pub use websocket::Console;
