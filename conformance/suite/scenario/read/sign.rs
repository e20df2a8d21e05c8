//! Signatures: over a lane's own name, and over anything.

use super::Reader;
use super::fragment::is_name;
use super::scope::Remembered;
use super::step::Phrase;
use super::value::Target;
use crate::grammar::{Names, Sort};
use crate::scenario::{Action, Expr, LaneId, Piece, Scheme};
use crate::source::{Entry, Node, Scalar, Span, one_of};

const EXAMPLE: &str = "write: alice > signs (UUID)@alice as=proof";

impl Reader<'_> {
    /// `signature=(signed)@alice`.
    pub(super) fn signed(
        &mut self,
        node: &Node,
        entry: &Entry,
        target: &Target<'_>,
    ) -> Option<Expr> {
        if !self.has_identities(node, &entry.span) {
            return None;
        }
        let lane = match &entry.value {
            Scalar::Word(word) => word.strip_prefix('@'),
            _ => None,
        };
        let Some(lane) = lane.filter(|_| target.sort == Sort::Bytes) else {
            let message = format!("{} is not a signature", entry.value);
            let help = "a lane signs its own name, and the field must take bytes: signature=(signed)@alice";
            return self.refuse(node, &entry.span, message, help);
        };
        self.lane_named(node, lane, &entry.span)
            .map(Expr::SignatureOf)
    }

    /// `alice > signs (UUID)@bob as=proof scheme=pss`.
    pub(super) fn signs(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        if !self.has_identities(phrase.node, phrase.verb_span) {
            return None;
        }
        self.only_properties(phrase, &["as", "scheme"], EXAMPLE)?;
        let entries: Vec<&Entry> = phrase.arguments().collect();
        let pieces: Vec<Piece> = entries
            .iter()
            .filter_map(|entry| self.piece(phrase, entry))
            .collect();
        let scheme = match phrase.property("scheme") {
            None => Scheme::Sha256,
            Some(entry) => self.scheme(phrase, entry)?,
        };
        let name = phrase.property("as").and_then(Entry::word);
        let Some(name) = name.filter(|name| is_name(name)) else {
            let message = "the name for the signature is missing";
            return self.refuse(phrase.node, phrase.verb_span, message, EXAMPLE);
        };
        self.bind(
            phrase.node,
            phrase.verb_span,
            name,
            Remembered::Value(Sort::Bytes),
        );
        (pieces.len() == entries.len()).then_some(Action::Sign {
            lane,
            pieces,
            scheme,
            remember: name.to_owned(),
        })
    }

    fn scheme(&mut self, phrase: &Phrase<'_>, entry: &Entry) -> Option<Scheme> {
        let written = entry.value.to_string();
        let found = Scheme::NAMED.iter().find(|(name, _)| *name == written);
        if found.is_none() {
            let help = one_of(&written, Scheme::NAMED.iter().map(|(name, _)| *name));
            let message = format!("{written} is not a way to sign");
            self.error(phrase.node, &entry.span, message, help);
        }
        found.map(|(_, scheme)| *scheme)
    }

    fn has_identities(&mut self, node: &Node, span: &Span) -> bool {
        let has = self.context.grammar.names == Names::Identities;
        if !has {
            let help = "write `names identities` in wire.kdl to give each lane a UUID and a key";
            self.error(node, span, "lanes of this protocol have no keys", help);
        }
        has
    }
}
