//! A grammar as a table of Lua. The comments in `runtime` say what the entries mean.

use super::lua::Lua;
use super::shown::{in_filter, kind_of, kind_of_bits, kind_of_number, shown};
use crate::grammar::{
    ByteOrder, Choice, Constant, Counts, Extent, Field, Grammar, Head, HeadPart, Identification,
    IntType, Opcodes, Packet, Presence, Reading, Side, Transport, TypeDefinition, TypeKind, Value,
};

/// The entries of a table.
struct Entries(Vec<(String, Lua)>);

impl Entries {
    fn new() -> Entries {
        Entries(Vec::new())
    }

    fn with(mut self, name: &str, value: Lua) -> Entries {
        self.0.push((name.to_owned(), value));
        self
    }

    fn with_text(self, name: &str, text: &str) -> Entries {
        self.with(name, Lua::text(text))
    }

    /// Adds the entry if there is a value.
    fn with_some(self, name: &str, value: Option<Lua>) -> Entries {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn table(self) -> Lua {
        Lua::Table(self.0)
    }
}

/// Returns the position of a field in Lua, which counts from 1.
fn position(index: usize) -> Lua {
    Lua::Number(index + 1)
}

/// Returns the table of a protocol. `ports` has the ports of servers, such as `7777`.
pub(super) fn protocol(grammar: &Grammar, ports: &str) -> Lua {
    let readings = grammar.readings.iter().filter(|it| changes_decoding(it));
    let identified = grammar.identified_by.as_ref();
    Entries::new()
        .with_text("name", &in_filter(&grammar.name))
        .with_text("title", &grammar.title)
        .with_text("port", ports)
        .with("tls", Lua::Flag(grammar.transport == Transport::Tls))
        .with("opcode", integer(grammar.head.opcode()))
        .with("head", head(&grammar.head))
        .with("types", types(&grammar.types))
        .with("readings", Lua::List(readings.map(reading).collect()))
        .with(
            "packets",
            Lua::List(grammar.packets.iter().map(packet).collect()),
        )
        .with_some(
            "identified_by",
            identified.map(|it| identification(grammar, it)),
        )
        .with(
            "raw_after",
            Lua::List(
                grammar
                    .raw_after
                    .iter()
                    .map(|it| identification(grammar, it))
                    .collect(),
            ),
        )
        .with("shown", shown(grammar))
        .table()
}

/// Returns whether the choice for this reading changes how bytes are decoded.
pub(super) fn changes_decoding(reading: &Reading) -> bool {
    let changes = |choice: &Choice| !choice.types.is_empty() || choice.changes_opcodes();
    reading.choices.iter().any(changes)
}

fn integer(int: IntType) -> Lua {
    let entries = Entries::new().with("width", Lua::Number(int.width()));
    if int.is_varint() {
        return entries.with("varint", Lua::Flag(true)).table();
    }
    let order = match int.byte_order() {
        ByteOrder::Big => "big",
        ByteOrder::Little => "little",
    };
    entries
        .with("signed", Lua::Flag(int.min() < 0))
        .with_text("order", order)
        .table()
}

fn head(head: &Head) -> Lua {
    let part = |part: &HeadPart| match part {
        HeadPart::Constant(it) => constant(it),
        HeadPart::Opcode(_) => Entries::new()
            .with_text("part", "opcode")
            .with_text("name", "opcode")
            .with_text("kind", "number")
            .table(),
        HeadPart::Length { int, counts } => {
            let mut named = Counts::NAMED.iter();
            let word = named.find(|(_, known)| known == counts);
            Entries::new()
                .with_text("part", "length")
                .with_text("name", "length")
                .with_text("kind", "number")
                .with("int", integer(*int))
                .with_text("counts", word.map_or("rest", |(word, _)| word))
                .table()
        }
    };
    Lua::List(head.parts.iter().map(part).collect())
}

fn constant(constant: &Constant) -> Lua {
    let kind = constant.int.map_or("bytes", kind_of_number);
    Entries::new()
        .with_text("part", "constant")
        .with_text("name", &constant.name)
        .with_text("kind", kind)
        .with_some("int", constant.int.map(integer))
        .with("bytes", Lua::Text(constant.bytes.clone()))
        .with_text("value", &constant.value.to_string())
        .table()
}

/// Returns the types by their names, except the types of bit fields.
fn types(definitions: &[TypeDefinition]) -> Lua {
    let is_part = |kind: &TypeKind| matches!(kind, TypeKind::Int(int) if int.is_part());
    let whole = definitions.iter().filter(|it| !is_part(&it.kind));
    Lua::Table(whole.map(|it| (it.name.clone(), type_of(it))).collect())
}

fn type_of(definition: &TypeDefinition) -> Lua {
    let entries = |word: &str| {
        let shown = kind_of(&definition.kind).map(Lua::text);
        Entries::new()
            .with_text("kind", word)
            .with_some("shown", shown)
    };
    match &definition.kind {
        TypeKind::Int(int) => entries("number").with("int", integer(*int)).table(),
        TypeKind::Text(extent) => with_extent(entries("text"), extent).table(),
        TypeKind::Bytes(extent) => {
            let is_address = is_address(&definition.name, extent).then_some(Lua::Flag(true));
            with_extent(entries("bytes"), extent)
                .with_some("is_address", is_address)
                .table()
        }
        TypeKind::Uuid => entries("uuid").table(),
        TypeKind::OneOf { cases } => {
            let cases = cases.iter();
            let cases = cases.map(|(is, name)| (is.to_string(), Lua::text(name)));
            entries("one-of")
                .with("cases", Lua::Table(cases.collect()))
                .table()
        }
        TypeKind::List { of, count } => entries("list")
            .with_text("of", of)
            .with_some("count", count.as_deref().map(Lua::text))
            .table(),
    }
}

fn with_extent(entries: Entries, extent: &Extent) -> Entries {
    match extent {
        Extent::Counted { length } => entries
            .with_text("ends", "counted")
            .with_text("length", length),
        Extent::Fixed { size, pad } => entries
            .with_text("ends", "fixed")
            .with("size", Lua::Number(*size))
            .with_some("pad", pad.map(|pad| Lua::Number(pad.into()))),
        Extent::Ended { by } => entries
            .with_text("ends", "ended")
            .with("by", Lua::Text(by.clone())),
        Extent::Rest => entries.with_text("ends", "rest"),
    }
}

/// Returns whether bytes of this type are an IP address. wire.kdl has no type for addresses, so this function looks at the
/// size of the bytes, and at the name.
fn is_address(name: &str, extent: &Extent) -> bool {
    let has_size = matches!(
        extent,
        Extent::Fixed {
            size: 4 | 16,
            pad: None
        }
    );
    has_size && name.to_ascii_uppercase().starts_with("IP")
}

fn reading(reading: &Reading) -> Lua {
    // If the protocol settles the question of the reading (`settle`), only the first choice counts.
    let most = if reading.settled { 1 } else { usize::MAX };
    let choices: Vec<Lua> = reading.choices.iter().take(most).map(choice).collect();
    let is_open = choices.len() > 1;
    let preference = is_open.then(|| Lua::text(&in_filter(&reading.name)));
    Entries::new()
        .with_text("name", &reading.name)
        .with_text("title", &reading.title)
        .with_some("preference", preference)
        .with("choices", Lua::List(choices))
        .table()
}

fn choice(choice: &Choice) -> Lua {
    let renumbered = choice.renumbered.iter().flat_map(|new| {
        let sides = [Side::Client, Side::Server].into_iter();
        let sides = sides.filter(|side| new.from.is_none_or(|only| only == *side));
        sides.map(|side| {
            Entries::new()
                .with_text("packet", &new.packet)
                .with_text("from", &side.to_string())
                .with("opcode", Lua::digits(new.opcode))
                .table()
        })
    });
    Entries::new()
        .with_text("name", &choice.name)
        .with("types", types(&choice.types))
        .with_some("opcode", choice.opcode.map(integer))
        .with("renumbered", Lua::List(renumbered.collect()))
        .table()
}

fn packet(packet: &Packet) -> Lua {
    let Opcodes { client, server } = packet.opcodes;
    let from = Entries::new()
        .with_some("client", client.map(Lua::digits))
        .with_some("server", server.map(Lua::digits));
    Entries::new()
        .with_text("name", &packet.name)
        .with("from", from.table())
        .with(
            "fields",
            Lua::List(packet.fields.iter().map(field).collect()),
        )
        .table()
}

fn field(field: &Field) -> Lua {
    let entries = Entries::new().with_text("name", &field.name);
    let entries = match field.bits {
        Some(bits) => entries.with(
            "bits",
            Entries::new()
                .with("first", position(bits.first))
                .with("int", integer(bits.int))
                .with("shift", Lua::Number(bits.shift))
                .with("width", Lua::Number(bits.width))
                .with_text("shown", kind_of_bits(bits))
                .table(),
        ),
        None => entries.with_text("type", &field.type_name),
    };
    let entries = entries
        .with_some("max_bytes", field.max_bytes.map(Lua::Number))
        .with_some("max_chars", field.max_chars.map(Lua::Number))
        .with_some("min", field.min.map(Lua::digits))
        .with_some("by", field.by.map(position));
    match field.presence {
        Presence::Always => entries,
        Presence::Optional { first } => entries.with("optional", position(first)),
        Presence::When { field, is } => entries
            .with("when", position(field))
            .with("is", Lua::digits(is)),
    }
    .table()
}

fn identification(grammar: &Grammar, identification: &Identification) -> Lua {
    let name = |id| Lua::text(&grammar.packet(id).name);
    let values = identification.fields.iter().enumerate();
    let values = values.filter_map(|(index, value)| {
        let is = match value.as_ref()? {
            Value::Int(number) => Lua::digits(*number),
            Value::Text(text) => Lua::text(text),
            Value::Bytes(bytes) => Lua::Text(bytes.clone()),
            // Lint accepts no list as the value of a field that identifies a client.
            Value::List(_) | Value::Absent => return None,
        };
        let entries = Entries::new().with("field", position(index)).with("is", is);
        Some(entries.table())
    });
    let values = Lua::List(values.collect());
    Entries::new()
        .with("packet", name(identification.packet))
        .with_some("after", identification.after.map(name))
        .with("values", values)
        .table()
}
