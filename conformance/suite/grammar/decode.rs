//! Decodes bytes into frames.
//!
//! The decoder never uses a length from the bytes to allocate memory. It compares the length with its limit, and then with
//! the number of bytes that have arrived. Decoding any sequence of bytes gives a result; no sequence causes a panic.

use super::cursor::{Cursor, Run, Stop, broken};
use super::uuid::{UUID_BYTES, uuid_in_words};
use super::wire::Layout;
use super::{
    Bits, Decoded, DecodedField, Field, Frame, HeadPart, IntType, Packet, PacketId, Presence, Side,
    Value, Wire,
};

impl Wire {
    /// Decodes the beginning of `bytes`, which the side `from` sent. The result is a frame, an incomplete frame, or bytes
    /// that this side may not send.
    ///
    /// Reports a mistake as early as possible. A length above its limit is reported even before the bytes that it counts
    /// have arrived. A byte that is not UTF-8 is reported even before the text is complete.
    #[must_use]
    pub fn decode(&self, from: Side, bytes: &[u8]) -> Decoded {
        let mut cursor = Cursor::new(bytes);
        let mut fields = Vec::new();
        match self.decode_frame(from, &mut cursor, &mut fields) {
            Ok((packet, own)) => {
                // `fields` begins with the parts of the head. A complete frame keeps them in `head`, and an incomplete frame
                // keeps them in its fields.
                let own_fields = fields.split_off(own);
                Decoded::Frame(Frame {
                    packet,
                    head: fields,
                    fields: own_fields,
                    length: cursor.at,
                })
            }
            Err(stop) => {
                fields.append(&mut cursor.begun);
                match stop {
                    Stop::MoreIsNeeded => Decoded::Partial(fields),
                    Stop::Broken { at, why } => Decoded::Broken { at, why, fields },
                }
            }
        }
    }

    fn decode_frame(
        &self,
        from: Side,
        cursor: &mut Cursor<'_>,
        fields: &mut Vec<DecodedField>,
    ) -> Result<(PacketId, usize), Stop> {
        let (id, packet) = self.decode_head(from, cursor, fields)?;
        let own = fields.len();
        for (index, field) in packet.fields.iter().enumerate() {
            let earlier = fields.get(own..).unwrap_or_default();
            let decoded = if !is_present(field, index, earlier, cursor) {
                cursor.field(&field.name, Value::Absent, cursor.at)
            } else if let Some(bits) = field.bits {
                decode_bits(bits, field, earlier, cursor)?
            } else {
                let tag = field.by.and_then(|index| earlier.get(index));
                self.decode_field(field, tag, cursor)?
            };
            fields.push(decoded);
        }
        cursor.check_end(&packet.name)?;
        Ok((id, own))
    }

    /// Reads the head, and returns the packet that its opcode names.
    fn decode_head(
        &self,
        from: Side,
        cursor: &mut Cursor<'_>,
        fields: &mut Vec<DecodedField>,
    ) -> Result<(PacketId, &Packet), Stop> {
        let mut found = None;
        for part in &self.head.parts {
            let start = cursor.at;
            match part {
                HeadPart::Constant(constant) => {
                    cursor.constant(constant)?;
                    fields.push(cursor.field(&constant.name, constant.value.clone(), start));
                }
                HeadPart::Opcode(int) => {
                    let opcode = cursor.integer(*int, "the opcode")?;
                    fields.push(cursor.field("opcode", Value::Int(opcode), start));
                    // An unknown opcode is reported now, even if the rest of the head has not arrived.
                    found = Some(self.packet_with_opcode(from, opcode, start)?);
                }
                HeadPart::Length { int, counts } => {
                    let length = Value::Int(cursor.frame_length(*int, *counts)?);
                    fields.push(DecodedField {
                        prefix: cursor.at - start,
                        ..cursor.field("length", length, start)
                    });
                }
            }
        }
        cursor.end_head();
        found.ok_or_else(|| broken(0, "the head has no opcode".to_owned()))
    }

