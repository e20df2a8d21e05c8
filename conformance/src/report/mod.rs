//! The results of a run, for people and for programs.
//!
//! | file | what |
//! |---|---|
//! | `terminal`, `explain`, `ladder`, `paint` | for people, on a terminal |
//! | `causes` | what to repair, in words |
//! | `html` | for people, as one page |
//! | `json` | for programs; the complete results |
//! | `junit`, `test_anything`, `github` | for build servers |
//! | `pcapng` | conversations as a capture |
//! | `matrix` | many targets side by side |
//! | `trace` | the conversation of one case, with a meaning for every byte, as text and as a picture |
//! | `laboratory` | which cases catch each known fault |
//! | `words` | the words that all reports share |
//! | `shown` | a copy of a report in which all text from other sources is escaped; [`text`](crate::text) defines how each kind of report escapes it |

mod causes;
mod explain;
mod github;
mod html;
mod json;
mod junit;
mod laboratory;
mod ladder;
mod matrix;
mod paint;
mod pcapng;
mod shown;
mod terminal;
mod test_anything;
mod trace;
mod words;

pub use github::to_annotations;
pub use html::{ladder_page, to_html};
pub use json::{FORMAT, to_json};
pub use junit::to_junit;
pub use laboratory::{laboratory_page, laboratory_text};
pub use ladder::live;
pub use matrix::{table as matrix_table, to_csv as matrix_csv, to_page as matrix_page};
pub use paint::Paint;
pub use pcapng::{Conversation, to_pcapng};
pub use terminal::{Detail, Style, conclusion, head, render, verdict};
pub use test_anything::to_tap;
pub use trace::{trace_picture, trace_text};
