//! The client's half of the protocols. A server and peers send any bytes, while the user does anything.
//!
//! Two dialogues (the client's half, without sockets) get the same intents of the user. The first gets each string of bytes
//! in one part, the second gets it in two parts. Both must demand the same actions from the program.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use matou_protocols::chathack::client::{Account, ChatHackClient};
use matou_protocols::chaton::client::ChatonClient;
use matou_protocols::chaton::{Codec, LongWidth};
use matou_protocols::chatos_1_0::client::Chatos10Client;
use matou_protocols::chatos_groupe2::client::ChatosGroupe2Client;
use matou_protocols::chatr::client::{Book, ChatrClient, PeerToPeer};
use matou_protocols::dialogue::{
    Action, Content, Dialogue, Direction, Intent, Refusal, Source, TunnelId,
};
use matou_protocols::room::Entropy;
use matou_protocols::wire::Explained;
use uuid::Uuid;

use crate::script::Script;

/// Maximum number of deeds (things that the user, the server or a peer does) in one check.
const MOST_DEEDS: usize = 200;

const NAMES: [&str; 4] = [
    "alice",
    "bob",
    "carol",
    "626f6200-0000-0000-0000-000000000000",
];
const TEXTS: [&str; 3] = ["hello", "", "two\nlines"];

/// Checks the client of one protocol, which the first byte chooses.
pub(crate) fn all(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let protocol = script.byte().unwrap_or(0);
    let mut twins = Twins {
        whole: Client::new(protocol),
        cut: Client::new(protocol),
    };
    for _ in 0..MOST_DEEDS {
        let Some(deed) = script.byte() else { return };
        twins.perform(deed, &mut script);
    }
}

fn dialogue(protocol: u8) -> Box<dyn Dialogue> {
    let entropy = || -> Entropy {
        let mut state = 0_u64;
        Box::new(move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            state
        })
    };
    let account = Account {
        login: "alice".to_owned(),
        password: "townhall".to_owned(),
    };
    let four = Codec {
        long: LongWidth::Four,
    };
    match protocol % 7 {
        0 => Box::new(ChatonClient::new(Codec::default())),
        1 => Box::new(ChatonClient::new(four)),
        2 => Box::new(ChatosGroupe2Client::new(Codec::default())),
        3 => Box::new(Chatos10Client::new(entropy())),
        4 => Box::new(ChatHackClient::new(Some(account), entropy())),
        5 => Box::new(ChatHackClient::new(None, entropy())),
        _ => Box::new(ChatrClient::new(
            Uuid::from_bytes(*b"alice\0\0\0\0\0\0\0\0\0\0\0"),
            b"a signature".to_vec(),
            Book::default(),
            PeerToPeer::Possible,
        )),
    }
}

/// A dialogue, and the bytes of each connection that it has not decoded yet.
struct Client {
    dialogue: Box<dyn Dialogue>,
    server: Vec<u8>,
    tunnels: BTreeMap<TunnelId, Vec<u8>>,
}

impl Client {
    fn new(protocol: u8) -> Client {
        let mut dialogue = dialogue(protocol);
        let address = SocketAddr::from(([127, 0, 0, 1], 7777));
        dialogue.reached(address, address);
        Client {
            dialogue,
            server: Vec::new(),
            tunnels: BTreeMap::new(),
        }
    }

    /// Decodes all frames that have arrived from this source, and adds the actions to `all`. Returns false if these bytes
    /// are not a frame. In this case the connection has ended.
    fn hear(&mut self, from: Source, bytes: &[u8], all: &mut Vec<Action>) -> bool {
        let waiting = match from {
            Source::Server => Some(&mut self.server),
            Source::Tunnel(tunnel) => self.tunnels.get_mut(&tunnel),
        };
        let Some(waiting) = waiting else { return false };
        let mut waiting = std::mem::take(waiting);
        waiting.extend_from_slice(bytes);
        let mut at = 0;
        while at < waiting.len() {
            match self.dialogue.receive(from, &waiting[at..]) {
                Ok(None) => break,
                Ok(Some((length, actions))) => {
                    self.check_explained(from, &waiting[at..]);
                    assert!(length > 0, "a frame without bytes: {actions:?}");
                    at += length;
                    all.extend(self.wanted(actions));
                }
                Err(fault) => {
                    assert!(!fault.to_string().is_empty());
                    self.ends(from);
                    return false;
                }
            }
        }
        let left = waiting.get(at..).unwrap_or_default().to_vec();
        match from {
            Source::Server => self.server = left,
            Source::Tunnel(tunnel) => {
                self.tunnels.insert(tunnel, left);
            }
        }
        true
    }

    fn ends(&mut self, from: Source) {
        match from {
            Source::Server => {
                self.server.clear();
                self.dialogue.disconnected();
            }
            Source::Tunnel(tunnel) => {
                if self.tunnels.remove(&tunnel).is_some() {
                    self.dialogue.ended(tunnel);
                }
            }
        }
    }

    /// Checks the actions that the dialogue demands, and remembers the connections that it wants to open.
    fn wanted(&mut self, actions: Vec<Action>) -> Vec<Action> {
        for action in &actions {
            match action {
                Action::Open { tunnel, .. }
                | Action::Connect { tunnel, .. }
                | Action::Listen { tunnel, .. }
                | Action::Meet { tunnel, .. } => {
                    let before = self.tunnels.insert(*tunnel, Vec::new());
                    assert!(before.is_none(), "{tunnel:?} is used twice");
                }
                Action::Send(bytes) => {
                    let explained = self
                        .dialogue
                        .explain(Direction::Sent, Source::Server, bytes);
                    let explained = explained.expect("the client sends whole frames");
                    check_fields(&explained, bytes.len());
                }
                _ => {}
            }
        }
        actions
    }

