//! No writers: the turn of the model carries out a run without them.

#[derive(Debug)]
pub(super) struct Writers;
