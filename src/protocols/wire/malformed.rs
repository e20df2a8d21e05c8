use std::fmt;

/// Bytes that cannot become a frame of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// No packet has this opcode.
    UnknownOpcode(i8),
    /// The packet exists, but only the other side may send it.
    WrongSide {
        /// Its name in the document.
        packet: &'static str,
    },
    /// A length below zero.
    NegativeLength {
        /// The field whose length it is.
        field: &'static str,
        /// The length as it came.
        length: i64,
    },
    /// A length above the field's limit; known from the prefix, before any of the payload is kept.
    TooLong {
        /// The field whose length it is.
        field: &'static str,
        /// The length as it came, in bytes.
        length: i64,
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// A variable-length number of more than five bytes, or above 2^31-1.
    VarInt {
        /// The field that it is, or whose length.
        field: &'static str,
    },
    /// A packet whose fields do not fill it, or do not fit into it.
    WrongLength {
        /// Its name in the document.
        packet: &'static str,
        /// The length as it came, in bytes.
        length: u32,
    },
    /// A code that stands for nothing.
    UnknownCode {
        /// The field that it is.
        field: &'static str,
        /// The code as it came.
        code: i16,
    },
    /// Text that is not UTF-8.
    NotUtf8 {
        /// The field whose text it is.
        field: &'static str,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::UnknownOpcode(opcode) => write!(f, "no packet has the opcode {opcode}"),
            Malformed::WrongSide { packet } => {
                write!(f, "{packet} may only be sent by the other side")
            }
            Malformed::NegativeLength { field, length } => {
                write!(f, "the length of {field} is {length}, below zero")
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
                "the variable-length number of {field} takes more than five bytes or is above 2^31-1"
            ),
            Malformed::WrongLength { packet, length } => {
                write!(
                    f,
                    "{packet} with a length of {length} bytes does not hold its fields exactly"
                )
            }
            Malformed::UnknownCode { field, code } => {
                write!(f, "{field} is {code}, which stands for nothing")
            }
            Malformed::NotUtf8 { field } => write!(f, "{field} is not UTF-8"),
        }
    }
}

impl std::error::Error for Malformed {}
