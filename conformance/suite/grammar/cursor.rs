//! Reads a frame's bytes from the first to the last. After the cursor has read the length of the frame, it knows where the
//! frame ends.

use super::integer::Int;
use super::types::first_place;
use super::value::in_hex;
use super::{Constant, Counts, DecodedField, Extent, Field, IntType, Value};

/// The reason why decoding stopped before the end of the frame.
pub(super) enum Stop {
    MoreIsNeeded,
    Broken { at: usize, why: String },
}

pub(super) fn broken(at: usize, why: String) -> Stop {
    Stop::Broken { at, why }
}

/// A place in the bytes of a frame.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    /// The offset of the end of the frame; `None` if it is not known yet, or if frames have no length.
    end: Option<usize>,
    /// The number of bytes after the head, if the length field counts only these bytes. It is `None` again after the whole
    /// head has been read.
    payload: Option<usize>,
    /// The parts of the list that is being read: the number of its values, if this number is sent, and the values so far.
    pub(super) begun: Vec<DecodedField>,
}

/// The part of a value (a text or bytes) that has arrived.
pub(super) struct Run<'a> {
    /// The offset of the first byte.
    pub(super) start: usize,
    /// The number of bytes of the length field before it.
    pub(super) prefix: usize,
    /// The bytes that have arrived.
    pub(super) available: &'a [u8],
    /// The maximum number of these bytes that may belong to the end bytes after the value, and not to the value itself.
    pub(super) slack: usize,
    is_whole: bool,
}

