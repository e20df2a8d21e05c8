//! Reads values of fields: references to lanes and to remembered values. The file `literal` reads literal values.

use std::fmt::Display;

use super::fragment::is_name;
use super::scope::Remembered;
use super::{Reader, mistake};
use crate::grammar::{Choices, Extent, Field, Grammar, Sort, TypeKind, Value};
use crate::scenario::{Expr, LaneId, Pattern};
use crate::source::{Check, Entry, Mistake, Placed};

/// The field or the type for which a value is being read.
pub(super) struct Target<'a> {
    /// The name of the field or of the type, for messages.
    pub(super) name: &'a str,
    pub(super) type_name: &'a str,
    pub(super) sort: Sort,
    field: Option<&'a Field>,
    /// The sort of the values, if this is a list.
    items: Option<Sort>,
    /// Whether this is one value of a list.
    is_item: bool,
}

impl<'a> Target<'a> {
    pub(super) fn of_field(field: &'a Field, grammar: &Grammar) -> Target<'a> {
        Target {
            name: &field.name,
            field: Some(field),
            ..Target::of_type(&field.type_name, grammar)
        }
    }

    /// Returns the target for one value of a list.
    pub(super) fn of_item(field: &'a Field, grammar: &'a Grammar) -> Target<'a> {
        let kinds = grammar.kinds_of_type(&field.type_name, &Choices::new());
        let of = kinds.first().and_then(|kind| match kind {
            TypeKind::List { of, .. } => Some(of.as_str()),
            _ => None,
        });
        Target {
            name: &field.name,
            field: Some(field),
            is_item: true,
            ..Target::of_type(of.unwrap_or(&field.type_name), grammar)
        }
    }

    pub(super) fn of_type(type_name: &'a str, grammar: &Grammar) -> Target<'a> {
        let kinds = grammar.kinds_of_type(type_name, &Choices::new());
        let sort = kinds.first().map_or(Sort::Text, |kind| kind.sort());
        let items = kinds.first().and_then(|kind| match kind {
            TypeKind::List { of, .. } => grammar
                .kinds_of_type(of, &Choices::new())
                .first()
                .map(|of| of.sort()),
            _ => None,
        });
        Target {
            name: type_name,
            type_name,
            sort,
            field: None,
            items,
            is_item: false,
        }
    }

    /// Returns what a scenario writes before a value: `items=` or, inside a list, `items `.
    fn before_value(&self) -> String {
        let sign = if self.is_item { " " } else { "=" };
        format!("{}{sign}", self.name)
    }

    /// Returns the mistake for a value of the wrong sort.
    pub(super) fn refuses(&self, written: impl Display) -> Mistake {
        mistake::wrong_sort(self.name, self.sort, written, example_of(self))
    }
}

impl Reader<'_> {
    /// Reads a value that the scenario sends.
    pub(super) fn expr(&mut self, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        let word = entry.word().unwrap_or_default();
        if let Some(name) = word.strip_prefix('?') {
            return self.refuse(entry, mistake::remembers_nothing(name));
        }
        self.must(word != "_", entry, mistake::any_is_sent)?;
        self.known_value(entry, target)
    }

    /// Reads a value that the scenario expects.
    pub(super) fn pattern(&mut self, entry: &Entry, target: &Target<'_>) -> Option<Pattern> {
        let word = entry.word().unwrap_or_default();
        if word == "_" {
            return Some(Pattern::Any);
        }
        if let Some(name) = word.strip_prefix('?') {
            self.must(is_name(name), entry, || mistake::not_a_new_name(name))?;
            self.bind(name, Remembered::Value(target.sort), entry);
            return Some(Pattern::Bind(name.to_owned()));
        }
        let value = self.known_value(entry, target)?;
        if let (Expr::Literal(literal), Some(field)) = (&value, target.field)
            && let Some(why) = never_comes(literal, field)
        {
            return self.refuse(entry, mistake::never_arrives(why));
        }
        Some(Pattern::Is(value))
    }

    fn known_value(&mut self, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        if entry
            .mark
            .as_ref()
            .is_some_and(|mark| mark.text == "signed")
        {
            return self.signed(entry, target);
        }
        let address = entry.word_marked("ip");
        if let Some(lane) = address.and_then(|word| word.strip_prefix('@')) {
            let takes_bytes = target.sort == Sort::Bytes;
            self.must(takes_bytes, entry, || target.refuses("an address"))?;
            return self.lane_named(lane, entry).map(Expr::AddressOf);
        }
        let Some(word) = entry.word() else {
            return self.literal(entry, target).map(Expr::Literal);
        };
        if let Some(name) = word.strip_prefix('@') {
            let takes_text = target.sort == Sort::Text;
            self.must(takes_text, entry, || target.refuses("a name"))?;
            let lane = self.lane_named(name, entry)?;
            self.name_fits(lane, entry, target)?;
            return Some(Expr::NameOf(lane));
        }
        if let Some(name) = word.strip_prefix('$') {
            return self.remembered_value(name, entry, target);
        }
        self.refuse(entry, self.bare_word(word, target))
    }

