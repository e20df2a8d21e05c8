use std::fmt::Display;
use std::ops::Range;

/// A frame that is split into its fields, with the meaning of each byte.
///
/// The protocol's code makes this value from a decoded frame, field by field, in the order in which the fields are sent.
/// This happens only when a user wants to see a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The frame's name in its document.
    pub name: String,
    /// The frame's fields in order, without gaps.
    pub fields: Vec<Field>,
}

/// Some bytes of a frame and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// The field's position in the frame.
    pub range: Range<usize>,
    /// The field's value.
    pub value: String,
    /// True when the bytes must not be shown.
    pub is_secret: bool,
}

impl Explained {
    /// Makes a frame whose first field is an opcode of one byte.
    pub fn new(name: &str, opcode: i8) -> Explained {
        Explained::bare(name).field("opcode", 1, opcode)
    }

    /// Makes a frame that has no fields yet.
    pub fn bare(name: &str) -> Explained {
        Explained {
            name: name.to_owned(),
            fields: Vec::new(),
        }
    }

    /// Adds a signed integer of two bytes.
    pub fn int16(self, name: &str, value: i16) -> Explained {
        self.field(name, 2, value)
    }

    /// Adds a signed integer of four bytes.
    pub fn int32(self, name: &str, value: i32) -> Explained {
        self.field(name, 4, value)
    }

    /// Adds a signed integer of eight bytes.
    pub fn int64(self, name: &str, value: i64) -> Explained {
        self.field(name, 8, value)
    }

    /// Adds two fields: a length field of four bytes, and a text.
    pub fn text32(self, name: &str, text: &str) -> Explained {
        self.field(&format!("length of {name}"), 4, text.len())
            .field(name, text.len(), format_args!("{text:?}"))
    }

    /// Adds two fields: a length field of four bytes, and a text whose bytes must not be shown.
    pub fn secret32(self, name: &str, text: &str) -> Explained {
        let mut explained = self
            .field(&format!("length of {name}"), 4, text.len())
            .field(name, text.len(), "(not shown)");
        if let Some(field) = explained.fields.last_mut() {
            field.is_secret = true;
        }
        explained
    }

    /// Adds two fields: a length field of two bytes, and a text.
    pub fn text16(self, name: &str, text: &str) -> Explained {
        self.field(&format!("length of {name}"), 2, text.len())
            .field(name, text.len(), format_args!("{text:?}"))
    }

    /// Adds a field of `length` bytes.
    pub fn field(mut self, name: &str, length: usize, value: impl Display) -> Explained {
        let start = self.length();
        self.fields.push(Field {
            name: name.to_owned(),
            range: start..start.saturating_add(length),
            value: value.to_string(),
            is_secret: false,
        });
        self
    }

    /// Returns the length of the frame, in bytes.
    pub fn length(&self) -> usize {
        self.fields.last().map_or(0, |field| field.range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_each_other_without_gaps() {
        let explained = Explained::new("MESSAGE", 3)
            .text32("login", "é")
            .int64("id", -1);
        let fields: Vec<_> = explained
            .fields
            .iter()
            .map(|field| (&*field.name, field.range.clone(), &*field.value))
            .collect();
        assert_eq!(
            fields,
            [
                ("opcode", 0..1, "3"),
                ("length of login", 1..5, "2"),
                ("login", 5..7, "\"é\""),
                ("id", 7..15, "-1"),
            ]
        );
        assert_eq!(explained.length(), 15);
    }
}