impl<'a> Run<'a> {
    /// Returns all bytes of the value.
    pub(super) fn whole(&self) -> Result<&'a [u8], Stop> {
        match self.is_whole {
            true => Ok(self.available),
            false => Err(Stop::MoreIsNeeded),
        }
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor {
            bytes,
            at: 0,
            end: None,
            payload: None,
            begun: Vec::new(),
        }
    }

    /// Returns a field whose bytes begin at `start` and end at the current place.
    pub(super) fn field(&self, name: &str, value: Value, start: usize) -> DecodedField {
        DecodedField {
            name: name.to_owned(),
            value,
            bytes: start..self.at,
            prefix: 0,
            parts: Vec::new(),
        }
    }

    /// Returns whether the frame continues after this place; `None` if frames have no length.
    pub(super) fn has_more(&self) -> Option<bool> {
        self.end.map(|end| end > self.at)
    }

    /// Returns whether fewer than `length` bytes are left before the end of the frame.
    fn ends_within(&self, length: usize) -> bool {
        let needed = self.at.saturating_add(length);
        self.end.is_some_and(|end| needed > end)
    }

    /// Reads the length of the frame, and returns it. If the length field counts only the bytes after the head, the end of
    /// the frame is known after the head has been read; otherwise it is known now.
    pub(super) fn frame_length(&mut self, int: IntType, counts: Counts) -> Result<i128, Stop> {
        let start = self.at;
        let claimed = self.integer(int, "the length")?;
        let whole = usize::try_from(claimed).ok();
        let Some(length) = whole.filter(|_| int.carries(claimed)) else {
            return Err(broken(
                start,
                format!("the length of the frame is {claimed}, which is not possible"),
            ));
        };
        match counts {
            Counts::Payload => self.payload = Some(length),
            Counts::Rest => self.end = Some(self.at.saturating_add(length)),
            Counts::Frame if length < self.at => {
                let head = self.at;
                let why = format!(
                    "the length of the frame is {length}, but the head alone has {head} bytes"
                );
                return Err(broken(start, why));
            }
            Counts::Frame => self.end = Some(length),
        }
        Ok(claimed)
    }

    /// Notes that the head has been read.
    pub(super) fn end_head(&mut self) {
        if let Some(payload) = self.payload.take() {
            self.end = Some(self.at.saturating_add(payload));
        }
    }

    /// Reads bytes that are the same in every frame.
    pub(super) fn constant(&mut self, constant: &Constant) -> Result<(), Stop> {
        let Constant { name, value, .. } = constant;
        let start = self.at;
        let run = self.payload_bytes(constant.bytes.len(), name)?;
        if constant.bytes.starts_with(run.available) {
            return run.whole().map(|_| ());
        }
        let found = match constant.int {
            Some(int) => Value::Int(int.read(run.whole()?).unwrap_or_default()),
            None => Value::Bytes(run.available.to_vec()),
        };
        Err(broken(start, format!("{name} is {found}, not {value}")))
    }

    /// Checks that the last field ends where the frame ends according to its length.
    pub(super) fn check_end(&self, packet: &str) -> Result<(), Stop> {
        match self.end {
            Some(end) if end > self.at => {
                let more = end - self.at;
                let why =
                    format!("the number of surplus bytes after the fields of {packet} is {more}");
                Err(broken(self.at, why))
            }
            _ => Ok(()),
        }
    }

    /// Returns why the bytes before this offset are missing: they have not arrived yet, or they can never arrive because the
    /// frame ends earlier.
    fn missing(&self, up_to: usize, what: &str) -> Stop {
        match self.end {
            Some(end) if up_to > end => broken(self.at, format!("the frame ends inside {what}")),
            _ => Stop::MoreIsNeeded,
        }
    }

    /// Returns the remaining bytes of the frame that have arrived.
    fn rest(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let left = |end: usize| end.saturating_sub(self.at);
        let within = self.end.map_or(rest.len(), left);
        rest.get(..within).unwrap_or(rest)
    }

    pub(super) fn integer(&mut self, int: IntType, what: &str) -> Result<i128, Stop> {
        match int.decode(self.rest()) {
            Int::Whole(number, length) => {
                self.at += length;
                Ok(number)
            }
            Int::Endless => {
                let why = format!(
                    "{what} is a varint that does not end within {} bytes",
                    int.width()
                );
                Err(broken(self.at, why))
            }
            Int::Partial => Err(self.missing(self.at + self.rest().len() + 1, what)),
        }
    }

    /// Returns the integer at this offset. It has been read before, and is now read a second time.
    pub(super) fn integer_at(&self, start: usize, int: IntType) -> i128 {
        let bytes = self.bytes.get(start..).unwrap_or_default();
        int.read(bytes).unwrap_or_default()
    }

    /// Reads a length field, or the number of values of a list. Reports a negative number.
    pub(super) fn count(&mut self, int: IntType, name: &str, what: &str) -> Result<usize, Stop> {
        let start = self.at;
        let claimed = self.integer(int, name)?;
        let negative = |_| {
            broken(
                start,
                format!("the {what} of {name} is {claimed}, which is not possible"),
            )
        };
        usize::try_from(claimed).map_err(negative)
    }

    /// Reads the part of a text or of bytes that has arrived, and checks the field's maximum number of bytes.
    pub(super) fn run(&mut self, extent: &Extent<IntType>, field: &Field) -> Result<Run<'a>, Stop> {
        let start = self.at;
        let run = match extent {
            Extent::Counted { length } => return self.counted(*length, field),
            Extent::Fixed { size, pad } => {
                let run = self.payload_bytes(*size, &field.name)?;
                let end = |pad: &u8| run.available.iter().rposition(|byte| byte != pad);
                let kept = pad.as_ref().map(|pad| end(pad).map_or(0, |last| last + 1));
                let available = kept.and_then(|kept| run.available.get(..kept));
                Run {
                    available: available.unwrap_or(run.available),
                    ..run
                }
            }
            Extent::Ended { by } => self.ended(by, &field.name)?,
            Extent::Rest => {
                let Some(end) = self.end else {
                    let why = format!("nothing says where {} ends", field.name);
                    return Err(broken(start, why));
                };
                self.payload_bytes(end.saturating_sub(self.at), &field.name)?
            }
        };
        match field.max_bytes {
            Some(max) if run.available.len() > max.saturating_add(run.slack) => {
                let why = format!("{} has more than {max} bytes", field.name);
                Err(broken(start, why))
            }
            _ => Ok(run),
        }
    }

    /// Reads a length and checks it against the field's limit. Then reads this number of bytes.
    fn counted(&mut self, length: IntType, field: &Field) -> Result<Run<'a>, Stop> {
        let prefix_at = self.at;
        let name = &field.name;
        let length = self.count(length, name, "length")?;
        if let Some(max) = field.max_bytes.filter(|max| length > *max) {
            let why = format!("the length of {name} is {length}, more than the maximum of {max}");
            return Err(broken(prefix_at, why));
        }
        if self.ends_within(length) {
            let why = format!("the length of {name} is {length}, but the frame ends earlier");
            return Err(broken(prefix_at, why));
        }
        let prefix = self.at - prefix_at;
        let run = self.payload_bytes(length, name)?;
        Ok(Run { prefix, ..run })
    }

    /// Reads a value that ends before the bytes `by`, and then these end bytes.
    fn ended(&mut self, by: &[u8], name: &str) -> Result<Run<'a>, Stop> {
        let start = self.at;
        let rest = self.rest();
        let place = first_place(rest, by);
        let available = rest.get(..place.unwrap_or(rest.len())).unwrap_or(rest);
        let has_arrived = self.end.is_some_and(|end| start + rest.len() >= end);
        if place.is_none() && has_arrived {
            let why = format!(
                "the frame ends inside {name}, before the end bytes {}",
                in_hex(by)
            );
            return Err(broken(start, why));
        }
        if let Some(length) = place {
            self.at = start + length + by.len();
        }
        Ok(Run {
            start,
            prefix: 0,
            available,
            slack: if place.is_some() { 0 } else { by.len() },
            is_whole: place.is_some(),
        })
    }

    /// Reads this number of bytes, or those of them that have arrived.
    pub(super) fn payload_bytes(&mut self, length: usize, what: &str) -> Result<Run<'a>, Stop> {
        let start = self.at;
        if self.ends_within(length) {
            return Err(broken(start, format!("the frame ends inside {what}")));
        }
        let rest = self.bytes.get(start..).unwrap_or_default();
        let available = rest.get(..length).unwrap_or(rest);
        self.at = start.saturating_add(length);
        Ok(Run {
            start,
            prefix: 0,
            available,
            slack: 0,
            is_whole: available.len() >= length,
        })
    }
}
