//! Values of fields: references to lanes and to remembered values. `literal` reads literal values.

use super::Reader;
use super::fragment::is_name;
use super::scope::Remembered;
use crate::grammar::{Choices, Field, Grammar, Sort, Value};
use crate::scenario::{Expr, Pattern};
use crate::source::{Entry, Node, Scalar, Span};

/// The place of a value.
pub(super) struct Target<'a> {
    /// The field or the type, for messages.
    pub(super) name: &'a str,
    pub(super) type_name: &'a str,
    pub(super) sort: Sort,
    field: Option<&'a Field>,
}

impl<'a> Target<'a> {
    pub(super) fn of_field(field: &'a Field, grammar: &Grammar) -> Target<'a> {
        Target {
            name: &field.name,
            field: Some(field),
            ..Target::of_type(&field.type_name, grammar)
        }
    }

    pub(super) fn of_type(type_name: &'a str, grammar: &Grammar) -> Target<'a> {
        let kinds = grammar.kinds_of_type(type_name, &Choices::new());
        let sort = kinds.first().map_or(Sort::Text, |kind| kind.sort());
        Target {
            name: type_name,
            type_name,
            sort,
            field: None,
        }
    }
}

impl Reader<'_> {
    /// Reads a value to send.
    pub(super) fn expr(&mut self, node: &Node, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        if let Some(word) = entry.word() {
            if let Some(name) = word.strip_prefix('?') {
                let help = format!("to send a remembered value, write ${name}");
                return self.refuse(
                    node,
                    &entry.span,
                    format!("?{name} remembers a received value, but this step receives nothing"),
                    help,
                );
            }
            if word == "_" {
                let help = "write the value to send; `_` is only for expectations";
                return self.refuse(node, &entry.span, "`_` is not a value", help);
            }
        }
        self.known_value(node, entry, target)
    }

    /// Reads an expected value.
    pub(super) fn pattern(
        &mut self,
        node: &Node,
        entry: &Entry,
        target: &Target<'_>,
    ) -> Option<Pattern> {
        if let Some(word) = entry.word() {
            if word == "_" {
                return Some(Pattern::Any);
            }
            if let Some(name) = word.strip_prefix('?') {
                if !is_name(name) {
                    return self.refuse(
                        node,
                        &entry.span,
                        format!("?{name} is not a name"),
                        "write names in lowercase: ?id",
                    );
                }
                self.bind(node, &entry.span, name, Remembered::Value(target.sort));
                return Some(Pattern::Bind(name.to_owned()));
            }
        }
        let value = self.known_value(node, entry, target)?;
        if let (Expr::Literal(literal), Some(field)) = (&value, target.field)
            && let Some(why) = never_comes(literal, field)
        {
            return self.refuse(
                node,
                &entry.span,
                why,
                "wire.kdl limits this field; a packet beyond the limit is not a frame of the protocol",
            );
        }
        Some(Pattern::Is(value))
    }

    fn known_value(&mut self, node: &Node, entry: &Entry, target: &Target<'_>) -> Option<Expr> {
        if entry
            .mark
            .as_ref()
            .is_some_and(|mark| mark.text == "signed")
        {
            return self.signed(node, entry, target);
        }
        let Some(word) = entry.word() else {
            if let Some(lane) = address_of(entry) {
                return self.address_of_lane(node, entry, lane, target);
            }
            return self.literal(node, entry, target).map(Expr::Literal);
        };
        if let Some(name) = word.strip_prefix('@') {
            if target.sort != Sort::Text {
                return self.refuse(
                    node,
                    &entry.span,
                    format!("{} takes {}, not a name", target.name, target.sort),
                    example_of(target),
                );
            }
            return self.lane_named(node, name, &entry.span).map(Expr::NameOf);
        }
        if let Some(name) = word.strip_prefix('$') {
            let what = self.remembered(node, &entry.span, name)?;
            let fits = match what {
                Remembered::Value(sort) => sort == target.sort,
                Remembered::Setting => target.sort != Sort::Bytes,
                Remembered::Hash(_) => false,
            };
            if !fits {
                let message = format!(
                    "${name} is {}, and {} takes {}",
                    described(what),
                    target.name,
                    target.sort
                );
                return self.refuse(
                    node,
                    &entry.span,
                    message,
                    "remember the value from a field of the same type",
                );
            }
            return Some(match what {
                Remembered::Setting => Expr::Setting {
                    name: name.to_owned(),
                    sort: target.sort,
                },
                _ => Expr::Remembered(name.to_owned()),
            });
        }
        self.bare_word(node, &entry.span, word, target);
        None
    }

    /// `(ip)@alice`.
    fn address_of_lane(
        &mut self,
        node: &Node,
        entry: &Entry,
        lane: &str,
        target: &Target<'_>,
    ) -> Option<Expr> {
        if target.sort != Sort::Bytes {
            let message = format!("{} takes {}, not an address", target.name, target.sort);
            return self.refuse(node, &entry.span, message, example_of(target));
        }
        self.lane_named(node, lane, &entry.span)
            .map(Expr::AddressOf)
    }

    fn bare_word(&mut self, node: &Node, span: &Span, word: &str, target: &Target<'_>) {
        let name = target.name;
        if self.scope.lanes.contains_key(word) && target.sort == Sort::Text {
            let message = format!("`{word}` is a lane, not its name");
            let help = format!("names are fresh in every run; write {name}=@{word}");
            return self.error(node, span, message, help);
        }
        if target.sort == Sort::Text {
            return self.error(
                node,
                span,
                format!("`{word}` has no quotes"),
                format!("write text in quotes: {name}=\"{word}\""),
            );
        }
        let message = format!("{name} takes {}, not `{word}`", target.sort);
        self.error(node, span, message, example_of(target));
    }

    /// Looks up a remembered name. Reports why it does not exist.
    pub(super) fn remembered(
        &mut self,
        node: &Node,
        span: &Span,
        name: &str,
    ) -> Option<Remembered> {
        let grammar = self.context.grammar;
        let what = self.scope.remembered(name, &self.choices, grammar);
        let elsewhere = self.together.as_ref().and_then(|together| {
            let lanes = together.bound_by.get(name)?;
            lanes
                .iter()
                .next()
                .filter(|_| self.lane.is_none_or(|lane| !lanes.contains(&lane)))
                .copied()
        });
        if let Some(other) = elsewhere {
            let message = format!(
                "{} remembers ${name} at the same time",
                self.lane_name(other)
            );
            return self.refuse(
                node,
                span,
                message,
                "lanes inside `together` do not wait for each other; use the value after the block",
            );
        }
        if what.is_some() {
            return what;
        }
        let (message, help) = if self.scope.partly.contains_key(name) {
            let help = format!("remember it with ?{name} in every case");
            (format!("${name} is not remembered in every case"), help)
        } else {
            let known = self.scope.bound.keys().map(String::as_str);
            let help = crate::source::did_you_mean(name, known).unwrap_or_else(|| {
                format!("remember it first, with ?{name} in an expected packet; or declare a setting: `sets {name}`")
            });
            (format!("no step remembers ${name}"), help)
        };
        self.refuse(node, span, message, help)
    }

    /// Remembers a name from here on.
    pub(super) fn bind(&mut self, node: &Node, span: &Span, name: &str, what: Remembered) {
        let before = self.scope.bound.get(name).copied();
        let before = before.or_else(|| self.scope.partly.get(name).map(|partly| partly.what));
        let clash = match (before, what) {
            (None, _) => false,
            (Some(_), Remembered::Hash(_)) => true,
            (Some(before), what) => before != what,
        };
        if let (true, Some(before)) = (clash, before) {
            let message = format!("{name} is remembered already, as {}", described(before));
            self.error(node, span, message, "give the new value another name");
            return;
        }
        if let (Some(together), Some(lane)) = (&mut self.together, self.lane)
            && (before.is_none() || together.bound_by.contains_key(name))
        {
            together
                .bound_by
                .entry(name.to_owned())
                .or_default()
                .insert(lane);
        }
        self.scope.bound.insert(name.to_owned(), what);
    }
}

/// Returns the lane of `(ip)@alice`.
fn address_of(entry: &Entry) -> Option<&str> {
    match (&entry.mark, &entry.value) {
        (Some(mark), Scalar::Word(word)) if mark.text == "ip" => word.strip_prefix('@'),
        _ => None,
    }
}

fn never_comes(literal: &Value, field: &Field) -> Option<String> {
    if let (Value::Int(number), Some(min)) = (literal, field.min)
        && *number < min
    {
        return Some(format!(
            "{number} can never arrive: {} is at least {min}",
            field.name
        ));
    }
    let max = field.max_bytes?;
    let length = length_of(literal);
    (length > max).then(|| {
        format!(
            "{length} bytes can never arrive: {} has at most {max}",
            field.name
        )
    })
}

pub(super) fn length_of(value: &Value) -> usize {
    match value {
        Value::Int(_) => 0,
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

pub(super) fn example_of(target: &Target<'_>) -> String {
    let name = target.name;
    match target.sort {
        Sort::Int => format!("write a number without quotes: {name}=5"),
        Sort::Text => {
            format!("write text in quotes, {name}=\"hi\", or the name of a lane, {name}=@alice")
        }
        Sort::Bytes => format!("write bytes: {name}=(hex)\"00 ff\""),
    }
}
