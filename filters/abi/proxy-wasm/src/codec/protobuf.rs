//! The fields of protobuf messages, in the wire types that hosts use.

/// A field of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field<'b> {
    pub(crate) number: u64,
    pub(crate) payload: Payload<'b>,
}

/// The payload of a field, by wire type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payload<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
}

/// The fields of a message. An invalid field ends the iteration with `None`.
pub(crate) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Option<Field<'_>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let field = next_field(&mut bytes);
        if field.is_none() {
            bytes = &[];
        }
        Some(field)
    })
}

fn next_field<'b>(bytes: &mut &'b [u8]) -> Option<Field<'b>> {
    let tag = varint(bytes)?;
    let payload = match tag & 7 {
        0 => Payload::Varint(varint(bytes)?),
        1 => {
            let (number, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Payload::Fixed64(u64::from_le_bytes(*number))
        }
        2 => {
            let size = usize::try_from(varint(bytes)?).ok()?;
            let (content, rest) = bytes.split_at_checked(size)?;
            *bytes = rest;
            Payload::Bytes(content)
        }
        _ => return None,
    };
    Some(Field { number: tag >> 3, payload })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Appends a field of bytes.
pub(crate) fn push_bytes(message: &mut Vec<u8>, number: u8, content: &[u8]) {
    message.push((number << 3) | 2);
    let mut size = content.len();
    while size > 0x7f {
        message.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    message.push(size as u8);
    message.extend(content);
}
