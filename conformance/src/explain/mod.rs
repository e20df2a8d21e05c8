//! Explains failures and conversations: in sentences, field by field, and byte by byte.
//!
//! | file | what |
//! |---|---|
//! | `describe` | what was expected and what arrived |
//! | `differ` | the parts of a frame, and those that differ |
//! | `wanted` | the input of `describe`: the expected frame with the values of this play, and the state of the connection |
//! | `hint`, `value_hint`, `number_hint` | the usual causes of wrong bytes, of one wrong value, and of a wrong number before a list |
//! | `words` | frames, values and ends of connections in words |
//! | `annotate` | the meaning of bytes, for the diagrams of the reports |
//!
//! All input of these functions is data (`Shown`, `WantedFrame`); no function uses a running case.

mod annotate;
mod describe;
mod differ;
mod hint;
mod number_hint;
#[cfg(test)]
mod tests;
mod value_hint;
mod wanted;
mod words;

pub use annotate::{annotate, annotate_frame};
pub(crate) use describe::{
    early_frame, no_frame, something, too_few_bytes, wrong_bytes, wrong_frame,
};
pub(crate) use wanted::{Shown, WantedField, WantedFrame, WantedList};
pub(crate) use words::{count, end_in_words};
