//! Encodes values into bytes.

use std::fmt;

use super::uuid::bytes_of_uuid;
use super::wire::Layout;
use super::{Extent, Field, IntType, PacketId, Side, Sort, Value, Wire};

/// Why a type cannot carry a value. The reason is a text for people, because callers only show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl Wire {
    /// Returns the bytes of a whole packet that the side `from` sends. The limits of its fields (`max-bytes`, `min`) do not
    /// apply.
    ///
    /// # Errors
    ///
    /// Fails if a field's type cannot carry its value, or if the frame is too long for the type of its length.
    pub fn encode(
        &self,
        from: Side,
        packet: PacketId,
        values: &[Value],
    ) -> Result<Vec<u8>, EncodeError> {
        let Some(known) = self.packets.get(packet.0) else {
            return refused(format!("no packet has the index {}", packet.0));
        };
        let (takes, given) = (known.fields.len(), values.len());
        if takes != given {
            return refused(format!(
                "the number of fields of {} is {takes}, not {given}",
                known.name
            ));
        }
        if let Some(why) = known.refusal(values) {
            return refused(format!("in {}, {why}", known.name));
        }
        let payload = self.payload(&known.fields, values)?;
        let opcode = self.opcode(from, packet);
        let length = self.head.length_around(&opcode, &payload);
        if let (Some(int), Some(length)) = (self.head.length(), length)
            && !int.carries(length)
        {
            let max = int.max();
            return refused(format!(
                "the frame would have the length {length}, but the maximum is {max}"
            ));
        }
        Ok(self.head.around(&opcode, &payload))
    }

    /// Returns the bytes of the fields that the packet has.
    fn payload(&self, fields: &[Field], values: &[Value]) -> Result<Vec<u8>, EncodeError> {
        let mut payload = Vec::new();
        for (index, (field, value)) in fields.iter().zip(values).enumerate() {
            match field.bits {
                _ if *value == Value::Absent => {}
                Some(bits) if bits.first == index => {
                    let whole = whole_of(fields, values, index)?;
                    bits.int.encode(whole, &mut payload);
                }
                Some(_) => {}
                None => {
                    let tag = field.by.and_then(|index| values.get(index));
                    self.encode_into(&field.type_name, tag, value, &mut payload)?;
                }
            }
        }
        Ok(payload)
    }

    /// Returns the frame with this opcode and this payload. The payload may be any bytes. If the length does not fit into
    /// its type, its high bits are lost.
    #[must_use]
    pub fn framed(&self, opcode: &[u8], payload: &[u8]) -> Vec<u8> {
        self.head.around(opcode, payload)
    }

    /// Returns the bytes of one value, encoded as a type of wire.kdl. The limits of fields do not apply.
    ///
    /// # Errors
    ///
    /// Fails if the type cannot carry the value.
    pub fn encode_typed(&self, type_name: &str, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        self.encode_into(type_name, None, value, &mut out)?;
        Ok(out)
    }

    /// Returns the bytes of a packet's opcode, as this side sends it. For a packet that this side never sends, returns the
    /// opcode that the other side sends. For an id of another grammar, returns no bytes.
    #[must_use]
    pub fn opcode(&self, from: Side, packet: PacketId) -> Vec<u8> {
        let known = self.packets.get(packet.0);
        let number = known.and_then(|known| known.opcodes.preferred(from));
        number.map_or_else(Vec::new, |number| self.opcode_number(number))
    }

    /// Returns the bytes of a number, encoded as an opcode. If the number does not fit into the type, its high bits are
    /// lost; lint refuses such numbers.
    #[must_use]
    pub fn opcode_number(&self, number: i128) -> Vec<u8> {
        self.head.opcode().bytes(number)
    }

    /// Returns the bytes of a number, encoded as the length of a frame. If the number does not fit into the type, its high
    /// bits are lost; lint refuses such numbers. If frames have no length, returns no bytes.
    #[must_use]
    pub fn frame_length(&self, claims: i128) -> Vec<u8> {
        let length = self.head.length();
        length.map_or_else(Vec::new, |int| int.bytes(claims))
    }

    /// Returns only the length prefix of a type. Its value is `claims`: a number of bytes or, for a list, a number of
    /// values. If the number does not fit into the type, its high bits are lost; lint refuses such numbers. For a type
    /// without a prefix, returns no bytes.
    #[must_use]
    pub fn length_of(&self, type_name: &str, claims: i128) -> Vec<u8> {
        let prefix = self.prefix_type(type_name);
        prefix.map_or_else(Vec::new, |length| length.bytes(claims))
    }

    /// Returns the type of the length prefix of a type, if it has one.
    #[must_use]
    pub fn prefix_type(&self, type_name: &str) -> Option<IntType> {
        match self.types.get(type_name)? {
            Layout::Text(Extent::Counted { length })
            | Layout::Bytes(Extent::Counted { length }) => Some(*length),
            Layout::List { count, .. } => *count,
            _ => None,
        }
    }

    fn encode_into(
        &self,
        type_name: &str,
        tag: Option<&Value>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let Some(layout) = self.types.get(type_name) else {
            return refused(format!(
                "these choices of the readings do not define the type {type_name}"
            ));
        };
        let Some(layout) = layout.chosen_by(tag) else {
            return refused(format!(
                "{type_name} has no case for the value of the field that decides between its cases"
            ));
        };
        encode_as(layout, type_name, value, out)
    }
}