    /// Checks that the name of a lane fits into a text of a fixed size.
    fn name_fits(&mut self, lane: LaneId, entry: &Entry, target: &Target<'_>) -> Option<()> {
        let known = self.scenario.lanes.get(lane.0)?;
        let bytes = known.least_name_bytes(&self.scenario.lanes);
        let lane_name = known.name.clone();
        let kinds = self
            .context
            .grammar
            .kinds_of_type(target.type_name, &self.choices);
        let sizes = kinds.iter().filter_map(|kind| match kind.extent()? {
            Extent::Fixed { size, .. } => Some(*size),
            _ => None,
        });
        match sizes.min().filter(|size| bytes > *size) {
            None => Some(()),
            Some(size) => self.refuse(
                entry,
                mistake::name_too_long(lane_name, bytes, target.name, size),
            ),
        }
    }

    fn remembered_value(&mut self, name: &str, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        let sort = target.sort;
        let what = self.remembered(name, entry)?;
        let fits = match what {
            Remembered::Value(remembered) => remembered == sort,
            Remembered::Setting => matches!(sort, Sort::Int | Sort::Text),
            Remembered::Hash(_) => false,
        };
        self.must(fits, entry, || {
            mistake::remembered_of_another_sort(name, described(what), target.name, sort)
        })?;
        let name = name.to_owned();
        Some(match what {
            Remembered::Setting => Expr::Setting { name, sort },
            _ => Expr::Remembered(name),
        })
    }

    /// Returns the mistake for a word that has no quotes and is not a reference.
    fn bare_word(&self, word: &str, target: &Target<'_>) -> Mistake {
        match target.sort {
            Sort::Text if self.scope.lanes.contains_key(word) => {
                mistake::lane_as_a_name(word, target.before_value())
            }
            Sort::Text => mistake::no_quotes(word, target.before_value()),
            _ => target.refuses(format_args!("`{word}`")),
        }
    }

    /// Looks up a remembered value by name. If no such value is remembered here, reports why.
    pub(super) fn remembered(&mut self, name: &str, at: &impl Placed) -> Option<Remembered> {
        if let Some(other) = self.remembered_at_once(name) {
            let lane = self.lane_name(other);
            return self.refuse(at, mistake::remembered_at_once(lane, name));
        }
        let grammar = self.context.grammar;
        let what = self.scope.remembered(name, &self.choices, grammar);
        if what.is_some() {
            return what;
        }
        if self.scope.partly.contains_key(name) {
            return self.refuse(at, mistake::partly_remembered(name));
        }
        let known = self.scope.bound.keys().map(String::as_str);
        let unknown = mistake::not_remembered(name).or_near(name, known);
        self.refuse(at, unknown)
    }

    /// If another lane of this `together` remembers a value under this name, and the current lane does not, returns that
    /// other lane.
    fn remembered_at_once(&self, name: &str) -> Option<LaneId> {
        let lanes = self.together.as_ref()?.bound_by.get(name)?;
        let is_own = self.lane.is_some_and(|lane| lanes.contains(&lane));
        lanes.first().filter(|_| !is_own).copied()
    }

    /// Notes that the value with this name is remembered from this step on. If the name already stands for another kind of
    /// value, reports that.
    pub(super) fn bind(&mut self, name: &str, what: Remembered, at: &impl Placed) {
        let before = self.scope.bound.get(name).copied();
        let before = before.or_else(|| self.scope.partly.get(name).map(|partly| partly.what));
        if let Some(before) = before
            && (before != what || matches!(what, Remembered::Hash(_)))
        {
            let clash = mistake::remembered_already(name, described(before));
            return self.report(at, clash);
        }
        if let (Some(together), Some(lane)) = (&mut self.together, self.lane)
            && (before.is_none() || together.bound_by.contains_key(name))
        {
            let lanes = together.bound_by.entry(name.to_owned()).or_default();
            lanes.insert(lane);
        }
        self.scope.bound.insert(name.to_owned(), what);
    }
}

fn never_comes(literal: &Value, field: &Field) -> Option<String> {
    let name = &field.name;
    if let (Value::Int(number), Some(min)) = (literal, field.min)
        && *number < min
    {
        return Some(format!(
            "{number} can never arrive, because {name} is at least {min}"
        ));
    }
    if let (Value::Text(text), Some(max)) = (literal, field.max_chars) {
        let count = text.chars().count();
        if count > max {
            return Some(format!(
                "{count} characters can never arrive, because {name} has at most {max}"
            ));
        }
    }
    let (length, max) = (length_of(literal), field.max_bytes?);
    (length > max)
        .then(|| format!("{length} bytes can never arrive, because {name} has at most {max}"))
}

pub(super) fn length_of(value: &Value) -> usize {
    match value {
        Value::Int(_) | Value::List(_) | Value::Absent => 0,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

fn described(what: Remembered) -> String {
    match what {
        Remembered::Value(sort) => sort.to_string(),
        Remembered::Hash(length) => format!("the hash of {length} bytes"),
        Remembered::Setting => "a setting".to_owned(),
    }
}

fn example_of(target: &Target<'_>) -> String {
    let name = target.before_value();
    match target.sort {
        Sort::Int => format!("write a number without quotes: {name}5"),
        Sort::Text => {
            format!("write text in quotes, {name}\"hi\", or the name of a lane, {name}@alice")
        }
        Sort::Bytes => format!("write bytes: {name}(hex)\"00 ff\""),
        Sort::Nothing => "omit it".to_owned(),
        Sort::List => {
            let values = match target.items {
                Some(Sort::Int) => "1 2",
                Some(Sort::Bytes) => "(hex)\"00\" (hex)\"ff\"",
                _ => "\"a\" @bob",
            };
            let name = target.name;
            format!("write the values in braces after the packet: {{ {name} {values} }}")
        }
    }
}
