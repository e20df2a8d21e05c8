//! Tests of the dissectors for Wireshark. `tshark`, which is Wireshark without windows, dissects captures of conversations.
//! The tests compare what it shows with what the codec of the suite decodes from the same bytes.
//!
//! Without tshark these tests check nothing, and say so. `.ci/run` installs it.

mod capture;
mod expected;
mod lodge;
mod mistakes;
mod recorded;
mod segments;
mod shapes;
mod tshark;
mod usage;