/// Returns the integer that several fields share. The first of these fields has the index `first`.
fn whole_of(fields: &[Field], values: &[Value], first: usize) -> Result<i128, EncodeError> {
    let mut whole = 0;
    for (field, value) in fields.iter().zip(values).skip(first) {
        let Some(bits) = field.bits.filter(|bits| bits.first == first) else {
            break;
        };
        let (int, name) = (IntType::part(bits.width), &field.name);
        match value {
            Value::Int(number) if int.carries(*number) => whole |= number << bits.shift,
            other => {
                let max = int.max();
                return refused(format!(
                    "{other} does not fit into {name}, which ranges from 0 to {max}"
                ));
            }
        }
    }
    Ok(whole)
}

/// Adds the bytes of a value to `out`. Errors mention the name of the type.
fn encode_as(
    layout: &Layout,
    type_name: &str,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    match (layout, value) {
        (Layout::Int(int), Value::Int(number)) if int.carries(*number) => int.encode(*number, out),
        (Layout::Int(int), Value::Int(number)) => {
            let (min, max) = (int.min(), int.max());
            return refused(format!(
                "{number} does not fit into {type_name}, which ranges from {min} to {max}"
            ));
        }
        (Layout::Uuid, Value::Text(text)) => {
            let Some(bytes) = bytes_of_uuid(text) else {
                return refused(format!("{type_name} takes a UUID, not {text:?}"));
            };
            out.extend(bytes);
        }
        (Layout::Text(extent), Value::Text(text)) => {
            return encode_run(extent, type_name, text.as_bytes(), out);
        }
        (Layout::Bytes(extent), Value::Bytes(bytes)) => {
            return encode_run(extent, type_name, bytes, out);
        }
        (Layout::List { of, count }, Value::List(items)) => {
            if let Some(int) = count {
                encode_count(*int, type_name, (items.len(), "values"), out)?;
            }
            for item in items {
                encode_as(of, type_name, item, out)?;
            }
        }
        _ => {
            let (takes, given) = (layout.sort(), Sort::of(value));
            return refused(format!("{type_name} takes {takes}, not {given}"));
        }
    }
    Ok(())
}

/// Adds a text or bytes to `out`, together with the length, padding or end bytes that their type demands.
fn encode_run(
    extent: &Extent<IntType>,
    type_name: &str,
    content: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if let Some(why) = extent.refusal(type_name, content) {
        return refused(why);
    }
    match extent {
        Extent::Counted { length } => {
            encode_count(*length, type_name, (content.len(), "bytes"), out)?;
            out.extend_from_slice(content);
        }
        Extent::Fixed { size, pad } => {
            out.extend_from_slice(content);
            let space = size.saturating_sub(content.len());
            out.extend(pad.iter().cycle().take(space));
        }
        Extent::Ended { by } => out.extend(content.iter().chain(by)),
        Extent::Rest => out.extend_from_slice(content),
    }
    Ok(())
}

/// Adds a length, or the number of values of a list, to `out`.
fn encode_count(
    int: IntType,
    type_name: &str,
    (number, what): (usize, &str),
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    match i128::try_from(number) {
        Ok(claims) if int.carries(claims) => int.encode(claims, out),
        _ => {
            let max = int.max();
            return refused(format!(
                "{number} {what} do not fit into {type_name}, whose length is at most {max}"
            ));
        }
    }
    Ok(())
}

fn refused<T>(why: String) -> Result<T, EncodeError> {
    Err(EncodeError(why))
}

impl Layout {
    fn sort(&self) -> Sort {
        match self {
            Layout::Int(_) => Sort::Int,
            Layout::Text(_) | Layout::Uuid => Sort::Text,
            Layout::Bytes(_) | Layout::OneOf { .. } => Sort::Bytes,
            Layout::List { .. } => Sort::List,
        }
    }
}
