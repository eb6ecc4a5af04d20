//! Header values are bytes. As text, each character is one byte (ISO 8859-1).

pub use novasphere_cases::latin1::{bytes, text};