    /// Returns the packet that this side sends with this opcode. The other side may use the same opcode for another packet.
    fn packet_with_opcode(
        &self,
        from: Side,
        opcode: i128,
        at: usize,
    ) -> Result<(PacketId, &Packet), Stop> {
        let has_opcode = |packet: &Packet, side| packet.opcodes.of(side) == Some(opcode);
        let mut numbered = self.packets.iter().enumerate();
        if let Some((index, packet)) = numbered.find(|(_, packet)| has_opcode(packet, from)) {
            return Ok((PacketId(index), packet));
        }
        let of_others = |packet: &&Packet| has_opcode(packet, from.other());
        match self.packets.iter().find(of_others) {
            Some(packet) => {
                let name = &packet.name;
                let why = match packet.opcodes.of(from) {
                    None => format!("a {from} never sends {name} (opcode {opcode})"),
                    Some(own) => format!(
                        "opcode {opcode} means {name} only if a {} sends it; a {from} sends {name} with opcode {own}",
                        from.other()
                    ),
                };
                Err(broken(at, why))
            }
            None => Err(broken(at, format!("opcode {opcode} is unknown"))),
        }
    }

    fn decode_field(
        &self,
        field: &Field,
        tag: Option<&DecodedField>,
        cursor: &mut Cursor<'_>,
    ) -> Result<DecodedField, Stop> {
        let start = cursor.at;
        let layout = self.types.get(&field.type_name);
        match layout.map(|layout| layout.chosen_by(tag.map(|tag| &tag.value))) {
            Some(None) => Err(no_case(field, tag, start)),
            chosen => decode_as(chosen.flatten(), field, cursor),
        }
    }
}

/// Reads a bit field: a number in some of the bits of an integer. The first field of the integer reads the integer, and the
/// other fields share its bytes.
fn decode_bits(
    bits: Bits,
    field: &Field,
    earlier: &[DecodedField],
    cursor: &mut Cursor<'_>,
) -> Result<DecodedField, Stop> {
    let start = match earlier.get(bits.first) {
        Some(first) => first.bytes.start,
        None => cursor.at,
    };
    if bits.first == earlier.len() {
        cursor.integer(bits.int, &field.name)?;
    }
    let part = bits.part_of(cursor.integer_at(start, bits.int));
    Ok(cursor.field(&field.name, Value::Int(part), start))
}

/// Returns whether the frame has this field of its packet. `earlier` are the fields before it.
fn is_present(field: &Field, index: usize, earlier: &[DecodedField], cursor: &Cursor<'_>) -> bool {
    let value_of = |index: usize| earlier.get(index).map(|field| &field.value);
    match field.presence {
        Presence::Always => true,
        Presence::Optional { first } if first == index => cursor.has_more() == Some(true),
        Presence::Optional { first } => value_of(first).is_some_and(|it| *it != Value::Absent),
        Presence::When { field, is } => value_of(field) == Some(&Value::Int(is)),
    }
}

/// Reads one field, or one value of a list.
fn decode_as(
    layout: Option<&Layout>,
    field: &Field,
    cursor: &mut Cursor<'_>,
) -> Result<DecodedField, Stop> {
    let (start, name) = (cursor.at, &field.name);
    match layout {
        Some(Layout::Int(int)) => {
            let number = cursor.integer(*int, name)?;
            match field.min.filter(|min| number < *min) {
                None => Ok(cursor.field(name, Value::Int(number), start)),
                Some(min) => Err(broken(
                    start,
                    format!("{name} is {number}, less than {min}"),
                )),
            }
        }
        Some(Layout::Text(extent)) => {
            let run = cursor.run(extent, field)?;
            let text = text_of(&run, field)?;
            Ok(DecodedField {
                prefix: run.prefix,
                ..cursor.field(name, Value::Text(text), start)
            })
        }
        Some(Layout::Bytes(extent)) => {
            let run = cursor.run(extent, field)?;
            let bytes = run.whole()?.to_vec();
            Ok(DecodedField {
                prefix: run.prefix,
                ..cursor.field(name, Value::Bytes(bytes), start)
            })
        }
        Some(Layout::Uuid) => {
            let run = cursor.payload_bytes(UUID_BYTES, name)?;
            let uuid = uuid_in_words(run.whole()?);
            Ok(cursor.field(name, Value::Text(uuid), start))
        }
        Some(Layout::List { of, count }) => decode_list(of, *count, field, cursor),
        Some(Layout::OneOf { .. }) | None => {
            let why = format!("these choices of the readings do not define the type of {name}");
            Err(broken(start, why))
        }
    }
}

