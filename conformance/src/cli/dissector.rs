//! `conformance dissector`: prints a program with which Wireshark decodes a protocol.

use clap::Args;

use super::{Outcome, words};
use crate::dissector::{default_port, dissector};
use crate::suite::Suite;

/// The arguments of `dissector`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  conformance dissector chaton > chaton.lua
  tshark -r chat.pcapng -X lua_script:chaton.lua

Wireshark reads the file from its folder for personal Lua plugins (Help, About, Folders).")]
pub(super) struct DissectorArguments {
    /// A protocol that comes with the program (`conformance list`), or the folder of a suite
    #[arg(add = words::protocol())]
    protocol: String,

    /// The server's port [default: the default port of a protocol that comes with the program; for a folder, choose the
    /// protocol in Wireshark with Decode As]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

pub(super) fn print(arguments: &DissectorArguments) -> Outcome {
    match Suite::find(&arguments.protocol) {
        Ok(suite) => {
            let port = arguments.port.or_else(|| default_port(&suite.name));
            Outcome::said(dissector(&suite.grammar, port))
        }
        Err(mistakes) => Outcome::mistaken(&mistakes),
    }
}
