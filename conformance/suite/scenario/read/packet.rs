//! Reads the packets of steps: their names and their fields.
//!
//! | file | what |
//! |---|---|
//! | `list` | the values of lists, in the braces after the packet |
//! | `omitted` | fields that a step may omit |

mod list;
mod omitted;

use list::Arrangement;
use omitted::{Due, all_fields, condition, due};

use super::step::Phrase;
use super::value::Target;
use super::{Reader, mistake};
use crate::grammar::{Field, Packet, PacketId, Side, TypeKind, Value};
use crate::scenario::{Arrow, Expr, ListPattern, Pattern, Verb};
use crate::source::{Check, Entry, Mistake, Word, one_of};

/// A value of a field: one to send, or one to expect.
pub(super) trait FieldValue: Sized {
    /// Whether a list of these values may have `order=any` or `others=yes`. Only an expected list may have them.
    const MAY_BE_FREE: bool;

    /// Returns the value, if it is written in the scenario.
    fn written_out(&self) -> Option<&Value>;

    /// Returns whether the value is remembered when it arrives.
    fn remembers(&self) -> bool {
        false
    }

    /// Returns the value that stands for a field that the packet does not have.
    fn absent() -> Self;

    /// Returns the value that stands for an omitted field if it is not known whether the packet has this field.
    fn undecided() -> Self;

    /// Returns a list of these values.
    fn list(items: Vec<Self>, arrangement: Arrangement) -> Option<Self>;
}

impl FieldValue for Expr {
    const MAY_BE_FREE: bool = false;

    fn list(items: Vec<Expr>, _: Arrangement) -> Option<Expr> {
        Some(Expr::List(items))
    }

    fn absent() -> Expr {
        Expr::Literal(Value::Absent)
    }

    /// A send cannot leave open whether the packet has a field, so an omitted field is not sent. If the packet needs the
    /// field, the mistake is reported when the packet is sent.
    fn undecided() -> Expr {
        Expr::absent()
    }

    fn written_out(&self) -> Option<&Value> {
        match self {
            Expr::Literal(value) => Some(value),
            _ => None,
        }
    }
}

impl FieldValue for Pattern {
    const MAY_BE_FREE: bool = true;

    fn list(items: Vec<Pattern>, arrangement: Arrangement) -> Option<Pattern> {
        Some(Pattern::List(ListPattern {
            items,
            in_any_order: arrangement.in_any_order,
            among_others: arrangement.among_others,
        }))
    }

    fn absent() -> Pattern {
        Pattern::Is(Expr::absent())
    }

    fn undecided() -> Pattern {
        Pattern::Undecided
    }

    fn remembers(&self) -> bool {
        matches!(self, Pattern::Bind(_))
    }

