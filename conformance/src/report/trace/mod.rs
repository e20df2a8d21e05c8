//! A trace, for people.
//!
//! | file | what |
//! |---|---|
//! | `text` | as text: a table of fields for each frame |
//! | `picture` | as a picture (SVG): the lanes, the server, and an arrow for each frame |
//! | `piece` | the bytes of a field on the picture |
//! | `canvas` | the shapes of the picture, and its colours |

mod canvas;
mod picture;
mod piece;
mod text;

pub use picture::trace_picture;
pub use text::trace_text;

use crate::trace::Trace;

/// If the trace has a fence, returns a line that explains what a fence is.
fn fences(trace: &Trace) -> Option<&'static str> {
    let has_fence = trace.blocks.iter().any(|block| block.fence);
    has_fence.then_some(
        "fence: an exchange whose answer proves that the server sent nothing else before it",
    )
}
