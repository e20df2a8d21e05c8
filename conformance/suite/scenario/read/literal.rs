//! Reads literal values: texts, numbers, bytes.

use super::value::{Target, length_of};
use super::{Reader, mistake};
use crate::grammar::{Sort, TypeKind, Value, bytes_of_address, bytes_of_hex, is_uuid};
use crate::source::{Check, Entry, Mistake, Scalar};

/// Maximum length of the text that one `(xN)"..."` makes, in bytes.
const MAX_REPEATED_BYTES: usize = 16 * 1024 * 1024;

impl Reader<'_> {
    pub(super) fn literal(&mut self, entry: &Entry, target: &Target<'_>) -> Option<Value> {
        let value = match (&entry.value, target.sort) {
            (Scalar::Number(number), Sort::Int) if entry.mark.is_none() => Value::Int(*number),
            (Scalar::Text(text), Sort::Text) => Value::Text(self.text(entry, text)?),
            (Scalar::Text(_), Sort::Bytes) if entry.mark.is_some() => {
                Value::Bytes(self.bytes_of(entry)?)
            }
            _ => return self.refuse(entry, target.refuses(entry.without_key())),
        };
        match self.does_not_fit(&value, target) {
            Some(why) => self.refuse(entry, mistake::does_not_fit(why, target.type_name)),
            None => Some(value),
        }
    }

    fn text(&mut self, entry: &Entry, text: &str) -> Option<String> {
        let Some(mark) = &entry.mark else {
            let is_lane = self.scope.lanes.contains_key(text);
            self.must(!is_lane, entry, || mistake::lane_as_a_text(text))?;
            return Some(text.to_owned());
        };
        if let Some(times) = repetitions(&mark.text) {
            return self.repeated(entry, text, times);
        }
        match mark.text.as_str() {
            "utf8" => Some(text.to_owned()),
            "each" => self.refuse(entry, mistake::no_counter()),
            "hex" | "ip" => self.refuse(mark, mistake::bytes_as_text()),
            other => {
                let known = ["each", "utf8", "x1024"];
                self.refuse(
                    mark,
                    mistake::not_a_mark_of_text(other).one_of(other, known),
                )
            }
        }
    }

    fn repeated(&mut self, entry: &Entry, text: &str, times: usize) -> Option<String> {
        let length = text.len().saturating_mul(times);
        let fits = length <= MAX_REPEATED_BYTES && self.budget.take_literal(length);
        self.must(fits, entry, || mistake::too_long(length))?;
        Some(text.repeat(times))
    }

    /// Reads bytes such as `(hex)"00 ff"`, `(utf8)"abc"` or `(x3)"a"`.
    pub(super) fn bytes_of(&mut self, entry: &Entry) -> Option<Vec<u8>> {
        let mark = self.need(entry.mark.as_ref(), entry, || mistake::not_bytes(entry))?;
        if self.is_unknown_mark(&mark.text) {
            return self.refuse(mark, self.unknown_mark(&mark.text));
        }
        let Scalar::Text(text) = &entry.value else {
            return self.refuse(entry, mistake::not_bytes(entry));
        };
        match mark.text.as_str() {
            "hex" => match bytes_of_hex(text) {
                Ok(bytes) => Some(bytes),
                Err(wrong) => self.refuse(entry, mistake::not_a_byte(wrong)),
            },
            "ip" => self.need(bytes_of_address(text), entry, || {
                mistake::not_an_address(&entry.value)
            }),
            _ => self.text(entry, text).map(String::into_bytes),
        }
    }

    fn is_unknown_mark(&self, mark: &str) -> bool {
        repetitions(mark).is_none() && !["hex", "utf8", "each", "ip"].contains(&mark)
    }

    fn unknown_mark(&self, written: &str) -> Mistake {
        let mut types = self.context.grammar.type_names();
        types.sort_unstable();
        types.dedup();
        let known = ["hex", "utf8", "ip", "opcode"].into_iter().chain(types);
        mistake::no_such_mark(written).one_of(written, known)
    }

    /// If a type has only fixed sizes and this length is not one of them, returns an explanation. Returns `None` if the
    /// length fits.
    fn has_another_size(&self, length: usize, target: &Target<'_>) -> Option<String> {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(target.type_name, &self.choices);
        let sizes = grammar.sizes_of(kinds.first()?, &self.choices)?;
        (!sizes.contains(&length)).then(|| {
            let sizes = sizes_in_words(&sizes);
            format!("{} has {sizes}, not {length}", target.name)
        })
    }

    /// Explains why a text or bytes cannot be sent as this type: their size does not fit, or they contain the end bytes of
    /// the type.
    fn is_refused(&self, value: &Value, target: &Target<'_>) -> Option<String> {
        let content = match value {
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            Value::Int(_) | Value::List(_) | Value::Absent => return None,
        };
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(target.type_name, &self.choices);
        let mut extents = kinds.into_iter().filter_map(TypeKind::extent);
        extents.find_map(|extent| extent.refusal(target.name, content))
    }

    fn is_uuid(&self, target: &Target<'_>) -> bool {
        let kinds = self
            .context
            .grammar
            .kinds_of_type(target.type_name, &self.choices);
        kinds.contains(&&TypeKind::Uuid)
    }

    /// Explains why at least one of the choices that are possible here cannot encode the value. Returns `None` if all of them
    /// can encode it.
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
            Value::List(_) | Value::Absent => None,
            Value::Text(text) if self.is_uuid(target) => (!is_uuid(text)).then(|| {
                format!("{name} takes a UUID in lowercase, with its hyphens, not {text:?}")
            }),
            Value::Text(_) | Value::Bytes(_) => {
                let length = length_of(value);
                if let Some(why) = self.has_another_size(length, target) {
                    return Some(why);
                }
                if let Some(why) = self.is_refused(value, target) {
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

/// Returns the sizes as a text, such as `4 bytes` or `4 or 16 bytes`.
pub(super) fn sizes_in_words(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("{} bytes", sizes.join(" or "))
}

/// Returns the number in a mark such as `x1024`.
fn repetitions(mark: &str) -> Option<usize> {
    mark.strip_prefix('x')?.parse().ok()
}