    fn check_explained(&self, from: Source, bytes: &[u8]) {
        let explained = self.dialogue.explain(Direction::Received, from, bytes);
        if let Some(explained) = explained {
            check_fields(&explained, bytes.len());
        }
    }
}

/// Checks that the fields of a frame follow each other without gaps, and end within the bytes.
fn check_fields(explained: &Explained, length: usize) {
    let mut end = 0;
    for field in &explained.fields {
        assert_eq!(field.range.start, end, "{explained:?}");
        end = field.range.end;
    }
    assert!(end <= length, "{explained:?} in {length} bytes");
}

struct Twins {
    whole: Client,
    cut: Client,
}

impl Twins {
    fn perform(&mut self, deed: u8, script: &mut Script<'_>) {
        let name = NAMES[usize::from(deed >> 4) % NAMES.len()];
        match deed & 15 {
            0..4 => {
                let (bytes, cut) = (script.bytes(), usize::from(script.byte().unwrap_or(0)));
                self.hear(Source::Server, bytes, cut);
            }
            4 | 5 => {
                let Some(tunnel) = self.tunnel(deed) else {
                    return;
                };
                let (bytes, cut) = (script.bytes(), usize::from(script.byte().unwrap_or(0)));
                self.hear(Source::Tunnel(tunnel), bytes, cut);
            }
            6 => self.on_tunnel(deed, |dialogue, tunnel| dialogue.connected(tunnel)),
            7 => self.on_tunnel(deed, |dialogue, tunnel| {
                let at = (deed & 64 == 0).then_some((IpAddr::V4(Ipv4Addr::LOCALHOST), 4000));
                dialogue.listens(tunnel, at.map(SocketAddr::from))
            }),
            8 => self.on_tunnel(deed, |dialogue, tunnel| dialogue.all_sent(tunnel)),
            9 => self.end(deed),
            10 => self.both(|dialogue| dialogue.name(name, "dora")),
            11 => self.frame(script),
            _ => self.intend(name, script),
        }
    }

    /// Lets the user want something, which the script chooses.
    fn intend(&mut self, name: &str, script: &mut Script<'_>) {
        let text = script.one_of(&TEXTS);
        let intents = [
            Intent::LogIn { login: name },
            Intent::Say { text },
            Intent::Whisper { to: name, text },
            Intent::Ask { peer: name },
            Intent::Accept { peer: name },
            Intent::Deny { peer: name },
            Intent::Close { peer: name },
        ];
        let intent = script.one_of(&intents);
        self.both(|dialogue| dialogue.intend(intent));
    }

    fn both(&mut self, act: impl Fn(&mut dyn Dialogue) -> Result<Vec<Action>, Refusal>) {
        let [whole, cut] = [&mut self.whole, &mut self.cut].map(|client| {
            let done = act(&mut *client.dialogue);
            done.map(|actions| client.wanted(actions))
        });
        assert_eq!(whole, cut);
    }

    fn on_tunnel(&mut self, deed: u8, act: impl Fn(&mut dyn Dialogue, TunnelId) -> Vec<Action>) {
        if let Some(tunnel) = self.tunnel(deed) {
            self.both(|dialogue| Ok(act(dialogue, tunnel)));
        }
    }

    fn frame(&self, script: &mut Script<'_>) {
        let name = script.one_of(&TEXTS);
        let size = u64::from(script.byte().unwrap_or(0)) << 24;
        for content in [Content::Text(name), Content::File { name, size }] {
            let _ = self.whole.dialogue.frame(content);
        }
    }

    /// Ends a connection: the connection to the server, or a tunnel.
    fn end(&mut self, deed: u8) {
        let from = match self.tunnel(deed) {
            Some(tunnel) if deed & 128 == 0 => Source::Tunnel(tunnel),
            _ => Source::Server,
        };
        self.whole.ends(from);
        self.cut.ends(from);
    }

    /// Returns one of the open tunnels.
    fn tunnel(&self, deed: u8) -> Option<TunnelId> {
        let mut tunnels = self.whole.tunnels.keys();
        tunnels.nth_back(usize::from(deed >> 4) % 4).copied()
    }

    fn hear(&mut self, from: Source, bytes: &[u8], cut: usize) {
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        let is_open = self.whole.hear(from, bytes, &mut whole);
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        let is_open_too =
            self.cut.hear(from, first, &mut parts) && self.cut.hear(from, second, &mut parts);
        assert_eq!(is_open, is_open_too);
        assert_eq!(joined(parts), joined(whole));
    }
}

/// Joins neighbouring pieces of a file, which are cut where the bytes were cut.
fn joined(actions: Vec<Action>) -> Vec<Action> {
    let mut joined = Vec::new();
    for action in actions {
        match (joined.last_mut(), action) {
            (
                Some(Action::FileBytes { tunnel, bytes }),
                Action::FileBytes {
                    tunnel: same,
                    bytes: more,
                },
            ) if *tunnel == same => bytes.extend(more),
            (_, action) => joined.push(action),
        }
    }
    joined
}
