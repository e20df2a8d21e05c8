//! Dissectors: programs with which Wireshark decodes the packets of a protocol. A dissector is one file in the language Lua.
//! It begins with the grammar as a table. The program after the table is the same for all protocols.
//!
//! | file | what |
//! |---|---|
//! | `tables` | the grammar as a table |
//! | `shown` | the fields that Wireshark shows, and their names in filters |
//! | `lua` | tables and values as text in Lua |
//! | `runtime` | the program, in Lua |

mod lua;
mod shown;
mod tables;

use crate::grammar::Grammar;

/// The parts of the program, in their order. Each part uses only the parts before it.
const RUNTIME: [&str; 7] = [
    include_str!("runtime/values.lua"),
    include_str!("runtime/setup.lua"),
    include_str!("runtime/cursor.lua"),
    include_str!("runtime/decode.lua"),
    include_str!("runtime/show.lua"),
    include_str!("runtime/streams.lua"),
    include_str!("runtime/register.lua"),
];

/// The default ports of the protocols that come with the program. Clients and servers of this project use them.
const DEFAULT_PORTS: [(&str, u16); 5] = [
    ("chaton", 7777),
    ("chatos-groupe2", 7778),
    ("chatos-1.0", 7779),
    ("chathack", 7780),
    ("chatr", 7781),
];

/// Returns the default port of a protocol that comes with the program; `None` for other protocols.
#[must_use]
pub fn default_port(protocol: &str) -> Option<u16> {
    let mut known = DEFAULT_PORTS.iter();
    known
        .find(|(name, _)| *name == protocol)
        .map(|(_, port)| *port)
}

/// Returns the dissector of a protocol as the text of a Lua file. The text has only ASCII characters. Wireshark uses the
/// dissector for connections to the server's port `port`. If `port` is `None`, the user must choose the protocol or a port
/// in Wireshark.
#[must_use]
pub fn dissector(grammar: &Grammar, port: Option<u16>) -> String {
    let ports = port.map_or_else(String::new, |port| port.to_string());
    let table = tables::protocol(grammar, &ports);
    let mut file = comment(grammar);
    let begin = "local protocol = ";
    file.push_str(&format!("{begin}{}\n", table.written(0, begin.len())));
    for part in RUNTIME {
        file.push('\n');
        file.push_str(part);
    }
    file
}

/// Returns the comment at the beginning of the file.
fn comment(grammar: &Grammar) -> String {
    let name = shown::in_filter(&grammar.name);
    let mut text = format!(
        "-- A dissector for Wireshark, made by `conformance dissector` from the file wire.kdl of a protocol.\n\
         -- Put it into the folder for personal Lua plugins, which Wireshark shows under Help, About, Folders. Or try it with:\n\
         --     tshark -r CAPTURE -X lua_script:THIS_FILE\n\
         -- A filter names the protocol and a field: {name}.packet == \"NAME\"\n"
    );
    let unused = grammar
        .readings
        .iter()
        .filter(|it| !tables::changes_decoding(it));
    let unused: Vec<String> = unused.map(|it| shown::in_filter(&it.name)).collect();
    if !unused.is_empty() {
        text.push_str(&format!(
            "-- These open questions of the document do not change how bytes are decoded, so they are no preferences here: {}\n",
            unused.join(", ")
        ));
    }
    text.push_str("\n-- The protocol: what every frame begins with, its types, and its packets with their opcodes and fields.\n");
    text
}
