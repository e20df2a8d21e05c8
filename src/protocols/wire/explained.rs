use std::fmt::Display;
use std::ops::Range;

/// A frame taken apart for somebody who wants to see what each of its bytes is for.
///
/// It is built from a decoded frame, field by field in the order in which they lie on the wire, so a codec that nobody looks
/// at does not pay for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The frame's name in its document.
    pub name: String,
    /// Its fields, one behind the other, without a gap.
    pub fields: Vec<Field>,
}

/// Some bytes of a frame and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What they are.
    pub name: String,
    /// Where they are in the frame.
    pub range: Range<usize>,
    /// What they say.
    pub value: String,
    /// They are not to be shown.
    pub is_secret: bool,
}

impl Explained {
    /// A frame that begins with an opcode of one byte.
    pub fn new(name: &str, opcode: i8) -> Explained {
        Explained::bare(name).field("opcode", 1, opcode)
    }

    /// A frame without any field yet.
    pub fn bare(name: &str) -> Explained {
        Explained {
            name: name.to_owned(),
            fields: Vec::new(),
        }
    }

    /// Two bytes, signed.
    pub fn int16(self, name: &str, value: i16) -> Explained {
        self.field(name, 2, value)
    }

    /// Four bytes, signed.
    pub fn int32(self, name: &str, value: i32) -> Explained {
        self.field(name, 4, value)
    }

    /// Eight bytes, signed.
    pub fn int64(self, name: &str, value: i64) -> Explained {
        self.field(name, 8, value)
    }

    /// UTF-8 behind a length of four bytes: two fields.
    pub fn text32(self, name: &str, text: &str) -> Explained {
        self.field(&format!("length of {name}"), 4, text.len())
            .field(name, text.len(), format_args!("{text:?}"))
    }

    /// The same, when not even its bytes are to be shown.
    pub fn secret32(self, name: &str, text: &str) -> Explained {
        let mut explained = self
            .field(&format!("length of {name}"), 4, text.len())
            .field(name, text.len(), "(not shown)");
        if let Some(field) = explained.fields.last_mut() {
            field.is_secret = true;
        }
        explained
    }

    /// The same behind a length of two bytes.
    pub fn text16(self, name: &str, text: &str) -> Explained {
        self.field(&format!("length of {name}"), 2, text.len())
            .field(name, text.len(), format_args!("{text:?}"))
    }

    /// So many bytes more, whatever their kind is.
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

    /// The length of the frame, in bytes.
    pub fn length(&self) -> usize {
        self.fields.last().map_or(0, |field| field.range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_one_behind_the_other() {
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