    fn written_out(&self) -> Option<&Value> {
        match self {
            Pattern::Is(value) => value.written_out(),
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// Returns the packet that a phrase names. Reports a packet that does not exist, or that this side never sends.
    pub(super) fn packet_of(&mut self, phrase: &Phrase<'_>, side: Side) -> Option<PacketId> {
        let grammar = self.context.grammar;
        let name = phrase.word;
        let Some(id) = grammar.packet_named(name) else {
            return self.refuse(phrase, self.unknown_verb(name, side));
        };
        let is_sent = grammar.packet(id).is_sent_by(side);
        self.must(is_sent, phrase, || {
            let help = match side {
                Side::Client => {
                    format!("to send this packet in spite of wire.kdl, write: alice > raw (opcode){name} ...")
                }
                Side::Server => "reverse the arrow, or check `from=` in wire.kdl".to_owned(),
            };
            mistake::never_sent(name, side, help)
        })?;
        Some(id)
    }

    fn unknown_verb(&self, name: &str, side: Side) -> Mistake {
        let (own, other, turned) = match side {
            Side::Client => (Arrow::Does, Arrow::Sees, "<"),
            Side::Server => (Arrow::Sees, Arrow::Does, ">"),
        };
        let packets = self.context.grammar.packet_names();
        if Verb::of(name).arrow() == Some(other) {
            mistake::other_arrow(name, turned)
        } else if ["expect", "send", "wait", "sleep"].contains(&name) {
            mistake::arrow_is_enough(name)
        } else if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            mistake::no_such_packet(name).one_of(name, packets)
        } else {
            let own: Vec<&str> = Verb::words_after(own).collect();
            let known = own.iter().copied().chain(packets);
            mistake::no_such_word(name, own.join(", ")).or_near(name, known)
        }
    }

    /// Reads the values of all fields of a packet, in the packet's order.
    pub(super) fn fields_of<T: FieldValue>(
        &mut self,
        phrase: &Phrase<'_>,
        packet: PacketId,
        read: fn(&mut Self, &Entry, &Target<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let grammar = self.context.grammar;
        let known = grammar.packet(packet);
        let name = &known.name;
        let mut fine = true;
        for entry in phrase.arguments() {
            fine = false;
            let help = match known.fields.first() {
                Some(field) => format!("write the name of each field: {name} {}=...", field.name),
                None => format!("{name} has no fields"),
            };
            self.report(entry, mistake::unnamed_field(entry, help));
        }
        for (key, _) in phrase.properties() {
            let exists = known.field_named(&key.text).is_some();
            fine &= self.check(exists, key, || unknown_field(key, known));
        }
        let mut values: Vec<T> = Vec::new();
        for index in 0..known.fields.len() {
            // After a mistake, missing fields are not reported.
            let due = if fine {
                due(known, index, &values)
            } else {
                Due::Unknown
            };
            match self.value_of_field(phrase, (known, index), due, read) {
                Some(value) => values.push(value),
                None => fine = false,
            }
        }
        let fine = fine && self.cases_fit(phrase, &known.fields, &values);
        fine.then_some(values)
    }

    /// Reads the value of one field: a property of the step, or a list in its braces.
    fn value_of_field<T: FieldValue>(
        &mut self,
        phrase: &Phrase<'_>,
        (packet, index): (&Packet, usize),
        due: Due,
        read: fn(&mut Self, &Entry, &Target<'_>) -> Option<T>,
    ) -> Option<T> {
        let grammar = self.context.grammar;
        let field = packet.fields.get(index)?;
        let name = &field.name;
        let property = phrase.property(name);
        let (lists, _) = self.lists_in(phrase);
        let mut lists = lists.into_iter().filter(|node| node.name.text == *name);
        let list = lists.next();
        if let Some(second) = lists.next().or(list.filter(|_| property.is_some())) {
            return self.refuse(second, mistake::list_twice(name));
        }
        let is_given = property.is_some() || list.is_some();
        self.must(!(is_given && due == Due::No), phrase, || {
            mistake::not_sent_here(name, condition(packet, index))
        })?;
        match (property, list, due) {
            (Some(entry), ..) => read(self, entry, &Target::of_field(field, grammar)),
            (None, Some(list), _) => self.list_of(list, field, read),
            (None, None, Due::No | Due::Free) => Some(T::absent()),
            (None, None, Due::Unknown) => Some(T::undecided()),
            (None, None, Due::Yes) => {
                let all = all_fields(packet, grammar);
                self.refuse(phrase, mistake::missing_field(&packet.name, name, all))
            }
        }
    }

    /// Checks the size of each field whose size depends on an earlier field. This is possible only if the values of both
    /// fields are literals.
    fn cases_fit<T: FieldValue>(
        &mut self,
        phrase: &Phrase<'_>,
        fields: &[Field],
        values: &[T],
    ) -> bool {
        let written = |index: usize| values.get(index).and_then(FieldValue::written_out);
        let mut fine = true;
        for (index, field) in fields.iter().enumerate() {
            let tag = field
                .by
                .and_then(|by| Some((fields.get(by)?, written(by)?)));
            let Some((by, Value::Int(tag))) = tag else {
                continue;
            };
            let length = written(index).map(super::value::length_of);
            if let Some(why) = self.contradicts(field, &by.name, *tag, length) {
                fine = false;
                let contradiction = mistake::contradiction(why);
                match phrase.property(&field.name) {
                    Some(entry) => self.report(entry, contradiction),
                    None => self.report(phrase, contradiction),
                }
            }
        }
        fine
    }

    /// Explains why a field cannot have this length. The layout of this field depends on another field, which has the value
    /// `tag`. Returns `None` if the field can have this length.
    fn contradicts(
        &self,
        field: &Field,
        by: &str,
        tag: i128,
        length: Option<usize>,
    ) -> Option<String> {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(&field.type_name, &self.choices);
        let cases = kinds.into_iter().filter_map(|kind| match kind {
            TypeKind::OneOf { cases } => cases.iter().find(|(case, _)| *case == tag),
            _ => None,
        });
        let named: Vec<&String> = cases.map(|(_, name)| name).collect();
        if named.is_empty() {
            return Some(format!("{} has no case for {by}={tag}", field.type_name));
        }
        let mut sized = named
            .iter()
            .flat_map(|name| grammar.kinds_of_type(name, &self.choices))
            .filter_map(|kind| grammar.sizes_of(kind, &self.choices));
        let (sizes, length) = (sized.next()?, length?);
        (!sizes.contains(&length)).then(|| {
            let sizes = super::literal::sizes_in_words(&sizes);
            format!("with {by}={tag}, {} has {sizes}, not {length}", field.name)
        })
    }
}

fn unknown_field(key: &Word, packet: &Packet) -> Mistake {
    let name = &packet.name;
    let help = match key.text.as_str() {
        "within" => "write it in braces after the packet: { within \"5s\" }".to_owned(),
        "split" | "every" => "write it in braces after the packet: { split every=1 }".to_owned(),
        _ if packet.fields.is_empty() => format!("{name} has no fields"),
        other => one_of(other, packet.fields.iter().map(|field| field.name.as_str())),
    };
    mistake::no_such_field(name, &key.text, help)
}
