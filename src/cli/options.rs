//! Parses the options of a listener. `--listen chaton=ADDR,long=4` and the configuration file use the same names and values.
//!
//! A list of [`Setting`]s defines the options of a listener. This module parses values into these settings, and prints the
//! settings as help.

use std::time::Duration;

use matou_protocols::setting::{Setting, Value};
use matou_server::allowed_numbers;
use toml::{Table, Value as Given};

/// Adds `name=value` from an argument to a table. The value becomes an integer, a boolean or a string. A number in an
/// unusual form, such as `+8` or `08`, stays a string, so an option that needs a number refuses it.
///
/// # Errors
/// Returns an explanation if there is no `=` or the name is already in the table.
pub(super) fn add(table: &mut Table, option: &str) -> Result<(), String> {
    let Some((name, value)) = option.split_once('=') else {
        return Err(format!(
            "the option {option:?} has no value; write it as name=value"
        ));
    };
    let value = match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) if number.to_string() == value => Given::Integer(number),
        (_, Ok(flag)) => Given::Boolean(flag),
        _ => Given::String(value.to_owned()),
    };
    match table.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(format!("the option {name} is given twice")),
    }
}

/// Sets each option to its value in the table.
///
/// # Errors
/// Returns an explanation that names the option, the values that it accepts, and the value that was given.
pub(super) fn set_all(
    whose: &str,
    settings: Vec<Setting<'_>>,
    mut table: Table,
) -> Result<(), String> {
    let mut known: Vec<_> = settings.iter().map(|setting| setting.name).collect();
    for Setting { name, value, .. } in settings {
        if let Some(given) = table.remove(name) {
            set(name, value, given).map_err(|why| format!("{name} {why}"))?;
        }
    }
    let Some((name, _)) = table.iter().next() else {
        return Ok(());
    };
    known.sort_unstable();
    Err(format!(
        "{whose} has no option {name:?}; its options are: {}",
        known.join(", ")
    ))
}

fn set(name: &str, value: Value<'_>, given: Given) -> Result<(), String> {
    match value {
        Value::Usize(number) => whole(name, given).map(|given| *number = given),
        Value::U32(number) => whole(name, given).map(|given| *number = given),
        Value::U64(number) => whole(name, given).map(|given| *number = given),
        Value::Time(time) => self::time(given).map(|given| *time = given),
        Value::Flag(flag) => match given {
            Given::Boolean(given) => {
                *flag = given;
                Ok(())
            }
            other => Err(format!("must be true or false, not {other}")),
        },
        Value::Word(chosen) => {
            let word = match given {
                Given::String(word) => word,
                other => other.to_string(),
            };
            if chosen.choose(&word) {
                return Ok(());
            }
            let words = chosen.words().join(" or ");
            Err(format!("must be {words}, not {word:?}"))
        }
        Value::Path(path) => match given {
            Given::String(name) => {
                *path = Some(name.into());
                Ok(())
            }
            other => Err(format!("must be the name of a file, not {other}")),
        },
    }
}

/// Converts a number. A later check finds out whether the server can work with this number.
fn whole<T: TryFrom<i64>>(name: &str, given: Given) -> Result<T, String> {
    let too_large = |number: &str| format!("must be {}, not {number}", allowed_numbers(name));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match given {
        Given::Integer(number) if number >= 0 => {
            T::try_from(number).map_err(|_| too_large(&number.to_string()))
        }
        Given::String(text) if is_number(&text) && !text.starts_with('0') => Err(too_large(&text)),
        other => Err(format!("must be a whole number of at least 0, not {other}")),
    }
}

/// Parses a time: `30s`, `10m`, `1500ms`, or a number of seconds.
fn time(given: Given) -> Result<Duration, String> {
    let time = match given {
        Given::Integer(seconds) => u64::try_from(seconds)
            .map(Duration::from_secs)
            .map_err(|_| seconds.to_string()),
        Given::String(text) => humantime::parse_duration(&text).map_err(|_| text),
        other => Err(other.to_string()),
    };
    time.map_err(|other| format!("must be a time such as 30s, 10m or 1500ms, not {other:?}"))
}

