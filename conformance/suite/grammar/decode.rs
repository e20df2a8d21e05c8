//! Decodes bytes into frames.
//!
//! A length in the bytes is never used to allocate memory. It is compared with its limit, and then with the number of bytes
//! that have arrived. Every sequence of bytes has a result, and none causes a panic.

use super::types::Int;
use super::uuid::{UUID_BYTES, uuid_in_words};
use super::wire::Layout;
use super::{Decoded, DecodedField, Field, Frame, IntType, Packet, PacketId, Side, Value, Wire};

impl Wire {
    /// Decodes the beginning of `bytes`, which the side `from` sent: a frame, an incomplete frame, or bytes that this side
    /// may not send.
    ///
    /// A mistake is reported as soon as it is visible. A length above its limit is reported even before the bytes that it
    /// counts have arrived. A byte that is not UTF-8 is reported even before the text is complete.
    #[must_use]
    pub fn decode(&self, from: Side, bytes: &[u8]) -> Decoded {
        let mut cursor = Cursor {
            bytes,
            at: 0,
            end: None,
        };
        let mut fields = Vec::new();
        match self.decode_frame(from, &mut cursor, &mut fields) {
            Ok((packet, own)) => {
                // `fields` begins with the length and the opcode, which only incomplete frames report as fields.
                let own_fields = fields.split_off(own);
                Decoded::Frame(Frame {
                    packet,
                    prefix: fields.last().map_or(0, |opcode| opcode.bytes.start),
                    fields: own_fields,
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
    ) -> Result<(PacketId, usize), Stop> {
        if let Some(int) = self.frame_length {
            cursor.frame_of(int, fields)?;
        }
        let start = cursor.at;
        let opcode = cursor.integer(self.opcode, "the opcode")?;
        fields.push(cursor.field("opcode", Value::Int(opcode), start));
        let own = fields.len();
        let (id, packet) = self.packet_with_opcode(from, opcode, start)?;
        for field in &packet.fields {
            let start = cursor.at;
            let tag = field.by.and_then(|index| fields.get(own + index));
            let value = self.decode_field(field, tag, cursor)?;
            fields.push(cursor.field(&field.name, value, start));
        }
        cursor.check_end(&packet.name)?;
        Ok((id, own))
    }

    /// Returns the packet that this side sends with this opcode. A packet of clients and a packet of servers may have the
    /// same opcode.
    fn packet_with_opcode(
        &self,
        from: Side,
        opcode: i128,
        at: usize,
    ) -> Result<(PacketId, &Packet), Stop> {
        let numbered = self.packets.iter().enumerate();
        let mut same = numbered.filter(|(_, packet)| packet.opcode == opcode);
        let allowed = same.clone().find(|(_, packet)| packet.from.include(from));
        match (allowed, same.next()) {
            (Some((index, packet)), _) => Ok((PacketId(index), packet)),
            (None, Some((_, packet))) => {
                let why = format!("a {from} never sends {} (opcode {opcode})", packet.name);
                Err(broken(at, why))
            }
            (None, None) => Err(broken(at, format!("opcode {opcode} is unknown"))),
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
                let number = cursor.integer(*int, &field.name)?;
                match field.min.filter(|min| number < *min) {
                    None => Ok(Value::Int(number)),
                    Some(min) => {
                        let why = format!("{} is {number}, less than {min}", field.name);
                        Err(broken(start, why))
                    }
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
            Some(Layout::Uuid) => {
                let bytes = cursor.payload(UUID_BYTES, &field.name)?.whole()?;
                Ok(Value::Text(uuid_in_words(bytes)))
            }
            Some(Layout::Sized { size }) => {
                let payload = cursor.payload(*size, &field.name)?;
                Ok(Value::Bytes(payload.whole()?.to_vec()))
            }
            Some(Layout::OneOf { .. }) | None => {
                let name = &field.name;
                let why = format!("{name} has a type that this reading does not define");
                Err(broken(start, why))
            }
        }
    }
}

/// The reason why decoding stopped before the end of the frame.
enum Stop {
    MoreIsNeeded,
    Broken { at: usize, why: String },
}

fn broken(at: usize, why: String) -> Stop {
    Stop::Broken { at, why }
}

/// Returns the mistake for a field whose type has several cases, none of which fits. The place of the mistake is the earlier
/// field that decides between the cases.
fn no_case(field: &Field, tag: Option<&DecodedField>, start: usize) -> Stop {
    let Some(tag) = tag else {
        return broken(
            start,
            format!("no field decides the layout of {}", field.name),
        );
    };
    let why = format!(
        "{} is {}, and {} has no case for it",
        tag.name, tag.value, field.name
    );
    broken(tag.bytes.start, why)
}

/// Checks the part of a text that has arrived: its last character may be incomplete, but no byte may be wrong.
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
    /// The offset of the end of the frame, if frames begin with a length.
    end: Option<usize>,
}

impl<'a> Cursor<'a> {
    /// Returns a field that was read from `start` to here.
    fn field(&self, name: &str, value: Value, start: usize) -> DecodedField {
        DecodedField {
            name: name.to_owned(),
            value,
            bytes: start..self.at,
        }
    }

    /// Returns whether the frame ends before this number of further bytes.
    fn ends_within(&self, length: usize) -> bool {
        let needed = self.at.saturating_add(length);
        self.end.is_some_and(|end| needed > end)
    }

    /// Reads the length before a frame. After that the end of the frame is known.
    fn frame_of(&mut self, int: IntType, fields: &mut Vec<DecodedField>) -> Result<(), Stop> {
        let claimed = self.integer(int, "the length")?;
        let whole = usize::try_from(claimed).ok();
        let Some(length) = whole.filter(|_| int.carries(claimed)) else {
            return Err(broken(0, format!("the length of the frame is {claimed}")));
        };
        fields.push(self.field("length", Value::Int(claimed), 0));
        self.end = Some(self.at.saturating_add(length));
        Ok(())
    }

    /// Checks that the frame ends after its last field, as its length says.
    fn check_end(&self, packet: &str) -> Result<(), Stop> {
        match self.end {
            Some(end) if end > self.at => {
                let more = end - self.at;
                let why = format!("the frame is {more} bytes longer than {packet}");
                Err(broken(self.at, why))
            }
            _ => Ok(()),
        }
    }

    /// Returns why the bytes before this offset are missing: they have not arrived yet, or they can never arrive because the
    /// frame ends earlier.
    fn missing(&self, up_to: usize, what: &str) -> Stop {
        match self.end {
            Some(end) if up_to > end => broken(self.at, format!("the frame ends inside {what}")),
            _ => Stop::MoreIsNeeded,
        }
    }

    /// Returns the remaining bytes of the frame that have arrived.
    fn rest(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let left = |end: usize| end.saturating_sub(self.at);
        let within = self.end.map_or(rest.len(), left);
        rest.get(..within).unwrap_or(rest)
    }

    fn integer(&mut self, int: IntType, what: &str) -> Result<i128, Stop> {
        match int.decode(self.rest()) {
            Int::Whole(number, length) => {
                self.at += length;
                Ok(number)
            }
            Int::Endless => {
                let why = format!("{what} is a varint of more than {} bytes", int.width());
                Err(broken(self.at, why))
            }
            Int::Partial => Err(self.missing(self.at + self.rest().len() + 1, what)),
        }
    }

    /// Reads a length and checks it against the field's limit. Returns the offset of the bytes that the length counts, and
    /// as many of these bytes as have arrived.
    fn counted(&mut self, length: IntType, field: &Field) -> Result<(usize, Payload<'a>), Stop> {
        let prefix_at = self.at;
        let name = &field.name;
        let claimed = self.integer(length, name)?;
        let Ok(length) = usize::try_from(claimed) else {
            let why = format!("the length of {name} is {claimed}");
            return Err(broken(prefix_at, why));
        };
        if let Some(max) = field.max_bytes.filter(|max| length > *max) {
            let why = format!("the length of {name} is {length}, more than the maximum of {max}");
            return Err(broken(prefix_at, why));
        }
        let start = self.at;
        if self.ends_within(length) {
            let why = format!("the length of {name} is {length}, but the frame ends earlier");
            return Err(broken(prefix_at, why));
        }
        Ok((start, self.payload(length, name)?))
    }

    /// Takes this number of bytes, and returns as many of them as have arrived.
    fn payload(&mut self, length: usize, what: &str) -> Result<Payload<'a>, Stop> {
        let start = self.at;
        if self.ends_within(length) {
            return Err(broken(start, format!("the frame ends inside {what}")));
        }
        let rest = self.bytes.get(start..).unwrap_or_default();
        let available = rest.get(..length).unwrap_or(rest);
        self.at = start.saturating_add(length);
        Ok(Payload { available, length })
    }
}

/// The part of a value that has arrived, and the length of the whole value.
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
