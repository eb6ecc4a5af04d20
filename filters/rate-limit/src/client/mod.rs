//! The client of a request: its address, its identity, and lists of clients.

mod address;
mod identity;
mod lists;

pub(crate) use self::{
    address::{AddressSource, ClientAddress, FORWARDED_FOR, Lookup},
    identity::{CREDENTIAL, ClientKey, Identity, NoClient, Part},
    lists::ClientList,
};
