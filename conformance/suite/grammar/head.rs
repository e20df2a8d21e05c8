//! The head of a frame: what comes before the fields of every packet.

use super::{IntType, Value};

/// What every frame begins with, in the order of its bytes: constants, the opcode and perhaps a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The parts in order. Exactly one is the opcode; at most one is a length.
    pub parts: Vec<HeadPart>,
}

/// One part of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadPart {
    /// Bytes that are the same in every frame, such as a version.
    Constant(Constant),
    /// The number of the packet.
    Opcode(IntType),
    /// The length of the frame.
    Length {
        /// The type of the length.
        int: IntType,
        /// What the length field counts.
        counts: Counts,
    },
}

/// Bytes that are the same in every frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// The name in reports, such as `version`.
    pub name: String,
    /// The value, as it is written in wire.kdl.
    pub value: Value,
    /// The type of the value, if it is a number.
    pub int: Option<IntType>,
    /// The bytes of the value.
    pub bytes: Vec<u8>,
}

/// The bytes that the length field of a frame counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The fields: everything after the head.
    Payload,
    /// Everything after the length field.
    Rest,
    /// The whole frame.
    Frame,
}

impl Counts {
    /// The words for these values in wire.kdl.
    pub const NAMED: [(&'static str, Counts); 3] = [
        ("payload", Counts::Payload),
        ("rest", Counts::Rest),
        ("frame", Counts::Frame),
    ];
}

/// A head with only an opcode of one byte.
impl Default for Head {
    fn default() -> Head {
        Head::of(None, IntType::default())
    }
}

impl Head {
    /// Returns a head that consists only of an opcode, or of a length and then an opcode. The length field counts everything
    /// after itself.
    #[must_use]
    pub fn of(length: Option<IntType>, opcode: IntType) -> Head {
        let length = length.map(|int| HeadPart::Length {
            int,
            counts: Counts::Rest,
        });
        let parts = length.into_iter().chain([HeadPart::Opcode(opcode)]);
        Head {
            parts: parts.collect(),
        }
    }

    /// Returns the type of the opcode.
    #[must_use]
    pub fn opcode(&self) -> IntType {
        let opcode = self.parts.iter().find_map(|part| match part {
            HeadPart::Opcode(int) => Some(*int),
            _ => None,
        });
        opcode.unwrap_or_default()
    }

    /// Returns the type of the length, if frames have one.
    #[must_use]
    pub fn length(&self) -> Option<IntType> {
        self.parts.iter().find_map(|part| match part {
            HeadPart::Length { int, .. } => Some(*int),
            _ => None,
        })
    }

    /// Returns whether the opcode is the last part, so that the fields follow it.
    #[must_use]
    pub fn ends_with_the_opcode(&self) -> bool {
        matches!(self.parts.last(), Some(HeadPart::Opcode(_)))
    }

    /// Returns the same head, but its opcode has this type.
    #[must_use]
    pub(super) fn with_opcode(mut self, int: IntType) -> Head {
        for part in &mut self.parts {
            if let HeadPart::Opcode(opcode) = part {
                *opcode = int;
            }
        }
        self
    }

    /// Gives all integers the opposite byte order.
    pub(super) fn reverse(&mut self) {
        for part in &mut self.parts {
            match part {
                HeadPart::Opcode(int) | HeadPart::Length { int, .. } => *int = int.reversed(),
                HeadPart::Constant(constant) => {
                    if let (Some(int), Value::Int(number)) = (constant.int, &constant.value) {
                        constant.bytes = int.reversed().bytes(*number);
                        constant.int = Some(int.reversed());
                    }
                }
            }
        }
    }

    /// Returns the value of the length field, for a frame with this opcode and this payload; `None` if frames have no
    /// length.
    pub(super) fn length_around(&self, opcode: &[u8], payload: &[u8]) -> Option<i128> {
        let size = |part: &HeadPart| match part {
            HeadPart::Constant(constant) => constant.bytes.len(),
            HeadPart::Opcode(_) => opcode.len(),
            HeadPart::Length { int, .. } => int.width(),
        };
        let is_length = |part: &HeadPart| matches!(part, HeadPart::Length { .. });
        let at = self.parts.iter().position(is_length)?;
        let after: usize = self.parts.iter().skip(at + 1).map(size).sum();
        let head: usize = self.parts.iter().map(size).sum();
        let counted = match self.parts.get(at)? {
            HeadPart::Length { counts, .. } => match counts {
                Counts::Payload => payload.len(),
                Counts::Rest => after + payload.len(),
                Counts::Frame => head + payload.len(),
            },
            _ => return None,
        };
        i128::try_from(counted).ok()
    }

    /// Returns the frame with this opcode and this payload. If the length does not fit into its type, its high bits are
    /// lost.
    pub(super) fn around(&self, opcode: &[u8], payload: &[u8]) -> Vec<u8> {
        let length = self.length_around(opcode, payload).unwrap_or_default();
        let mut frame = Vec::new();
        for part in &self.parts {
            match part {
                HeadPart::Constant(constant) => frame.extend_from_slice(&constant.bytes),
                HeadPart::Opcode(_) => frame.extend_from_slice(opcode),
                HeadPart::Length { int, .. } => int.encode(length, &mut frame),
            }
        }
        frame.extend_from_slice(payload);
        frame
    }
}
