//! Runs tshark with a dissector, and reads what it shows.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{Command, Output};

use conformance::dissector::dissector;
use conformance::grammar::{Grammar, Side};
use serde_json::Value as Json;

use crate::capture::{PORT, Said, capture};

/// One side of a connection: the number of the connection, and the side.
pub(crate) type End = (usize, bool);

/// A frame, or bytes that are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Item {
    /// The name of the packet, or `tunnel` or `undecoded`.
    pub(crate) what: String,
    /// The values of each field. The key is the field's name in filters, without the name of the protocol.
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    /// What is wrong with the frame.
    pub(crate) mistakes: Vec<String>,
}

/// Returns this side of this connection.
pub(crate) fn end(connection: usize, side: Side) -> End {
    (connection, side == Side::Server)
}

/// Returns true if tshark is missing, or cannot run Lua programs. In this case, also prints that the test is skipped.
pub(crate) fn is_missing() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let is_usable = version.is_ok_and(|text| text.contains("with Lua"));
    if !is_usable {
        // Unlike `eprintln!`, this is also shown if the test passes.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: a test of the dissectors needs tshark with Lua (apt-get install tshark)"
        );
    }
    !is_usable
}

/// Runs tshark on this conversation, with the dissector of this protocol for this port, and with further options.
pub(crate) fn tshark(
    grammar: &Grammar,
    port: Option<u16>,
    said: &[Said],
    options: &[&str],
) -> Output {
    tshark_on(grammar, port, &capture(said), options)
}

/// Runs tshark on a capture.
pub(crate) fn tshark_on(
    grammar: &Grammar,
    port: Option<u16>,
    capture: &[u8],
    options: &[&str],
) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("own.lua"), dissector(grammar, port)).expect("it can be written");
    std::fs::write(path("own.pcapng"), capture).expect("it can be written");
    let output = Command::new("tshark")
        // The settings and plugins of the person who runs the tests must not change the result.
        .env("HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .current_dir(folder.path())
        .args(["-n", "-r", "own.pcapng", "-X", "lua_script:own.lua"])
        .args(options)
        .output()
        .expect("tshark starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !complaints.contains("Lua") && !complaints.contains("arning"),
        "{complaints}"
    );
    output
}

/// Returns the column Info of each packet that has frames.
pub(crate) fn infos(grammar: &Grammar, said: &[Said]) -> Vec<String> {
    let name = filter_of(grammar);
    let options = ["-Y", &name, "-T", "fields", "-e", "_ws.col.Info"];
    let output = tshark(grammar, Some(PORT), said, &options);
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// Returns the name of the protocol in filters.
pub(crate) fn filter_of(grammar: &Grammar) -> String {
    grammar.name.replace(['-', '.'], "_")
}

/// Returns what tshark shows for each end of each connection, in order. Tunnel bytes that follow each other are one item.
pub(crate) fn dissected(
    grammar: &Grammar,
    said: &[Said],
    options: &[&str],
) -> BTreeMap<End, Vec<Item>> {
    dissected_at(grammar, Some(PORT), said, options)
}

/// Returns what tshark shows if the dissector is made for this port.
pub(crate) fn dissected_at(
    grammar: &Grammar,
    port: Option<u16>,
    said: &[Said],
    options: &[&str],
) -> BTreeMap<End, Vec<Item>> {
    let json = ["-T", "json", "--no-duplicate-keys"];
    let output = tshark(grammar, port, said, &[&json, options].concat());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains("Lua Error"), "{shown}");
    let packets: Vec<Json> = serde_json::from_str(&shown).expect("tshark prints JSON");
    let name = filter_of(grammar);
    let mut ends: BTreeMap<End, Vec<Item>> = BTreeMap::new();
    for layers in packets.iter().map(|packet| &packet["_source"]["layers"]) {
        let port = |key: &str| -> usize {
            let text = layers["tcp"][key].as_str().expect("it is a TCP packet");
            text.parse().expect("a port is a number")
        };
        let (from, to) = (port("tcp.srcport"), port("tcp.dstport"));
        let is_from_server = from == usize::from(PORT);
        let client = if is_from_server { to } else { from };
        let items = ends.entry((client - 40_000, is_from_server)).or_default();
        let nodes = match &layers[&name] {
            Json::Array(nodes) => nodes.iter().collect(),
            Json::Null => Vec::new(),
            node => vec![node],
        };
        for node in nodes {
            push(items, item(node, &format!("{name}.")));
        }
    }
    ends.retain(|_, items| !items.is_empty());
    ends
}

/// Adds an item. If the new item and the last item are bytes of the same kind (not frames), the bytes are appended to the
/// last item.
pub(crate) fn push(items: &mut Vec<Item>, new: Item) {
    if let Some(last) = items.last_mut()
        && last.what == new.what
        && let (Some(bytes), Some(more)) =
            (last.fields.get_mut(&new.what), new.fields.get(&new.what))
    {
        *bytes = vec![[bytes.as_slice(), more].concat().join(":")];
        return;
    }
    items.push(new);
}

fn item(node: &Json, prefix: &str) -> Item {
    let mut item = Item::default();
    collect(node, prefix, &mut item);
    item.what = match item.fields.remove("packet") {
        Some(packet) => packet.concat(),
        None => item.fields.keys().cloned().collect(),
    };
    item
}

/// Collects the protocol's fields, and the mistakes, from a part of the tree that tshark prints.
fn collect(node: &Json, prefix: &str, item: &mut Item) {
    let Json::Object(entries) = node else { return };
    for (key, value) in entries {
        let values: Vec<&Json> = match value {
            Json::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            match (key.as_str(), value) {
                ("_ws.expert.message", Json::String(why)) => item.mistakes.push(why.clone()),
                (key, Json::String(text)) if key.starts_with(prefix) => {
                    let name = &key[prefix.len()..];
                    if name != "mistake" && !name.starts_with("expert.") {
                        let values = item.fields.entry(name.to_owned()).or_default();
                        values.push(text.clone());
                    }
                }
                (_, inner) => collect(inner, prefix, item),
            }
        }
    }
}
