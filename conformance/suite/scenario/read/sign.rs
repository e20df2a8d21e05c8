//! Reads signatures: over a lane's own name, or over any bytes.

use super::fragment::is_name;
use super::scope::Remembered;
use super::step::Phrase;
use super::value::Target;
use super::{Reader, mistake};
use crate::grammar::{Names, Sort};
use crate::scenario::{Action, Expr, LaneId, Scheme};
use crate::source::{Check, Entry, Placed, given_or};

const EXAMPLE: &str = "write: alice > signs (UUID)@alice as=proof";

impl Reader<'_> {
    /// Reads a value such as `(signed)@alice`.
    pub(super) fn signed(&mut self, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        self.needs_identities(entry)?;
        let lane = entry
            .word_marked("signed")
            .filter(|_| target.sort == Sort::Bytes);
        let lane = lane.and_then(|word| word.strip_prefix('@'));
        let lane = self.need(lane, entry, || mistake::not_a_signature(&entry.value))?;
        self.lane_named(lane, entry).map(Expr::SignatureOf)
    }

    /// Reads `alice > signs (UUID)@bob as=proof scheme=pss`.
    pub(super) fn signs(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        self.needs_identities(phrase)?;
        self.only_properties(phrase, &["as", "scheme"], EXAMPLE)?;
        let pieces = self.pieces(phrase);
        let scheme = phrase.property("scheme");
        let scheme = given_or(scheme, Scheme::Sha256, |entry| self.scheme(entry))?;
        let name = phrase.property("as").and_then(Entry::word);
        let name = name.filter(|name| is_name(name));
        let name = self.need(name, phrase, || mistake::unnamed_signature(EXAMPLE))?;
        self.bind(name, Remembered::Value(Sort::Bytes), phrase);
        Some(Action::Sign {
            lane,
            pieces: pieces?,
            scheme,
            remember: name.to_owned(),
        })
    }

    fn scheme(&mut self, entry: &Entry) -> Option<Scheme> {
        let written = entry.value.to_string();
        let found = Scheme::NAMED.iter().find(|(name, _)| *name == written);
        let (_, scheme) = self.need(found, entry, || {
            let known = Scheme::NAMED.iter().map(|(name, _)| *name);
            mistake::not_a_scheme(&written).one_of(&written, known)
        })?;
        Some(*scheme)
    }

    fn needs_identities(&mut self, at: &impl Placed) -> Option<()> {
        let has_keys = self.context.grammar.names == Names::Identities;
        self.must(has_keys, at, mistake::no_keys)
    }
}
