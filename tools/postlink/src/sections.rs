//! The binary format of modules: sections and LEB128 numbers.

use anyhow::{Context, Result};

pub(crate) const CUSTOM: u8 = 0;
pub(crate) const TYPES: u8 = 1;
pub(crate) const FUNCTIONS: u8 = 3;
pub(crate) const EXPORTS: u8 = 7;
pub(crate) const CODE: u8 = 10;

/// Rewrites sections of a module. `change` gets the id and the content of each section and returns
/// the new content, or `None` to keep it.
///
/// # Errors
/// If `module` is not a WebAssembly module or `change` fails.
pub(crate) fn rewrite(
    module: &[u8],
    mut change: impl FnMut(u8, &[u8]) -> Result<Option<Vec<u8>>>,
) -> Result<Vec<u8>> {
    const HEADER: usize = 8;
    let (header, mut rest) = module.split_at_checked(HEADER).context("not a WebAssembly module")?;
    let mut changed = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after).context("a section has no size")?;
        let (section, after) = after.split_at_checked(size).context("a section ends early")?;
        rest = after;
        let new = change(*id, section)?;
        let content = new.as_deref().unwrap_or(section);
        changed.push(*id);
        push_number(&mut changed, u32::try_from(content.len())?);
        changed.extend_from_slice(content);
    }
    Ok(changed)
}

/// A byte of a LEB128 number that is not the last.
pub(crate) fn low(number: u32) -> u8 {
    high(number) | 0x80
}

/// The last byte of a LEB128 number.
#[allow(clippy::cast_possible_truncation)] // seven bits
pub(crate) fn high(number: u32) -> u8 {
    (number & 0x7f) as u8
}

/// Splits off a LEB128 number. Returns it and the remaining bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (shift, byte) in (0..u32::BITS).step_by(7).zip(bytes) {
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let size = usize::try_from(shift / 7).ok()?.saturating_add(1);
            return Some((number, bytes.get(size..)?));
        }
    }
    None
}

/// Appends a LEB128 number.
pub(crate) fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(low(number));
        number >>= 7;
    }
    bytes.push(high(number));
}
