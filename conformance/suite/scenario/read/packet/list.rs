//! Reads the values of lists: `names "a" @bob`, in the braces after a packet.

use super::FieldValue;
use crate::grammar::{Field, Sort};
use crate::scenario::read::step::Phrase;
use crate::scenario::read::value::Target;
use crate::scenario::read::{Reader, mistake};
use crate::source::{Check, Entry, Node};

/// How the values of an expected list may differ from what the step says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::scenario::read) struct Arrangement {
    /// `order=any`: the values may arrive in any order.
    pub(in crate::scenario::read) in_any_order: bool,
    /// `others=yes`: other values may arrive, too.
    pub(in crate::scenario::read) among_others: bool,
}

impl<'a> Reader<'a> {
    /// Returns the names of all list fields of the packet that a phrase names.
    pub(in crate::scenario::read) fn names_of_lists(&self, phrase: &Phrase<'_>) -> Vec<&'a str> {
        let grammar = self.context.grammar;
        let packet = grammar.packet_named(phrase.word);
        let fields = packet.map_or(&[][..], |id| &grammar.packet(id).fields);
        let lists = fields
            .iter()
            .filter(|field| Target::of_field(field, grammar).sort == Sort::List);
        lists.map(|field| field.name.as_str()).collect()
    }
}

impl Reader<'_> {
    /// Divides the nodes in the block of a packet into two parts: the values of its lists, and all other nodes.
    pub(in crate::scenario::read) fn lists_in<'n>(
        &self,
        phrase: &Phrase<'n>,
    ) -> (Vec<&'n Node>, Vec<&'n Node>) {
        let lists = self.names_of_lists(phrase);
        let is_list = |node: &&Node| lists.contains(&node.name.text.as_str());
        phrase.block.iter().partition(is_list)
    }

    /// Reads the values of one list.
    pub(super) fn list_of<T: FieldValue>(
        &mut self,
        node: &Node,
        field: &Field,
        read: fn(&mut Self, &Entry, &Target<'_>) -> Option<T>,
    ) -> Option<T> {
        self.must(node.children.is_none(), node, || {
            mistake::block_in_a_list(&field.name)
        })?;
        let arrangement = self.arrangement(node)?;
        let is_free = arrangement != Arrangement::default();
        self.must(T::MAY_BE_FREE || !is_free, node, mistake::sent_in_any_order)?;
        let item = Target::of_item(field, self.context.grammar);
        // Read all values, even after a mistake, so that all mistakes in them are reported.
        let items: Vec<_> = node
            .arguments()
            .map(|entry| {
                let value = read(self, entry, &item)?;
                let is_placed = !(is_free && value.remembers());
                self.must(is_placed, entry, || mistake::remembers_in_any_order(entry))?;
                Some(value)
            })
            .collect();
        T::list(items.into_iter().collect::<Option<_>>()?, arrangement)
    }

    fn arrangement(&mut self, node: &Node) -> Option<Arrangement> {
        let mut arrangement = Arrangement::default();
        for (key, entry) in node.properties() {
            match (key.text.as_str(), entry.word()) {
                ("order", Some("any")) => arrangement.in_any_order = true,
                ("others", Some("yes")) => arrangement.among_others = true,
                _ => return self.refuse(key, mistake::not_an_arrangement(entry)),
            }
        }
        Some(arrangement)
    }
}
