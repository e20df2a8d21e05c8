//! Encodes values into bytes.

use std::fmt;

use super::uuid::bytes_of_uuid;
use super::wire::Layout;
use super::{PacketId, Sort, Value, Wire};

/// A value that a type cannot carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncodeError {
    /// The packet has a different number of fields.
    FieldCount {
        /// The packet's name.
        packet: String,
        /// The number of its fields.
        takes: usize,
        /// The number of values.
        given: usize,
    },
    /// The grammar has no packet with that id.
    UnknownPacket(PacketId),
    /// The grammar has no type with that name in this reading.
    UnknownType(String),
    /// The value has the wrong sort, such as text for a number.
    WrongSort {
        /// The type's name.
        type_name: String,
        /// The sort that the type takes.
        takes: Sort,
        /// The sort of the value.
        given: Sort,
    },
    /// The number does not fit into the integer.
    OutOfRange {
        /// The type's name.
        type_name: String,
        /// The number.
        number: i128,
        /// The smallest number that fits.
        min: i128,
        /// The largest number that fits.
        max: i128,
    },
    /// The text is not a UUID.
    NotUuid {
        /// The type's name.
        type_name: String,
        /// The text.
        text: String,
    },
    /// The value has more bytes than the length prefix can count.
    TooLong {
        /// The type's name.
        type_name: String,
        /// The number of its bytes.
        length: usize,
        /// The largest number that the prefix can count.
        max: i128,
    },
    /// The value does not have the type's number of bytes.
    WrongSize {
        /// The type's name.
        type_name: String,
        /// The type's number of bytes.
        size: usize,
        /// The value's number of bytes.
        given: usize,
    },
    /// The field that decides the layout has a value for which the type has no case.
    NoCase {
        /// The type's name.
        type_name: String,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::FieldCount {
                packet,
                takes,
                given,
            } => {
                write!(f, "{packet} has {takes} fields, not {given}")
            }
            EncodeError::UnknownPacket(id) => write!(f, "no packet has the index {}", id.0),
            EncodeError::UnknownType(name) => write!(f, "this reading has no type {name}"),
            EncodeError::WrongSort {
                type_name,
                takes,
                given,
            } => {
                write!(f, "{type_name} takes {takes}, not {given}")
            }
            EncodeError::OutOfRange {
                type_name,
                number,
                min,
                max,
            } => {
                write!(
                    f,
                    "{number} does not fit into {type_name}, which ranges from {min} to {max}"
                )
            }
            EncodeError::NotUuid { type_name, text } => {
                write!(f, "{type_name} takes a UUID, not {text:?}")
            }
            EncodeError::TooLong {
                type_name,
                length,
                max,
            } => {
                write!(
                    f,
                    "{length} bytes do not fit into {type_name}, whose length is at most {max}"
                )
            }
            EncodeError::WrongSize {
                type_name,
                size,
                given,
            } => write!(f, "{type_name} has {size} bytes, not {given}"),
            EncodeError::NoCase { type_name } => {
                write!(
                    f,
                    "{type_name} has no case for the value of the field that decides its form"
                )
            }
        }
    }
}

impl std::error::Error for EncodeError {}

impl Wire {
    /// Returns the bytes of a whole packet. Limits (`max-bytes`, `min`) are not applied.
    ///
    /// # Errors
    ///
    /// If a field's type cannot carry its value.
    pub fn encode(&self, packet: PacketId, values: &[Value]) -> Result<Vec<u8>, EncodeError> {
        let Some(known) = self.packets.get(packet.0) else {
            return Err(EncodeError::UnknownPacket(packet));
        };
        if known.fields.len() != values.len() {
            return Err(EncodeError::FieldCount {
                packet: known.name.clone(),
                takes: known.fields.len(),
                given: values.len(),
            });
        }
        let mut out = self.opcode_number(known.opcode);
        for (field, value) in known.fields.iter().zip(values) {
            let tag = field.by.and_then(|index| values.get(index));
            self.encode_into(&field.type_name, tag, value, &mut out)?;
        }
        Ok(self.framed(out))
    }

    /// Returns an opcode and what follows it, after their length where frames have one.
    #[must_use]
    pub fn framed(&self, content: Vec<u8>) -> Vec<u8> {
        let Some(int) = self.frame_length else {
            return content;
        };
        let mut framed = Vec::new();
        int.encode(
            i128::try_from(content.len()).unwrap_or(i128::MAX),
            &mut framed,
        );
        framed.extend(content);
        framed
    }

    /// Returns the bytes of one value as a type of wire.kdl. Limits are not applied.
    ///
    /// # Errors
    ///
    /// If the type cannot carry the value.
    pub fn encode_typed(&self, type_name: &str, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        self.encode_into(type_name, None, value, &mut out)?;
        Ok(out)
    }

    /// Returns the opcode of a packet; nothing for an id of another grammar.
    #[must_use]
    pub fn opcode(&self, packet: PacketId) -> Vec<u8> {
        self.packets
            .get(packet.0)
            .map(|known| self.opcode_number(known.opcode))
            .unwrap_or_default()
    }

    /// Returns a number as an opcode. One that does not fit (lint refuses it) loses its high bits.
    #[must_use]
    pub fn opcode_number(&self, number: i128) -> Vec<u8> {
        let mut out = Vec::new();
        self.opcode.encode(number, &mut out);
        out
    }

    /// Returns only the length prefix of a type, with any claimed length. A number that does not fit (lint refuses it)
    /// loses its high bits; a type without a prefix gives no bytes.
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
            return Err(EncodeError::UnknownType(type_name.to_owned()));
        };
        let Some(layout) = layout.chosen_by(tag) else {
            return Err(EncodeError::NoCase {
                type_name: type_name.to_owned(),
            });
        };
        let (length, content) = match (layout, value) {
            (Layout::Int(int), Value::Int(number)) => {
                if !int.carries(*number) {
                    return Err(EncodeError::OutOfRange {
                        type_name: type_name.to_owned(),
                        number: *number,
                        min: int.min(),
                        max: int.max(),
                    });
                }
                int.encode(*number, out);
                return Ok(());
            }
            (Layout::Uuid, Value::Text(text)) => {
                let bytes = bytes_of_uuid(text).ok_or_else(|| EncodeError::NotUuid {
                    type_name: type_name.to_owned(),
                    text: text.clone(),
                })?;
                out.extend(bytes);
                return Ok(());
            }
            (Layout::Sized { size }, Value::Bytes(bytes)) => {
                if bytes.len() != *size {
                    return Err(EncodeError::WrongSize {
                        type_name: type_name.to_owned(),
                        size: *size,
                        given: bytes.len(),
                    });
                }
                out.extend_from_slice(bytes);
                return Ok(());
            }
            (Layout::Text { length }, Value::Text(text)) => (length, text.as_bytes()),
            (Layout::Bytes { length }, Value::Bytes(bytes)) => (length, bytes.as_slice()),
            _ => {
                return Err(EncodeError::WrongSort {
                    type_name: type_name.to_owned(),
                    takes: layout.sort(),
                    given: Sort::of(value),
                });
            }
        };
        match i128::try_from(content.len()) {
            Ok(claims) if length.carries(claims) => length.encode(claims, out),
            _ => {
                return Err(EncodeError::TooLong {
                    type_name: type_name.to_owned(),
                    length: content.len(),
                    max: length.max(),
                });
            }
        }
        out.extend_from_slice(content);
        Ok(())
    }
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
