//! Encodes values into bytes.

use std::fmt;

use super::uuid::bytes_of_uuid;
use super::wire::Layout;
use super::{PacketId, Sort, Value, Wire};

/// Why a type cannot carry a value. The reason is a sentence, because callers only show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl Wire {
    /// Returns the bytes of a whole packet. The limits of its fields (`max-bytes`, `min`) do not apply.
    ///
    /// # Errors
    ///
    /// Fails if a field's type cannot carry its value.
    pub fn encode(&self, packet: PacketId, values: &[Value]) -> Result<Vec<u8>, EncodeError> {
        let Some(known) = self.packets.get(packet.0) else {
            return refused(format!("no packet has the index {}", packet.0));
        };
        let (takes, given) = (known.fields.len(), values.len());
        if takes != given {
            return refused(format!("{} has {takes} fields, not {given}", known.name));
        }
        let mut out = self.opcode_number(known.opcode);
        for (field, value) in known.fields.iter().zip(values) {
            let tag = field.by.and_then(|index| values.get(index));
            self.encode_into(&field.type_name, tag, value, &mut out)?;
        }
        Ok(self.framed(out))
    }

    /// Returns the frame with this content (an opcode and what follows it). If frames of this protocol begin with a length,
    /// adds it.
    #[must_use]
    pub fn framed(&self, content: Vec<u8>) -> Vec<u8> {
        let Some(int) = self.frame_length else {
            return content;
        };
        let mut framed = Vec::new();
        let length = i128::try_from(content.len()).unwrap_or(i128::MAX);
        int.encode(length, &mut framed);
        framed.extend(content);
        framed
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

    /// Returns the bytes of a packet's opcode; no bytes if the id comes from another grammar.
    #[must_use]
    pub fn opcode(&self, packet: PacketId) -> Vec<u8> {
        let known = self.packets.get(packet.0);
        known.map_or_else(Vec::new, |known| self.opcode_number(known.opcode))
    }

    /// Returns the bytes of a number, encoded as an opcode. A number that does not fit loses its high bits; lint refuses such
    /// numbers.
    #[must_use]
    pub fn opcode_number(&self, number: i128) -> Vec<u8> {
        let mut out = Vec::new();
        self.opcode.encode(number, &mut out);
        out
    }

    /// Returns only the length prefix of a type, with this length. A number that does not fit loses its high bits; lint
    /// refuses such numbers. A type without a prefix gives no bytes.
    #[must_use]
    pub fn length_of(&self, type_name: &str, claims: i128) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(Layout::Text { length } | Layout::Bytes { length }) = self.types.get(type_name)
        {
            length.encode(claims, &mut out);
        }
        out
    }

    fn encode_into(
        &self,
        type_name: &str,
        tag: Option<&Value>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let Some(layout) = self.types.get(type_name) else {
            return refused(format!("this reading has no type {type_name}"));
        };
        let Some(layout) = layout.chosen_by(tag) else {
            return refused(format!(
                "{type_name} has no case for the value of the field that decides its form"
            ));
        };
        let (length, content) = match (layout, value) {
            (Layout::Int(int), Value::Int(number)) if int.carries(*number) => {
                int.encode(*number, out);
                return Ok(());
            }
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
                return Ok(());
            }
            (Layout::Sized { size }, Value::Bytes(bytes)) => {
                let given = bytes.len();
                if given != *size {
                    return refused(format!("{type_name} has {size} bytes, not {given}"));
                }
                out.extend_from_slice(bytes);
                return Ok(());
            }
            (Layout::Text { length }, Value::Text(text)) => (length, text.as_bytes()),
            (Layout::Bytes { length }, Value::Bytes(bytes)) => (length, bytes.as_slice()),
            _ => {
                let (takes, given) = (layout.sort(), Sort::of(value));
                return refused(format!("{type_name} takes {takes}, not {given}"));
            }
        };
        match i128::try_from(content.len()) {
            Ok(claims) if length.carries(claims) => length.encode(claims, out),
            _ => {
                let (bytes, max) = (content.len(), length.max());
                return refused(format!(
                    "{bytes} bytes do not fit into {type_name}, whose length is at most {max}"
                ));
            }
        }
        out.extend_from_slice(content);
        Ok(())
    }
}

fn refused<T>(why: String) -> Result<T, EncodeError> {
    Err(EncodeError(why))
}

impl Layout {
    fn sort(&self) -> Sort {
        match self {
            Layout::Int(_) => Sort::Int,
            Layout::Text { .. } | Layout::Uuid => Sort::Text,
            Layout::Bytes { .. } | Layout::Sized { .. } | Layout::OneOf { .. } => Sort::Bytes,
        }
    }
}
