//! Who carries out a run in this model needs no writers.

#[derive(Debug)]
pub(super) struct Writers;
