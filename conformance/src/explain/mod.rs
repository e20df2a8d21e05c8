//! Failures and conversations in words, field by field and byte by byte.
//!
//! | file | what |
//! |---|---|
//! | `describe` | what was expected and what arrived |
//! | `wanted` | what was expected, with the values of this play, and what arrived instead |
//! | `hint` | the usual causes of wrong bytes |
//! | `words` | frames, values and ends of connections in words |
//! | `annotate` | the meaning of bytes, for the ladder of the reports |
//!
//! Everything here is given as data (`Shown`, `WantedFrame`): nothing knows a running case.

mod annotate;
mod describe;
mod hint;
mod wanted;
mod words;

pub use annotate::{annotate, annotate_frame};
pub(crate) use describe::{
    early_frame, no_frame, something, too_few_bytes, wrong_bytes, wrong_frame,
};
pub(crate) use wanted::{Shown, WantedField, WantedFrame};
pub(crate) use words::{count, end_in_words};
