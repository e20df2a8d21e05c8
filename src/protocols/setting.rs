//! The options of a listener as data: each has a name, a help text and a reference to its value.
//!
//! Each protocol declares its options once, as a list of [`Setting`]s. Each setting contains a reference to a field of the
//! protocol's struct `Options`. A program sets the values from its arguments or its configuration file. The program also
//! prints this list, with the defaults, as its help text.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One option that an operator may set.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The option's name, such as `frame-timeout`.
    pub name: &'static str,
    /// The option's meaning, with its unit: a noun phrase that begins with a capital letter.
    pub help: &'static str,
    /// A reference to its value, which a program can change.
    pub value: Value<'a>,
}

/// A value that an option sets.
#[derive(Debug)]
pub enum Value<'a> {
    /// A whole number, zero or more.
    Usize(&'a mut usize),
    /// A whole number of 32 bits, zero or more.
    U32(&'a mut u32),
    /// A whole number of 64 bits, zero or more.
    U64(&'a mut u64),
    /// A duration.
    Time(&'a mut Duration),
    /// True or false.
    Flag(&'a mut bool),
    /// One of a few words.
    Word(&'a mut dyn OneOf),
    /// The path of a file; `None` when no file is given.
    Path(&'a mut Option<PathBuf>),
}

/// A value that is written as one of a few words.
pub trait OneOf: fmt::Debug {
    /// Returns the allowed words.
    fn words(&self) -> &'static [&'static str];
    /// Returns the word for the current value.
    fn word(&self) -> &'static str;
    /// Sets the value that this word names. If the word is not allowed, changes nothing and returns false.
    fn choose(&mut self, word: &str) -> bool;
}

impl<'a> Setting<'a> {
    /// Makes an option.
    pub fn new(name: &'static str, help: &'static str, value: impl Into<Value<'a>>) -> Setting<'a> {
        let value = value.into();
        Setting { name, help, value }
    }
}

impl<'a> From<&'a mut usize> for Value<'a> {
    fn from(value: &'a mut usize) -> Value<'a> {
        Value::Usize(value)
    }
}

impl<'a> From<&'a mut u32> for Value<'a> {
    fn from(value: &'a mut u32) -> Value<'a> {
        Value::U32(value)
    }
}

impl<'a> From<&'a mut u64> for Value<'a> {
    fn from(value: &'a mut u64) -> Value<'a> {
        Value::U64(value)
    }
}

impl<'a> From<&'a mut Duration> for Value<'a> {
    fn from(value: &'a mut Duration) -> Value<'a> {
        Value::Time(value)
    }
}

impl<'a> From<&'a mut bool> for Value<'a> {
    fn from(value: &'a mut bool) -> Value<'a> {
        Value::Flag(value)
    }
}

impl<'a> From<&'a mut Option<PathBuf>> for Value<'a> {
    fn from(value: &'a mut Option<PathBuf>) -> Value<'a> {
        Value::Path(value)
    }
}
