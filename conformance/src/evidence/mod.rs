//! The record of a play: data that the steps fill in, the court judges and the reports show.
//!
//! | file | what |
//! |---|---|
//! | `look` | what a connection shows: a frame, half of one, its end |
//! | `failure` | why a case did not reach its end |
//! | `event` | the events on its lanes |
//! | `segments` | how sends are divided into segments, and where one was cut |
//! | `incident` | what happened to the target itself |
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
