//! Bytes into frames.
//!
//! Nothing here allocates from a length that the wire claims: a length is compared with its limit and then with what is
//! there. Every sequence of bytes has an answer.

use super::wire::Layout;
use super::{Decoded, DecodedField, Field, Frame, IntType, Packet, PacketId, Side, Value, Wire};

impl Wire {
    /// What the front of `bytes`, sent by `from`, is: a frame, the beginning of one, or nothing that `from` may send.
    ///
    /// A mistake is reported as soon as it can be seen: a length above the limit before its payload is there, and bytes
    /// that are not UTF-8 before the text is complete.
    #[must_use]
    pub fn decode(&self, from: Side, bytes: &[u8]) -> Decoded {
        let mut cursor = Cursor { bytes, at: 0 };
        let mut fields = Vec::new();
        match self.decode_frame(from, &mut cursor, &mut fields) {
            Ok(packet) => {
                // The opcode stands in front for the report of a frame that is not whole; a whole one is known by its id.
                fields.remove(0);
                Decoded::Frame(Frame {
                    packet,
                    fields,
                    length: cursor.at,
                })
            }
            Err(Stop::MoreIsNeeded) => Decoded::Partial(fields),
            Err(Stop::Broken { at, why }) => Decoded::Broken { at, why, fields },
        }
    }

    fn decode_frame(
        &self,
        from: Side,
        cursor: &mut Cursor<'_>,
        fields: &mut Vec<DecodedField>,
    ) -> Result<PacketId, Stop> {
        let opcode = cursor.integer(self.opcode)?;
        fields.push(DecodedField {
            name: "opcode".to_owned(),
            value: Value::Int(opcode),
            bytes: 0..cursor.at,
        });
        let (id, packet) = self.packet_with_opcode(from, opcode)?;
        // The opcode is the first of the decoded fields, and none of the packet's.
        for field in &packet.fields {
            let start = cursor.at;
            let tag = field.by.and_then(|index| fields.get(index + 1));
            let value = self.decode_field(field, tag, cursor)?;
            fields.push(DecodedField {
                name: field.name.clone(),
                value,
                bytes: start..cursor.at,
            });
        }
        Ok(id)
    }

    /// The packet that `from` sends with this opcode; a client's and a server's packet may share one.
    fn packet_with_opcode(&self, from: Side, opcode: i128) -> Result<(PacketId, &Packet), Stop> {
        let mut same = self
            .packets
            .iter()
            .enumerate()
            .filter(|(_, packet)| packet.opcode == opcode);
        let allowed = same.clone().find(|(_, packet)| packet.from.include(from));
        match (allowed, same.next()) {
            (Some((index, packet)), _) => Ok((PacketId(index), packet)),
            (None, Some((_, packet))) => Err(broken(
                0,
                format!("a {from} never sends {} (opcode {opcode})", packet.name),
            )),
            (None, None) => Err(broken(0, format!("opcode {opcode} is unknown"))),
        }
    }

    fn decode_field(
        &self,
        field: &Field,
        tag: Option<&DecodedField>,
        cursor: &mut Cursor<'_>,
    ) -> Result<Value, Stop> {
        let start = cursor.at;
        let layout = self.types.get(&field.type_name);
        match layout.map(|layout| layout.chosen_by(tag.map(|tag| &tag.value))) {
            Some(None) => Err(no_case(field, tag, start)),
            chosen => self.decode_as(chosen.flatten(), field, cursor),
        }
    }

    fn decode_as(
        &self,
        layout: Option<&Layout>,
        field: &Field,
        cursor: &mut Cursor<'_>,
    ) -> Result<Value, Stop> {
        let start = cursor.at;
        match layout {
            Some(Layout::Int(int)) => {
                let number = cursor.integer(*int)?;
                match field.min {
                    Some(min) if number < min => Err(broken(
                        start,
                        format!("{} is {number}, less than {min}", field.name),
                    )),
                    _ => Ok(Value::Int(number)),
                }
            }
            Some(Layout::Text { length }) => {
                let (start, payload) = cursor.counted(*length, field)?;
                text_so_far(field, start, payload.available)?;
                match std::str::from_utf8(payload.whole()?) {
                    Ok(text) => Ok(Value::Text(text.to_owned())),
                    Err(error) => Err(not_utf8(field, start + error.valid_up_to())),
                }
            }
            Some(Layout::Bytes { length }) => {
                let (_, payload) = cursor.counted(*length, field)?;
                Ok(Value::Bytes(payload.whole()?.to_vec()))
            }
            Some(Layout::Sized { size }) => {
                let payload = cursor.payload(*size);
                Ok(Value::Bytes(payload.whole()?.to_vec()))
            }
            Some(Layout::OneOf { .. }) | None => Err(broken(
                start,
                format!(
                    "{} has a type that this reading does not define",
                    field.name
                ),
            )),
        }
    }
}

/// Why decoding ended before the frame did.
enum Stop {
    MoreIsNeeded,
    Broken { at: usize, why: String },
}

fn broken(at: usize, why: String) -> Stop {
    Stop::Broken { at, why }
}

/// The field that decides how this one is laid out is where the mistake is.
fn no_case(field: &Field, tag: Option<&DecodedField>, start: usize) -> Stop {
    let Some(tag) = tag else {
        return broken(
            start,
            format!("nothing decides how {} is laid out", field.name),
        );
    };
    let why = format!(
        "{} is {}, and {} has no case for it",
        tag.name, tag.value, field.name
    );
    broken(tag.bytes.start, why)
}

/// A character may still be cut at the end of what has come, but no byte may be wrong.
fn text_so_far(field: &Field, start: usize, available: &[u8]) -> Result<(), Stop> {
    match std::str::from_utf8(available) {
        Err(error) if error.error_len().is_some() => {
            Err(not_utf8(field, start + error.valid_up_to()))
        }
        _ => Ok(()),
    }
}

fn not_utf8(field: &Field, at: usize) -> Stop {
    broken(at, format!("{} is not UTF-8", field.name))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn integer(&mut self, int: IntType) -> Result<i128, Stop> {
        let end = self.at.saturating_add(int.width());
        let bytes = self.bytes.get(self.at..end).ok_or(Stop::MoreIsNeeded)?;
        self.at = end;
        Ok(int.decode(bytes))
    }

    /// A length, checked against the field's limit, and what has come of the bytes that it counts, with their offset.
    fn counted(&mut self, length: IntType, field: &Field) -> Result<(usize, Payload<'a>), Stop> {
        let prefix_at = self.at;
        let claimed = self.integer(length)?;
        let name = &field.name;
        let Ok(length) = usize::try_from(claimed) else {
            return Err(broken(
                prefix_at,
                format!("{name} has the length {claimed}"),
            ));
        };
        if let Some(max) = field.max_bytes.filter(|max| length > *max) {
            let why =
                format!("{name} has the length {length}, more than the {max} that are allowed");
            return Err(broken(prefix_at, why));
        }
        let start = self.at;
        Ok((start, self.payload(length)))
    }

    /// What has come of so many bytes.
    fn payload(&mut self, length: usize) -> Payload<'a> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let available = rest.get(..length).unwrap_or(rest);
        self.at = start.saturating_add(length);
        Payload { available, length }
    }
}

/// The bytes behind a length, as far as they are there.
struct Payload<'a> {
    available: &'a [u8],
    length: usize,
}

impl<'a> Payload<'a> {
    fn whole(&self) -> Result<&'a [u8], Stop> {
        if self.available.len() < self.length {
            return Err(Stop::MoreIsNeeded);
        }
        Ok(self.available)
    }
}
