//! The record of a play. While a case is played, its steps write this record. The module `judge` derives the verdict from
//! the record, and the reports show it.
//!
//! | file | what |
//! |---|---|
//! | `look` | what is next on a connection: a frame, half a frame, or the end of the connection |
//! | `failure` | why a case did not reach its end |
//! | `event` | the events on the lanes of a case |
//! | `segments` | how sends are divided into segments, and the places where sends were cut |
//! | `incident` | what happened to the process of the target |
//! | `shortage` | why a case was not played |
//! | `played` | all of this together, for one play of one case |

mod event;
mod failure;
mod incident;
mod look;
mod played;
mod segments;
mod shortage;

pub use event::{Annotated, Direction, Event, EventField, TcpSign};
pub use failure::{Failure, FailureKind, FieldReport, Place};
pub(crate) use failure::{Stray, hex};
pub use incident::{Incident, IncidentKind};
pub use look::End;
pub(crate) use look::Look;
pub(crate) use played::Played;
pub use segments::Segments;
pub(crate) use segments::{Made, Point};
pub use shortage::Shortage;
