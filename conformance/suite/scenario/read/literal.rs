//! Literal values: texts, numbers, bytes.

use std::net::IpAddr;

use super::Reader;
use super::value::{Target, example_of, length_of};
use crate::grammar::{Sort, TypeKind, Value, is_uuid};
use crate::source::{Entry, Node, Scalar, one_of};

/// Maximum length of the text that one `(xN)"..."` makes, in bytes.
const MAX_REPEATED_BYTES: usize = 16 * 1024 * 1024;

impl Reader<'_> {
    pub(super) fn literal(
        &mut self,
        node: &Node,
        entry: &Entry,
        target: &Target<'_>,
    ) -> Option<Value> {
        let value = match (&entry.value, target.sort) {
            (Scalar::Number(number), Sort::Int) if entry.mark.is_none() => Value::Int(*number),
            (Scalar::Text(text), Sort::Text) => Value::Text(self.text(node, entry, text)?),
            (Scalar::Text(_), Sort::Bytes) if entry.mark.is_some() => {
                Value::Bytes(self.bytes_of(node, entry)?)
            }
            _ => {
                let written = Entry {
                    key: None,
                    ..entry.clone()
                };
                let message = format!("{} takes {}, not {written}", target.name, target.sort);
                return self.refuse(node, &entry.span, message, example_of(target));
            }
        };
        if let Some(why) = self.does_not_fit(&value, target) {
            return self.refuse(
                node,
                &entry.span,
                why,
                format!("see the type {} in wire.kdl", target.type_name),
            );
        }
        Some(value)
    }

    fn text(&mut self, node: &Node, entry: &Entry, text: &str) -> Option<String> {
        let Some(mark) = &entry.mark else {
            if self.scope.lanes.contains_key(text) {
                let message = format!("\"{text}\" is a fixed text, not the name of lane {text}");
                let help = format!(
                    "names are fresh in every run; write @{text}, or choose a text that is not the name of a lane"
                );
                return self.refuse(node, &entry.span, message, help);
            }
            return Some(text.to_owned());
        };
        if let Some(times) = mark
            .text
            .strip_prefix('x')
            .and_then(|times| times.parse::<usize>().ok())
        {
            return self.repeated(node, entry, text, times);
        }
        match mark.text.as_str() {
            "utf8" => Some(text.to_owned()),
            "each" => {
                let help = "`$i` in the text is the value of a counter: repeat 40 as=i { ... msg=(each)\"line $i\" }";
                self.refuse(
                    node,
                    &entry.span,
                    "there is no counter here, or it has another name",
                    help,
                )
            }
            "hex" | "ip" => self.refuse(
                node,
                &mark.span,
                "this field takes text",
                "send bytes that are not text with `raw`",
            ),
            other => {
                let help = one_of(other, ["each", "utf8", "x1024"]);
                self.refuse(
                    node,
                    &mark.span,
                    format!("({other}) is not a mark for text"),
                    help,
                )
            }
        }
    }

    fn repeated(&mut self, node: &Node, entry: &Entry, text: &str, times: usize) -> Option<String> {
        let length = text.len().saturating_mul(times);
        if length > MAX_REPEATED_BYTES || !self.budget.take_literal(length) {
            let message = format!("this text has {length} bytes, more than the maximum");
            return self.refuse(
                node,
                &entry.span,
                message,
                "for many bytes, write: alice > random 1048576 seed=7 as=blob",
            );
        }
        Some(text.repeat(times))
    }

    /// `(hex)"00 ff"`, `(utf8)"abc"`, `(x3)"a"`.
    pub(super) fn bytes_of(&mut self, node: &Node, entry: &Entry) -> Option<Vec<u8>> {
        let example = "write bytes as (hex)\"00 ff\" or (utf8)\"abc\"";
        let (Some(mark), Scalar::Text(text)) = (&entry.mark, &entry.value) else {
            let message = match &entry.mark {
                Some(mark) if self.is_unknown_mark(&mark.text) => {
                    let help = self.known_marks(&mark.text);
                    return self.refuse(
                        node,
                        &mark.span,
                        format!("there is no type or mark ({})", mark.text),
                        help,
                    );
                }
                _ => format!("{entry} is not bytes"),
            };
            return self.refuse(node, &entry.span, message, example);
        };
        match mark.text.as_str() {
            "hex" => match bytes_of_hex(text) {
                Ok(bytes) => Some(bytes),
                Err(wrong) => {
                    let help = "each byte is two digits from 0 to f: (hex)\"00 ff\"";
                    self.refuse(node, &entry.span, format!("`{wrong}` is not a byte"), help)
                }
            },
            other if self.is_unknown_mark(other) => {
                let help = self.known_marks(other);
                self.refuse(
                    node,
                    &mark.span,
                    format!("there is no type or mark ({other})"),
                    help,
                )
            }
            "ip" => self.address(node, entry, text),
            _ => self.text(node, entry, text).map(String::into_bytes),
        }
    }

    /// The bytes of an IP address: 4 or 16.
    fn address(&mut self, node: &Node, entry: &Entry, text: &str) -> Option<Vec<u8>> {
        match text.parse() {
            Ok(IpAddr::V4(address)) => Some(address.octets().to_vec()),
            Ok(IpAddr::V6(address)) => Some(address.octets().to_vec()),
            Err(_) => {
                let help = "write (ip)\"127.0.0.1\" or (ip)\"::1\"";
                let message = format!("{text:?} is not an IP address");
                self.refuse(node, &entry.span, message, help)
            }
        }
    }

    fn is_unknown_mark(&self, mark: &str) -> bool {
        let repeats = mark
            .strip_prefix('x')
            .is_some_and(|times| times.parse::<usize>().is_ok());
        !repeats && !["hex", "utf8", "each", "ip"].contains(&mark)
    }

    fn known_marks(&self, written: &str) -> String {
        let grammar = self.context.grammar;
        let in_readings = grammar
            .readings
            .iter()
            .flat_map(|reading| &reading.choices)
            .flat_map(|choice| &choice.types);
        let mut types: Vec<&str> = grammar
            .types
            .iter()
            .chain(in_readings)
            .map(|known| known.name.as_str())
            .collect();
        types.sort_unstable();
        types.dedup();
        one_of(
            written,
            ["hex", "utf8", "ip", "opcode"].into_iter().chain(types),
        )
    }

    /// Explains why a number of bytes is not one of the sizes that a type of fixed sizes has.
    fn has_another_size(&self, length: usize, target: &Target<'_>) -> Option<String> {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(target.type_name, &self.choices);
        let sizes = grammar.sizes_of(kinds.first()?, &self.choices)?;
        (!sizes.contains(&length)).then(|| {
            let sizes = sizes_in_words(&sizes);
            format!("{} has {sizes}, not {length}", target.name)
        })
    }

    fn is_uuid(&self, target: &Target<'_>) -> bool {
        let kinds = self
            .context
            .grammar
            .kinds_of_type(target.type_name, &self.choices);
        kinds.contains(&&TypeKind::Uuid)
    }

    /// Explains why the value cannot be encoded in one of the readings that are open here.
    fn does_not_fit(&self, value: &Value, target: &Target<'_>) -> Option<String> {
        let name = target.name;
        match value {
            Value::Int(number) => {
                let kinds = self
                    .context
                    .grammar
                    .kinds_of_type(target.type_name, &self.choices);
                kinds.into_iter().find_map(|kind| match kind {
                    TypeKind::Int(int) if !int.carries(*number) => Some(format!(
                        "{number} does not fit into {name}, which ranges from {} to {}",
                        int.min(),
                        int.max()
                    )),
                    _ => None,
                })
            }
            Value::Text(text) if self.is_uuid(target) => (!is_uuid(text)).then(|| {
                format!("{name} takes a UUID in lowercase, with its hyphens, not {text:?}")
            }),
            Value::Text(_) | Value::Bytes(_) => {
                let length = length_of(value);
                if let Some(why) = self.has_another_size(length, target) {
                    return Some(why);
                }
                let prefixes = self.prefixes_of(target.type_name);
                let max = prefixes.iter().map(|int| int.max()).min()?;
                (i128::try_from(length).ok()? > max).then(|| {
                    format!("{length} bytes do not fit into {name}, whose length is at most {max}")
                })
            }
        }
    }
}

/// `4 bytes`, or `4 or 16 bytes`.
pub(super) fn sizes_in_words(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("{} bytes", sizes.join(" or "))
}

/// Returns the bytes, or the first part that is not a byte.
fn bytes_of_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for group in text.split_whitespace() {
        let digits: Vec<char> = group.chars().collect();
        for pair in digits.chunks(2) {
            let written: String = pair.iter().collect();
            let both_are_digits = pair.len() == 2 && pair.iter().all(char::is_ascii_hexdigit);
            match u8::from_str_radix(&written, 16) {
                Ok(byte) if both_are_digits => bytes.push(byte),
                _ => return Err(written),
            }
        }
    }
    Ok(bytes)
}
