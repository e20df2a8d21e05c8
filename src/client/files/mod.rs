//! Files on the disk: the threads that read and write them, and safe names for received files.

mod in_hand;
mod meter;
mod name;
mod reader;
mod writer;

pub(super) use in_hand::{Files, Pace};
pub(super) use meter::{Meter, bytes_in_words};
pub(super) use reader::{Look, Reader, Seen, look_at};
pub(super) use writer::{Disk, Writer, Written};
