//! The binary form of modules: sections, and numbers in LEB128.

use anyhow::{Context, Result};

pub(crate) const TYPES: u8 = 1;
pub(crate) const FUNCTIONS: u8 = 3;
pub(crate) const EXPORTS: u8 = 7;
pub(crate) const CODE: u8 = 10;

/// The module with other content in some sections: what `change` makes of a section's id and
/// content, `None` to leave it as it is.
///
/// # Errors
/// When it is no module, or `change` fails.
pub(crate) fn rewrite(
    module: &[u8],
    mut change: impl FnMut(u8, &[u8]) -> Result<Option<Vec<u8>>>,
) -> Result<Vec<u8>> {
    const HEADER: usize = 8;
    let (header, mut rest) = module.split_at_checked(HEADER).context("no module")?;
    let mut changed = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after).context("no section")?;
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

/// A byte of a number with more to come, and the last one.
pub(crate) fn low(number: u32) -> u8 {
    high(number) | 0x80
}

#[allow(clippy::cast_possible_truncation)] // seven bits
pub(crate) fn high(number: u32) -> u8 {
    (number & 0x7f) as u8
}

/// A number in LEB128, and what follows it.
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

/// Writes it.
pub(crate) fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(low(number));
        number >>= 7;
    }
    bytes.push(high(number));
}
