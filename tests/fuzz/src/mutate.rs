//! Changes to one part of a request.

use fastrand::Rng;

use crate::{dictionary, generate::pick, head::Head};

/// The longest value in bytes. Longer heads exceed the proxies' limits.
const LONG: usize = 20_000;

/// Applies one random change.
pub(crate) fn mutate(head: &mut Head, rng: &mut Rng) {
    match rng.u8(..12) {
        0 => mutate_line(head, rng, duplicate),
        1 => {
            let at = rng.usize(..=head.lines.len());
            let name = pick(rng, dictionary::NAMES).unwrap_or_default();
            let value = pick(rng, dictionary::VALUES).unwrap_or_default();
            head.lines.insert(at, (name.into(), value.into()));
        }
        2 => mutate_line(head, rng, |lines, at, _| drop(lines.remove(at))),
        3 => rng.shuffle(&mut head.lines),
        4 => mutate_line(head, rng, |lines, at, rng| {
            if let Some((name, _)) = lines.get_mut(at) {
                respell(name, rng);
            }
        }),
        5 => mutate_line(head, rng, |lines, at, rng| {
            if let Some((_, value)) = lines.get_mut(at) {
                let length = rng.usize(..LONG);
                value.resize(value.len().max(length), b'a');
            }
        }),
        6 => mutate_line(head, rng, |lines, at, rng| {
            if let Some((_, value)) = lines.get_mut(at) {
                let more = pick(rng, dictionary::VALUES).unwrap_or_default();
                let separator = pick(rng, &[",", ", ", " ", ";", "; "]).unwrap_or_default();
                value.extend_from_slice(&[separator.as_bytes(), more.as_bytes()].concat());
            }
        }),
        7 => change_byte(&mut head.target, rng),
        8 => change_byte(&mut head.method, rng),
        9 => {
            let more = pick(rng, dictionary::TARGETS).unwrap_or_default();
            head.target.extend_from_slice(more.as_bytes());
        }
        10 => mutate_line(head, rng, |lines, at, rng| {
            if let Some((name, _)) = lines.get_mut(at) {
                change_byte(name, rng);
            }
        }),
        _ => mutate_line(head, rng, |lines, at, rng| {
            if let Some((_, value)) = lines.get_mut(at) {
                change_byte(value, rng);
            }
        }),
    }
}

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

fn mutate_line(head: &mut Head, rng: &mut Rng, change: impl FnOnce(&mut Lines, usize, &mut Rng)) {
    if !head.lines.is_empty() {
        let at = rng.usize(..head.lines.len());
        change(&mut head.lines, at, rng);
    }
}

/// Repeats a line, with the same or another value, somewhere.
fn duplicate(lines: &mut Lines, at: usize, rng: &mut Rng) {
    let Some((name, mut value)) = lines.get(at).cloned() else { return };
    if rng.bool() {
        value = pick(rng, dictionary::VALUES).unwrap_or_default().into();
    }
    lines.insert(rng.usize(..=lines.len()), (name, value));
}

/// Changes the case of a letter, or a hyphen to another character.
fn respell(name: &mut [u8], rng: &mut Rng) {
    let at = rng.usize(..name.len().max(1));
    match name.get_mut(at) {
        Some(byte) if byte.is_ascii_alphabetic() => *byte ^= 0x20,
        Some(byte) => *byte = pick(rng, b"_.!~|'`+^$&#*%").unwrap_or(b'_'),
        None => {}
    }
}

/// Replaces, inserts or removes a byte.
fn change_byte(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..=bytes.len());
    let byte = if rng.bool() { rng.u8(..) } else { pick(rng, dictionary::BYTES).unwrap_or(0) };
    match (rng.u8(..3), bytes.get_mut(at)) {
        (0, Some(old)) => *old = byte,
        (1, Some(_)) => drop(bytes.remove(at)),
        _ => bytes.insert(at, byte),
    }
}