/// Describes each option on two lines: its name with its current value, then its meaning.
pub(super) fn described(settings: &[Setting<'_>]) -> String {
    let entries = settings
        .iter()
        .map(|setting| format!("  {}\n          {}\n", written(setting), setting.help));
    entries.collect()
}

fn written(setting: &Setting<'_>) -> String {
    let value = match &setting.value {
        Value::Usize(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::Time(time) => short_time(**time),
        Value::Flag(flag) => flag.to_string(),
        Value::Word(chosen) => chosen.word().to_owned(),
        Value::Path(_) => "FILE".to_owned(),
    };
    format!("{}={value}", setting.name)
}

fn short_time(time: Duration) -> String {
    let (seconds, milliseconds) = (time.as_secs(), time.as_millis());
    if !milliseconds.is_multiple_of(1000) {
        format!("{milliseconds}ms")
    } else if seconds > 300 && seconds.is_multiple_of(60) {
        format!("{}m", seconds / 60)
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use matou_protocols::chaton::{self, LongWidth};
    use rstest::rstest;

    fn set_text(text: &str) -> Result<chaton::Options, String> {
        let mut table = Table::new();
        for option in text.split(',') {
            add(&mut table, option)?;
        }
        let mut options = chaton::Options::default();
        set_all("chaton", options.settings(), table)?;
        Ok(options)
    }

    #[test]
    fn each_option_sets_its_own_value() {
        let options = set_text("long=4,unused-ids=10,negotiation-timeout=1500ms").unwrap();
        let expected = chaton::Options {
            long: LongWidth::Four,
            unused_ids: 10,
            negotiation_timeout: Duration::from_millis(1500),
            ..chaton::Options::default()
        };
        assert_eq!(options, expected);
    }

    #[rstest]
    #[case(
        "repeat-interval=soon",
        "repeat-interval must be a time such as 30s, 10m or 1500ms, not \"soon\""
    )]
    #[case(
        "repeat-interval=-1",
        "repeat-interval must be a time such as 30s, 10m or 1500ms, not \"-1\""
    )]
    #[case(
        "unused-ids=-1",
        "unused-ids must be a whole number of at least 0, not -1"
    )]
    #[case(
        "unused-ids=18446744073709551615",
        "unused-ids must be 0 to 1000000000, not 18446744073709551615"
    )]
    #[case(
        "unused-ids=+3",
        "unused-ids must be a whole number of at least 0, not \"+3\""
    )]
    #[case(
        "repeat-interval=+5",
        "repeat-interval must be a time such as 30s, 10m or 1500ms, not \"+5\""
    )]
    #[case("long=5", "long must be 8 or 4, not \"5\"")]
    #[case("long=+8", "long must be 8 or 4, not \"+8\"")]
    #[case("long=08", "long must be 8 or 4, not \"08\"")]
    #[case("long", "the option \"long\" has no value; write it as name=value")]
    #[case("long=4,long=8", "the option long is given twice")]
    fn an_error_about_a_value_says_what_the_option_accepts(#[case] text: &str, #[case] says: &str) {
        assert_eq!(set_text(text).unwrap_err(), says);
    }

    #[test]
    fn an_error_about_an_unknown_option_lists_the_known_ones() {
        let told = set_text("lang=4").unwrap_err();
        assert!(
            told.starts_with("chaton has no option \"lang\"; its options are: long, "),
            "{told}"
        );
    }

    #[rstest]
    #[case(Duration::from_millis(4500), "4500ms")]
    #[case(Duration::from_secs(120), "120s")]
    #[case(Duration::from_mins(10), "10m")]
    fn a_time_is_written_in_a_form_that_can_be_read(#[case] time: Duration, #[case] written: &str) {
        assert_eq!(short_time(time), written);
        assert_eq!(super::time(Given::String(written.to_owned())), Ok(time));
    }

    #[test]
    fn the_description_has_two_lines_for_each_option_with_its_default() {
        let mut options = chaton::Options::default();
        let told = described(&options.settings());
        assert_eq!(told.lines().count(), 2 * options.settings().len());
        assert!(told.starts_with("  long=8\n"), "{told}");
        assert!(told.contains("negotiation-timeout=10m\n"), "{told}");
    }
}
