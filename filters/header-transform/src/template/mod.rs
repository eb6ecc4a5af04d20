//! Values rendered from the request: `user-$(claims.user | none)`.

mod render;
mod text;
mod variable;

pub(crate) use self::{
    render::{Destination, Template, Value, compile},
    text::{InvalidTemplate, ValueText},
};
