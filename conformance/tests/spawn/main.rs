//! Targets that the runner starts: what befalls them is told, and with the case that did it.

mod command;
mod incidents;
mod starting;
