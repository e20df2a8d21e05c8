//! Options of a listener: the same names and values in `--listen chaton=ADDR,long=4` and in a config file.
//!
//! Each option is taken out of the table by whoever knows it; what is left over is a mistake, and the names that were asked
//! for are what could have been written instead.

use std::path::PathBuf;
use std::time::Duration;

use toml::{Table, Value};

/// A table of options that is being emptied.
#[derive(Debug)]
pub(super) struct Options {
    table: Table,
    known: Vec<&'static str>,
}

impl Options {
    pub(super) fn new(table: Table) -> Options {
        Options {
            table,
            known: Vec::new(),
        }
    }

    /// Reads `name=value` as it stands in an argument. Numbers and `true`/`false` are what they look like.
    ///
    /// # Errors
    /// A sentence, when it has no `=` or stands there twice.
    pub(super) fn add(table: &mut Table, option: &str) -> Result<(), String> {
        let Some((name, value)) = option.split_once('=') else {
            return Err(format!(
                "the option {option:?} has no value; write it as name=value"
            ));
        };
        let value = match (value.parse::<i64>(), value.parse::<bool>()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(truth)) => Value::Boolean(truth),
            _ => Value::String(value.to_owned()),
        };
        match table.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(format!("the option {name} is given twice")),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.table.remove(name)
    }

    /// A whole number that fits the field.
    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        name: &'static str,
        field: &mut T,
    ) -> Result<(), String> {
        match self.take(name) {
            None => Ok(()),
            Some(Value::Integer(number)) if number >= 0 => {
                *field = T::try_from(number)
                    .map_err(|_| format!("{name}={number} is too large a number"))?;
                Ok(())
            }
            Some(other) => Err(format!(
                "{name} takes a whole number that is not negative, not {other}"
            )),
        }
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, name: &'static str, field: &mut bool) -> Result<(), String> {
        match self.take(name) {
            None => Ok(()),
            Some(Value::Boolean(truth)) => {
                *field = truth;
                Ok(())
            }
            Some(other) => Err(format!("{name} takes true or false, not {other}")),
        }
    }

    /// A time: `30s`, `10m`, `1500ms`, or a number of seconds.
    pub(super) fn time(&mut self, name: &'static str, field: &mut Duration) -> Result<(), String> {
        let time = match self.take(name) {
            None => return Ok(()),
            Some(Value::Integer(seconds)) => u64::try_from(seconds)
                .map(Duration::from_secs)
                .map_err(|_| seconds.to_string()),
            Some(Value::String(text)) => humantime::parse_duration(&text).map_err(|_| text),
            Some(other) => Err(other.to_string()),
        };
        *field = time.map_err(|other| {
            format!("{name} takes a time such as 30s, 10m or 1500ms, not {other:?}")
        })?;
        Ok(())
    }

    /// One of some words or numbers, each with what it stands for.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        field: &mut T,
    ) -> Result<(), String> {
        let text = match self.take(name) {
            None => return Ok(()),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => {
                *field = *choice;
                Ok(())
            }
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                Err(format!("{name} takes {}, not {text:?}", words.join(" or ")))
            }
        }
    }

    /// The name of a file.
    pub(super) fn path(&mut self, name: &'static str) -> Result<Option<PathBuf>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.into())),
            Some(other) => Err(format!("{name} takes the name of a file, not {other}")),
        }
    }

    /// Nothing may be left over.
    ///
    /// # Errors
    /// A sentence that names what nobody knows, and what there is.
    pub(super) fn done(mut self, whose: &str) -> Result<(), String> {
        let Some((name, _)) = self.table.iter().next() else {
            return Ok(());
        };
        self.known.sort_unstable();
        Err(format!(
            "{whose} has no option {name:?}; it has {}",
            self.known.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn options(text: &str) -> Options {
        let mut table = Table::new();
        for option in text.split(',') {
            Options::add(&mut table, option).unwrap();
        }
        Options::new(table)
    }

    #[test]
    fn values_are_taken_by_name_and_nothing_is_left() {
        let mut options =
            options("frame-timeout=1500ms,outbox-bytes=10,bound-loopback=true,long=4");
        let (mut time, mut bytes, mut truth, mut long) = (Duration::ZERO, 0_usize, false, 8);
        options.time("frame-timeout", &mut time).unwrap();
        options.number("outbox-bytes", &mut bytes).unwrap();
        options.truth("bound-loopback", &mut truth).unwrap();
        options
            .choice("long", &[("4", 4), ("8", 8)], &mut long)
            .unwrap();
        assert_eq!(
            (time, bytes, truth, long),
            (Duration::from_millis(1500), 10, true, 4)
        );
        options.done("chaton").unwrap();
    }

    #[rstest]
    #[case::not_a_time("x=soon", "x takes a time such as 30s, 10m or 1500ms, not \"soon\"")]
    #[case::negative("x=-1", "x takes a time such as 30s, 10m or 1500ms, not \"-1\"")]
    #[case::unknown("y=1", "chaton has no option \"y\"; it has x")]
    fn a_mistake_says_what_to_write(#[case] text: &str, #[case] says: &str) {
        let mut options = options(text);
        let mut time = Duration::ZERO;
        let told = options
            .time("x", &mut time)
            .and_then(|()| options.done("chaton"));
        assert_eq!(told.unwrap_err(), says);
    }

    #[rstest]
    #[case("long", "the option \"long\" has no value; write it as name=value")]
    #[case("seen=1", "the option seen is given twice")]
    fn an_option_has_one_value(#[case] option: &str, #[case] says: &str) {
        let mut table = Table::new();
        Options::add(&mut table, "seen=1").unwrap();
        assert_eq!(Options::add(&mut table, option).unwrap_err(), says);
    }
}
