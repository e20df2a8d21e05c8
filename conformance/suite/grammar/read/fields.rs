//! Reads the fields of a packet. Some fields share an integer (`bits`), some may be missing at the end of the packet
//! (`optional`), and some depend on an earlier field (`when`).

use std::collections::BTreeSet;

use super::{Reader, mistake};
use crate::grammar::{Bits, Choices, Field, IntType, Presence, Sort, TypeDefinition, TypeKind};
use crate::source::{Check, Entry, Node, Shape};

const OPTIONAL: &str = "optional { field topic STRING }";
const WHEN: &str = "when success=0 { field reason STRING }";

const BITS: &str = "bits uint16 { version 9; kind 7 }";

/// The fields that have been read so far, and their names.
#[derive(Default)]
struct Fields {
    names: BTreeSet<String>,
    fields: Vec<Field>,
}

impl Reader<'_> {
    pub(super) fn fields(&mut self, node: &Node) -> Vec<Field> {
        let mut all = Fields::default();
        for child in node.block() {
            match child.name.text.as_str() {
                "field" => self.add_field(child, Presence::Always, &mut all),
                "optional" => self.optional(child, &mut all),
                "when" => self.when_fields(child, &mut all),
                "bits" => self.bits(child, &mut all),
                word => {
                    self.report(child, mistake::not_a_field(word));
                    None
                }
            };
        }
        all.fields
    }

    /// Reads `optional { field topic STRING }`.
    fn optional(&mut self, node: &Node, all: &mut Fields) -> Option<()> {
        let shape = Shape {
            arguments: (0, 0),
            ..Shape::like(OPTIONAL).and_block()
        };
        shape.check(node, self).then_some(())?;
        let has_end = self.grammar.head.length().is_some();
        self.check(has_end, node, mistake::optional_without_length);
        let first = all.fields.len();
        self.group(node, Presence::Optional { first }, OPTIONAL, all)
    }

    /// Reads `when success=0 { field reason STRING }`.
    fn when_fields(&mut self, node: &Node, all: &mut Fields) -> Option<()> {
        let [entry] = node.entries.as_slice() else {
            return self.refuse(node, mistake::when_of_nothing(WHEN));
        };
        let (key, is) = (entry.key.as_ref(), entry.number());
        let condition = self.need(key.zip(is), entry, || mistake::when_of_nothing(WHEN));
        let (key, is) = condition?;
        let decides = |field: &&Field| {
            field.presence == Presence::Always && self.sort_of(&field.type_name) == Some(Sort::Int)
        };
        let numbers: Vec<String> = all
            .fields
            .iter()
            .filter(decides)
            .map(|field| field.name.clone())
            .collect();
        let is_known = numbers.contains(&key.text);
        self.must(is_known, key, || {
            let known = numbers.iter().map(String::as_str);
            mistake::no_deciding_field(&key.text).one_of(&key.text, known)
        })?;
        let named = |field: &Field| field.name == key.text;
        let field = all.fields.iter().position(named)?;
        let type_name = all.fields.get(field).map(|field| &field.type_name)?;
        let kinds = self.grammar.kinds_of_type(type_name, &Choices::new());
        let ints = kinds.into_iter().filter_map(|kind| match kind {
            TypeKind::Int(int) => Some(*int),
            _ => None,
        });
        let ints: Vec<IntType> = ints.collect();
        let int = ints.first()?;
        let is_possible = ints.iter().any(|int| int.carries(is));
        self.must(is_possible, entry, || {
            mistake::when_too_wide(&key.text, is, int.min(), int.max())
        })?;
        self.group(node, Presence::When { field, is }, WHEN, all)
    }

    /// Reads `bits uint16 { version 9; kind 7 }`: fields that share one integer. The first field has the highest bits.
    fn bits(&mut self, node: &Node, all: &mut Fields) -> Option<()> {
        let [entry] = self.arguments(node, Shape::like(BITS).and_block())?;
        let int = self.integer_of(entry)?;
        let is_plain = int.min() == 0 && !int.is_varint();
        self.must(is_plain, entry, || mistake::not_for_bits(int))?;
        let widths = node.block().iter().map(|child| {
            let is_whole = child.children.is_none() && child.entries.len() == 1;
            let width = child.arguments().next().and_then(Entry::count);
            let width = width.filter(|width| is_whole && (1..=int.bits()).contains(width));
            self.need(width, child, || mistake::not_bits(&child.name.text, BITS))
        });
        let widths: Vec<usize> = widths.collect::<Option<_>>()?;
        let sum: usize = widths.iter().sum();
        self.must(sum == int.bits(), node, || {
            mistake::bits_of_another_number(sum, int, int.bits())
        })?;
        let first = all.fields.len();
        let mut shift = sum;
        for (child, width) in node.block().iter().zip(widths) {
            shift -= width;
            let name = child.name.text.clone();
            if !self.is_first(&mut all.names, &name, "field", child) {
                continue;
            }
            self.check_place_of(Presence::Always, &all.fields, child);
            all.fields.push(Field {
                name,
                type_name: self.type_of_bits(width),
                bits: Some(Bits {
                    first,
                    int,
                    shift,
                    width,
                }),
                ..Field::default()
            });
        }
        Some(())
    }

    /// Returns the name of the type for a number with this many bits. No file can use this name, because it contains a
    /// space.
    fn type_of_bits(&mut self, width: usize) -> String {
        let name = format!("{width} bits");
        let types = &mut self.grammar.types;
        if !types.iter().any(|known| known.name == name) {
            types.push(TypeDefinition {
                name: name.clone(),
                kind: TypeKind::Int(IntType::part(width)),
            });
        }
        name
    }

    fn group(
        &mut self,
        node: &Node,
        presence: Presence,
        example: &str,
        all: &mut Fields,
    ) -> Option<()> {
        self.must(!node.block().is_empty(), node, || {
            mistake::empty_group(example)
        })?;
        for child in node.block() {
            let is_field = child.name.text == "field";
            if self.check(is_field, child, || {
                mistake::not_in_a_group(&child.name.text, example)
            }) {
                self.add_field(child, presence, all);
            }
        }
        Some(())
    }

    fn add_field(&mut self, node: &Node, presence: Presence, all: &mut Fields) -> Option<()> {
        let field = self.field(node, &all.fields)?;
        let is_first = self.is_first(&mut all.names, &field.name, "field", node);
        is_first.then_some(())?;
        self.check_place_of(presence, &all.fields, node);
        // The first field of an `optional` block must have at least one byte, because its bytes show whether the frame has
        // the block.
        let begins = presence
            == Presence::Optional {
                first: all.fields.len(),
            };
        let is_open = self.may_be_empty(&field);
        self.check(!(begins && is_open), node, || {
            mistake::optional_rest(&field.name, &field.type_name)
        });
        all.fields.push(Field { presence, ..field });
        Some(())
    }

    /// Returns whether the field takes all bytes up to the end of the frame. Such a field can be empty.
    fn may_be_empty(&self, field: &Field) -> bool {
        let kinds = self
            .grammar
            .kinds_of_type(&field.type_name, &Choices::new());
        kinds.iter().any(|kind| kind.ends_with_the_frame())
    }

    /// Checks that a field can follow the earlier fields. No earlier field may take the rest of the same frame. A field that
    /// is always sent may not follow an optional field.
    fn check_place_of(&mut self, presence: Presence, earlier: &[Field], node: &Node) {
        let is_optional = |presence: Presence| matches!(presence, Presence::Optional { .. });
        let open = earlier
            .iter()
            .find(|field| self.may_be_empty(field) && !are_exclusive(field.presence, presence));
        if let Some(open) = open {
            let after = mistake::after_the_rest(&open.name, &open.type_name);
            return self.report(node, after);
        }
        let optional = earlier.iter().find(|field| is_optional(field.presence));
        if let Some(optional) = optional.filter(|_| !is_optional(presence)) {
            self.report(node, mistake::after_optional(&optional.name));
        }
    }
}

/// Returns whether two fields exclude each other: no frame has both of them.
fn are_exclusive(one: Presence, other: Presence) -> bool {
    match (one, other) {
        (
            Presence::When { field, is },
            Presence::When {
                field: other,
                is: others,
            },
        ) => field == other && is != others,
        _ => false,
    }
}
