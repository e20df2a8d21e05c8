//! Describes the parts of a frame, and marks those that differ from what was expected.

use crate::evidence::{FieldReport, hex};
use crate::grammar::{DecodedField, Frame, Packet, PacketId, Side, Value, Wire};

use super::wanted::{WantedField, WantedFrame, WantedList};
use super::words::value_in_words;

/// Returns the parts of a complete frame: its head, and its fields.
pub(crate) fn frame_fields(wire: &Wire, frame: &Frame, bytes: &[u8]) -> Vec<FieldReport> {
    let mut reports = field_reports(&frame.head, bytes);
    name_packet(&mut reports, wire.packet(frame.packet));
    reports.extend(field_reports(&frame.fields, bytes));
    reports
}

/// Returns the known parts of an incomplete or wrong frame that the side `from` has sent.
pub(crate) fn known_fields(
    wire: &Wire,
    from: Side,
    fields: &[DecodedField],
    bytes: &[u8],
) -> Vec<FieldReport> {
    let mut reports = field_reports(fields, bytes);
    let opcode = fields.iter().find(|field| field.name == "opcode");
    let packet = opcode.and_then(|opcode| wire.packet_of(from, &opcode.value));
    name_packet(&mut reports, packet);
    reports
}

/// Adds the name of the packet to its opcode.
fn name_packet(reports: &mut [FieldReport], packet: Option<&Packet>) {
    if let (Some(opcode), Some(packet)) = (opcode_of(reports), packet) {
        opcode.value = format!("{} ({})", opcode.value, packet.name);
    }
}

/// Describes fields. For a list there is a description of each value, for an absent field none, and for any other field one.
fn field_reports(fields: &[DecodedField], bytes: &[u8]) -> Vec<FieldReport> {
    let parts = fields.iter().flat_map(parts_of);
    parts.map(|part| report_of(part, bytes)).collect()
}

/// Marks the parts of a frame (`reports`) that differ from the wanted frame.
pub(super) fn mark(reports: &mut [FieldReport], wire: &Wire, wanted: &WantedFrame, frame: &Frame) {
    if frame.packet != wanted.packet {
        if let Some(opcode) = opcode_of(reports) {
            opcode.expected = Some(named_opcode(wire, wanted.packet));
            opcode.differs = true;
        }
        return;
    }
    let (_, mut left) = reports.split_at_mut(frame.head.len().min(reports.len()));
    for (field, wanted) in frame.fields.iter().zip(&wanted.fields) {
        let (own, others) = left.split_at_mut(parts_of(field).len().min(left.len()));
        left = others;
        match (wanted, &field.value) {
            (WantedField::List(list), Value::List(values)) => mark_list(own, field, list, values),
            (wanted, value) => {
                for report in own {
                    if matches!(wanted, WantedField::Is(_)) {
                        report.differs = !wanted.accepts(value);
                        report.expected = Some(wanted.in_words());
                    }
                }
            }
        }
    }
}

/// Marks the wrong values of a list. Also marks the number of values if it is wrong.
fn mark_list(
    reports: &mut [FieldReport],
    field: &DecodedField,
    wanted: &WantedList,
    values: &[Value],
) {
    let has_number = field.parts.len() > values.len();
    let (number, items) = reports.split_at_mut(usize::from(has_number).min(reports.len()));
    if let Some(number) = number.first_mut()
        && !wanted.among_others
    {
        number.differs = wanted.items.len() != values.len();
        number.expected = Some(wanted.items.len().to_string());
    }
    let is_free = wanted.in_any_order || wanted.among_others;
    for (index, (report, value)) in items.iter_mut().zip(values).enumerate() {
        let own = wanted.items.get(index);
        match own {
            _ if is_free => {
                let mut items = wanted.items.iter();
                report.differs = !wanted.among_others && !items.any(|item| item.accepts(value));
            }
            Some(item) => {
                report.differs = !item.accepts(value);
                report.expected = item.value().map(|value| value_in_words(&value));
            }
            None => {
                report.differs = true;
                report.expected = Some("no further value".to_owned());
            }
        }
    }
}

fn opcode_of(reports: &mut [FieldReport]) -> Option<&mut FieldReport> {
    // The parts of the head come first, and among them only the opcode has this name.
    reports.iter_mut().find(|report| report.name == "opcode")
}

fn named_opcode(wire: &Wire, packet: PacketId) -> String {
    let in_words = |packet: &Packet| {
        let number = packet.opcodes.preferred(Side::Server).unwrap_or_default();
        format!("{number} ({})", packet.name)
    };
    wire.packet(packet).map(in_words).unwrap_or_default()
}

/// Returns the parts of a field that are described one by one: the parts of a list, or the field itself.
fn parts_of(field: &DecodedField) -> &[DecodedField] {
    match field.parts.as_slice() {
        [] if field.value == Value::Absent => &[],
        [] => std::slice::from_ref(field),
        parts => parts,
    }
}

fn report_of(field: &DecodedField, bytes: &[u8]) -> FieldReport {
    FieldReport {
        name: field.name.clone(),
        offset: field.bytes.start,
        length: field.bytes.len(),
        bytes: hex(bytes.get(field.bytes.clone()).unwrap_or_default(), 64),
        value: value_in_words(&field.value),
        expected: None,
        differs: false,
    }
}
