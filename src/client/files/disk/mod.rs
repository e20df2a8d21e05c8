//! Files on the disk: the threads that read and write them, and safe names for received files.

mod in_hand;
mod meter;
mod name;
mod reader;
mod target;
mod writer;

pub(crate) use in_hand::{Files, Pace};
pub(crate) use meter::{Meter, bytes_in_words};
pub(crate) use reader::{Look, Reader, Seen, look_at};
pub(crate) use target::Written;
pub(crate) use writer::{Disk, Writer};
