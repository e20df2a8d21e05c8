use std::fmt;

/// Why bytes can never become a frame of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// No packet has this opcode.
    UnknownOpcode(i8),
    /// The packet exists, but only the other side (client or server) may send it.
    WrongSide {
        /// The packet's name in the document.
        packet: &'static str,
    },
    /// A negative length.
    NegativeLength {
        /// The field that the length belongs to.
        field: &'static str,
        /// The length that was received.
        length: i64,
    },
    /// A length above the field's limit. The length is sent before the field, so the frame is rejected before any bytes of
    /// the field are stored.
    TooLong {
        /// The field that the length belongs to.
        field: &'static str,
        /// The length that was received, in bytes.
        length: i64,
        /// The maximum length, in bytes.
        limit: usize,
    },
    /// A VarInt of more than five bytes, or above 2^31-1.
    VarInt {
        /// The field that the VarInt belongs to.
        field: &'static str,
    },
    /// A packet whose length does not match its fields.
    WrongLength {
        /// The packet's name in the document.
        packet: &'static str,
        /// The length that was received, in bytes.
        length: u32,
    },
    /// A code that the document does not define.
    UnknownCode {
        /// The field.
        field: &'static str,
        /// The code that was received.
        code: i16,
    },
    /// Text that is not UTF-8.
    NotUtf8 {
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::UnknownOpcode(opcode) => write!(f, "unknown opcode {opcode}"),
            Malformed::WrongSide { packet } => {
                write!(f, "{packet} must not be sent to this receiver")
            }
            Malformed::NegativeLength { field, length } => {
                write!(f, "the length of {field} is negative: {length}")
            }
            Malformed::TooLong {
                field,
                length,
                limit,
            } => write!(
                f,
                "the length of {field} is {length} bytes, above its limit of {limit}"
            ),
            Malformed::VarInt { field } => write!(
                f,
                "the VarInt of {field} has more than five bytes or is above 2^31-1"
            ),
            Malformed::WrongLength { packet, length } => {
                write!(
                    f,
                    "the length of {packet} is {length} bytes, which does not match its fields"
                )
            }
            Malformed::UnknownCode { field, code } => {
                write!(f, "unknown value of {field}: {code}")
            }
            Malformed::NotUtf8 { field } => write!(f, "{field} is not UTF-8"),
        }
    }
}

impl std::error::Error for Malformed {}