/// Reads a list. If the number of values is sent before the values, the list ends after this number of values. Otherwise it
/// ends with the frame.
fn decode_list(
    of: &Layout,
    count: Option<IntType>,
    field: &Field,
    cursor: &mut Cursor<'_>,
) -> Result<DecodedField, Stop> {
    let (start, name) = (cursor.at, &field.name);
    let mut items = Vec::new();
    let mut prefix = 0;
    let claimed = match count {
        None => None,
        Some(int) => {
            let claimed = cursor.count(int, name, "number of values")?;
            let number = Value::Int(i128::try_from(claimed).unwrap_or(i128::MAX));
            let part = cursor.field(&format!("number of {name}"), number, start);
            cursor.begun.push(part);
            prefix = cursor.at - start;
            Some(claimed)
        }
    };
    loop {
        let has_more = match claimed {
            Some(claimed) => items.len() < claimed,
            None => cursor.has_more().ok_or_else(|| {
                let why = format!("nothing says where {name} ends");
                broken(start, why)
            })?,
        };
        if !has_more {
            break;
        }
        // Every value has at least one byte. So even if the number of values is wrong, this loop ends after the bytes that
        // have arrived.
        let of_item = Field {
            name: format!("{name} {}", items.len() + 1),
            ..field.clone()
        };
        let item = decode_as(Some(of), &of_item, cursor)?;
        items.push(item.value.clone());
        cursor.begun.push(item);
    }
    Ok(DecodedField {
        prefix,
        parts: std::mem::take(&mut cursor.begun),
        ..cursor.field(name, Value::List(items), start)
    })
}

/// Returns the mistake for a field whose type has several cases, none of which fits. The mistake points to the earlier field
/// that decides between the cases.
fn no_case(field: &Field, tag: Option<&DecodedField>, start: usize) -> Stop {
    let Some(tag) = tag else {
        return broken(
            start,
            format!(
                "the type of {} has cases, but no field decides between them",
                field.name
            ),
        );
    };
    let why = format!(
        "{} is {}, but {} has no case for this value",
        tag.name, tag.value, field.name
    );
    broken(tag.bytes.start, why)
}

/// Returns a whole text. If only a part of the text has arrived, checks this part: its last character may be incomplete, but
/// a wrong byte or too many characters are a mistake.
fn text_of(run: &Run<'_>, field: &Field) -> Result<String, Stop> {
    let (text, error) = match std::str::from_utf8(run.available) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = run.available.get(..error.valid_up_to());
            let text = valid.and_then(|valid| std::str::from_utf8(valid).ok());
            (text.unwrap_or_default(), Some(error))
        }
    };
    if let Some(max) = field.max_chars
        && text.chars().nth(max.saturating_add(run.slack)).is_some()
    {
        let why = format!("{} has more than {max} characters", field.name);
        return Err(broken(run.start, why));
    }
    let Some(error) = error else {
        return run.whole().map(|_| text.to_owned());
    };
    // An incomplete last character is a mistake only if the whole text has arrived.
    if error.error_len().is_none() {
        run.whole()?;
    }
    let at = run.start + error.valid_up_to();
    Err(broken(at, format!("{} is not UTF-8", field.name)))
}
