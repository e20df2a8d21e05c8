//! Runs a room without sockets and without an engine. The clients of a test send frames to the room, and each frame that a
//! client receives becomes a line of text.
//!
//! The code in this file is called the script. It applies the effects of the room as an engine does. It also checks rules
//! that hold in every conversation:
//!
//! * The room sends nothing to a connection that is closed or gone.
//! * A client joins the chat at most once. Before the room has accepted the client's login, the client receives no message
//!   that is for all clients.
//! * When a tunnel opens, the last frame that each end has received says that the tunnel is open. After that the room sends
//!   no frame to the ends.
//! * No remark that the room writes to the log shows a connect_id.

#![allow(
    dead_code,
    reason = "several test crates include this file, and each uses only a part of it"
)]

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use matou_protocols::room::{ConnId, Effect, Effects, Entropy, Event, Flow, Overdue, Protocol};

/// What the script needs to know about a protocol.
pub(crate) trait Spoken {
    type Room: Protocol;
    type Options: Default;
    /// The line that a client receives when its name is accepted.
    const ACCEPTED: &'static str;
    /// The line that both ends of a tunnel receive when it is open.
    const ESTABLISHED: &'static str;
    /// Whether the room may close the ends of an open tunnel.
    const CLOSES_TUNNELS: bool;

    fn codec(options: &Self::Options) -> Codec<Self>;
    fn room(options: Self::Options, entropy: Entropy) -> Self::Room;
    fn is_empty(room: &Self::Room) -> bool;
    /// Returns the correct answer to a question of the room.
    fn answer(question: &Question<Self>) -> Answer<Self>;
    /// Returns the bytes of a frame that logs in with this name.
    fn login(codec: &Codec<Self>, name: &str) -> Vec<u8>;
    /// Decodes the first frame in these bytes from the server.
    fn hear(codec: &Codec<Self>, bytes: &[u8]) -> Heard;
}

pub(crate) type Question<S> = <<S as Spoken>::Room as Protocol>::Question;
pub(crate) type Answer<S> = <<S as Spoken>::Room as Protocol>::Answer;
pub(crate) type Codec<S> = <<S as Spoken>::Room as Protocol>::Codec;

/// A frame of the server: its description, the connect_id in it, and its length in bytes.
pub(crate) struct Heard {
    pub(crate) words: String,
    pub(crate) connect_id: Option<i64>,
    pub(crate) length: usize,
}

/// A frame that a client of this protocol can send.
pub(crate) trait Said<S: Spoken> {
    fn bytes(&self, codec: &Codec<S>) -> Vec<u8>;
}

/// The lines of a conversation in which no client receives anything.
pub(crate) const NOTHING: [&str; 0] = [];

/// A room and the clients that are connected to it.
pub(crate) struct Conversation<S: Spoken> {
    room: S::Room,
    codec: Codec<S>,
    now: Instant,
    last_number: u64,
    people: HashMap<&'static str, ConnId>,
    connections: BTreeMap<ConnId, Connection>,
    /// Questions of the room that are not answered yet.
    questions: BTreeMap<ConnId, Question<S>>,
    /// The number of questions that the room has asked.
    pub(crate) asked: usize,
    /// If true, a question of the room is answered only when the test calls [`Conversation::is_answered`] or a similar
    /// function. If false, the script answers each question at once.
    pub(crate) answers_come_later: bool,
    /// Every connect_id that the room has sent, in order.
    pub(crate) connect_ids: Vec<i64>,
    /// The remarks for the log that the last event caused.
    pub(crate) remarks: Vec<String>,
}

struct Connection {
    who: &'static str,
    flow: Flow,
    heard: Vec<String>,
    name: Option<String>,
    joined: Joined,
    is_finished: bool,
    is_tunnel: bool,
}

#[derive(PartialEq)]
enum Joined {
    NotYet,
    Now,
    Left,
}

impl<S: Spoken> Conversation<S> {
    /// Returns an empty room.
    pub(crate) fn new(options: S::Options) -> Self {
        // These numbers are not random, but they are all different. That is enough for the tests.
        let mut state = 0_u64;
        let entropy = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        Conversation {
            codec: S::codec(&options),
            room: S::room(options, Box::new(entropy)),
            now: Instant::now(),
            last_number: 0,
            people: HashMap::new(),
            connections: BTreeMap::new(),
            questions: BTreeMap::new(),
            asked: 0,
            answers_come_later: false,
            connect_ids: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Returns a room with the default options, in which these clients are logged in under their names.
    pub(crate) fn among<const N: usize>(people: [&'static str; N]) -> Self {
        Self::new(S::Options::default()).joined_by(people)
    }

    /// Connects these clients to the room, and logs them in under their names.
    pub(crate) fn joined_by<const N: usize>(mut self, people: [&'static str; N]) -> Self {
        for who in people {
            self.arrives(who);
            assert_eq!(self.logs_in(who, who), [format!("{who} < {}", S::ACCEPTED)]);
        }
        self
    }

    /// Lets a client send the frame that logs in with this name.
    pub(crate) fn logs_in(&mut self, who: &str, name: &str) -> Vec<String> {
        let login = S::login(&self.codec, name);
        self.sends(who, &login)
    }

    /// Connects a client from 192.0.2.1, an address that is reserved for documentation.
    pub(crate) fn arrives(&mut self, who: &'static str) {
        self.arrives_from(who, "192.0.2.1");
    }

    /// Connects a client from this address.
    pub(crate) fn arrives_from(&mut self, who: &'static str, address: &str) {
        self.last_number += 1;
        let id = ConnId(self.last_number);
        self.people.insert(who, id);
        let connection = Connection {
            who,
            flow: Flow::Frames,
            heard: Vec::new(),
            name: None,
            joined: Joined::NotYet,
            is_finished: false,
            is_tunnel: false,
        };
        self.connections.insert(id, connection);
        let ip = address.parse().expect("the test writes an address");
        let heard = self.happens(id, Event::Opened(SocketAddr::new(ip, 4000)));
        assert_eq!(heard, NOTHING);
    }

    /// Lets a client send a frame. Returns the lines that all clients receive.
    pub(crate) fn says(&mut self, who: &str, frame: impl Said<S>) -> Vec<String> {
        let bytes = frame.bytes(&self.codec);
        self.sends(who, &bytes)
    }

    /// Lets a client send bytes that arrive in one read. The script decodes one frame after the other, as an engine does.
    pub(crate) fn sends(&mut self, who: &str, mut bytes: &[u8]) -> Vec<String> {
        let id = self.id(who);
        let codec = self.codec.clone();
        let mut heard = Vec::new();
        while self.flow(who) == Flow::Frames && !self.questions.contains_key(&id) {
            let is_identified = self.connections[&id].joined == Joined::Now;
            let decoded = match is_identified {
                true => S::Room::decode(&codec, bytes),
                false => S::Room::decode_first(&codec, bytes),
            };
            match decoded {
                Ok(None) => break,
                Ok(Some((command, length))) => {
                    bytes = bytes.get(length..).unwrap_or_default();
                    heard.extend(self.happens(id, Event::Command(command)));
                }
                Err(malformed) => heard.extend(self.happens(id, Event::Malformed(malformed))),
            }
        }
        heard
    }

    /// Gives the room the correct answer to its question about this client.
    pub(crate) fn is_answered(&mut self, who: &str) -> Vec<String> {
        let question = self.questions.get(&self.id(who));
        let answer = S::answer(question.expect("the room has asked a question"));
        self.is_answered_with(who, answer)
    }

    /// Tells the room that the server was too busy to answer the room's question about this client.
    pub(crate) fn is_not_answered(&mut self, who: &str) -> Vec<String> {
        let id = self.id(who);
        let question = self.questions.remove(&id);
        assert!(question.is_some(), "the room has asked no question");
        self.happens(id, Event::Busy)
    }

    /// Returns whether the room is waiting for the answer to a question about this client.
    pub(crate) fn waits_for_an_answer(&self, who: &str) -> bool {
        self.questions.contains_key(&self.id(who))
    }

    /// Gives the room this answer to its question about the client.
    pub(crate) fn is_answered_with(&mut self, who: &str, answer: Answer<S>) -> Vec<String> {
        let id = self.id(who);
        self.questions.remove(&id);
        self.happens(id, Event::Answer(answer))
    }

    /// Tells the room that the key of this name is no longer valid.
    pub(crate) fn is_revoked(&mut self, name: &str) -> Vec<String> {
        let mut out = Effects::default();
        self.room.revoke(name, &mut out);
        self.apply(&out, None)
    }

    /// Lets a client close its sending direction.
    pub(crate) fn hangs_up(&mut self, who: &str) -> Vec<String> {
        self.happens(self.id(who), Event::ReadClosed)
    }

    /// Tells the room that a client's connection is gone: both sides have closed it, or it was reset.
    pub(crate) fn is_gone(&mut self, who: &str) -> Vec<String> {
        let id = self.id(who);
        let heard = self.happens(id, Event::Gone);
        self.connections.remove(&id);
        self.questions.remove(&id);
        self.people.remove(who);
        heard
    }

    /// Tells the room that a time limit of a client has passed.
    pub(crate) fn is_late(&mut self, who: &str, with: Overdue) -> Vec<String> {
        self.happens(self.id(who), Event::Overdue(with))
    }

    /// Lets time pass. Each time a deadline of the room is reached, the script calls the room.
    pub(crate) fn passes(&mut self, time: Duration) -> Vec<String> {
        let until = self.now + time;
        let mut heard = Vec::new();
        while let Some(deadline) = self.room.deadline()
            && deadline <= until
        {
            self.now = self.now.max(deadline);
            let mut out = Effects::default();
            self.room.tick(self.now, &mut out);
            assert!(
                self.room.deadline().is_none_or(|next| next > self.now),
                "after a tick the next deadline must be in the future"
            );
            heard.extend(self.apply(&out, None));
        }
        self.now = until;
        heard
    }

    /// Lets time pass, but does not tell the room about deadlines, as if the thread of the server's clock were late.
    pub(crate) fn passes_unnoticed(&mut self, time: Duration) {
        self.now += time;
    }

    /// Returns how the server must treat the next bytes of this client: as frames, for example, or as bytes of a tunnel.
    pub(crate) fn flow(&self, who: &str) -> Flow {
        self.connections[&self.id(who)].flow
    }

    /// Returns the last connect_id that the room has sent.
    pub(crate) fn last_connect_id(&self) -> i64 {
        *self
            .connect_ids
            .last()
            .expect("the room has sent a connect_id")
    }

    /// Returns the name under which a client is logged in.
    pub(crate) fn login_of(&self, who: &str) -> Option<String> {
        self.connections[self.people.get(who)?].name.clone()
    }

    /// Returns the connected clients, in the order in which they connected.
    pub(crate) fn connected(&self) -> Vec<&'static str> {
        self.connections
            .values()
            .map(|connection| connection.who)
            .collect()
    }

    /// Returns whether the room has forgotten every client.
    pub(crate) fn is_empty(&self) -> bool {
        S::is_empty(&self.room)
    }

    fn id(&self, who: &str) -> ConnId {
        *self
            .people
            .get(who)
            .unwrap_or_else(|| panic!("{who} is not connected"))
    }

    fn happens(
        &mut self,
        id: ConnId,
        event: Event<<S::Room as Protocol>::Command<'_>, Answer<S>>,
    ) -> Vec<String> {
        let mut out = Effects::default();
        let leaves = matches!(event, Event::Gone).then_some(id);
        let flow = self.room.step(id, event, self.now, &mut out);
        let mut heard = self.apply(&out, leaves);
        let connection = self
            .connections
            .get_mut(&id)
            .expect("the client is connected");
        connection.flow = match flow {
            Flow::Frames => Flow::Frames,
            Flow::Raw => Flow::Raw,
            Flow::Closed => Flow::Closed,
            Flow::Ask(question) => {
                self.asked += 1;
                let answer = S::answer(&question);
                let before = self.questions.insert(id, question);
                assert!(
                    before.is_none(),
                    "the room asks a second question before the answer to the first"
                );
                connection.flow = Flow::Frames;
                if !self.answers_come_later {
                    self.questions.remove(&id);
                    heard.extend(self.happens(id, Event::Answer(answer)));
                }
                return heard;
            }
        };
        heard
    }

    fn apply(&mut self, out: &Effects, gone: Option<ConnId>) -> Vec<String> {
        self.remarks = out
            .remarks()
            .iter()
            .map(|remark| remark.words.clone())
            .collect();
        let mut heard = Vec::new();
        for effect in out.log() {
            match effect {
                Effect::All(frames) => {
                    let members: Vec<ConnId> = self.members();
                    for to in members {
                        self.deliver(to, frames, gone, &mut heard);
                    }
                }
                Effect::AllBut(but, frames) => {
                    let members = self.members().into_iter().filter(|member| *member != but);
                    for to in members.collect::<Vec<_>>() {
                        self.deliver(to, frames, gone, &mut heard);
                    }
                }
                Effect::One(to, frames) => self.deliver(to, frames, gone, &mut heard),
                Effect::Join(id, name) => self.join(id, name),
                Effect::Leave(id) => {
                    let connection = self.connection(id);
                    assert!(
                        connection.joined == Joined::Now,
                        "{id} leaves without having joined"
                    );
                    connection.joined = Joined::Left;
                }
                Effect::Finish(id) => {
                    assert_ne!(gone, Some(id), "{id} is gone, but the room closes it");
                    let connection = self.connection(id);
                    assert!(!connection.is_finished, "{id} is closed twice");
                    assert!(
                        S::CLOSES_TUNNELS || !connection.is_tunnel,
                        "{id} is an end of an open tunnel, which only the engine closes"
                    );
                    assert!(
                        connection.joined != Joined::Now,
                        "{id} is closed before it has left the room"
                    );
                    connection.is_finished = true;
                    heard.push(format!("{} is closed", connection.who));
                }
                Effect::Tunnel(one, other) => self.tunnel(one, other, &mut heard),
                Effect::Cut(_) => panic!("no room may use {effect:?}"),
            }
        }
        for (remark, id) in self
            .remarks
            .iter()
            .flat_map(|r| self.connect_ids.iter().map(move |id| (r, id)))
        {
            assert!(
                !remark.contains(&id.to_string()),
                "a remark shows a connect_id: {remark}"
            );
        }
        heard
    }

    fn join(&mut self, id: ConnId, name: &str) {
        let mut members = self.members().into_iter();
        let is_taken = members.any(|other| self.connections[&other].name.as_deref() == Some(name));
        assert!(!is_taken, "two clients have the name {name}");
        let connection = self.connection(id);
        assert!(connection.joined == Joined::NotYet, "{id} joins twice");
        assert_eq!(
            connection.heard.last().map(String::as_str),
            Some(S::ACCEPTED)
        );
        connection.joined = Joined::Now;
        connection.name = Some(name.to_owned());
    }

    fn tunnel(&mut self, one: ConnId, other: ConnId, heard: &mut Vec<String>) {
        assert_ne!(one, other);
        for id in [one, other] {
            let connection = self.connection(id);
            assert_eq!(
                connection.heard.last().map(String::as_str),
                Some(S::ESTABLISHED)
            );
            assert!(
                connection.joined == Joined::NotYet,
                "{id} has a login, but becomes an end of a tunnel"
            );
            assert!(!connection.is_tunnel, "{id} becomes an end of two tunnels");
            connection.is_tunnel = true;
        }
        let (one, other) = (self.connections[&one].who, self.connections[&other].who);
        heard.push(format!("{one} and {other} are joined"));
    }

    fn deliver(
        &mut self,
        to: ConnId,
        mut frames: &[u8],
        gone: Option<ConnId>,
        heard: &mut Vec<String>,
    ) {
        assert_ne!(gone, Some(to), "{to} is gone, but receives a frame");
        while !frames.is_empty() {
            let Heard {
                words,
                connect_id,
                length,
            } = S::hear(&self.codec, frames);
            frames = &frames[length..];
            if let Some(connect_id) = connect_id
                && self.connect_ids.last() != Some(&connect_id)
            {
                assert!(
                    connect_id > 0,
                    "the connect_id {connect_id} is not positive"
                );
                assert!(
                    !self.connect_ids.contains(&connect_id),
                    "the connect_id {connect_id} is used twice"
                );
                self.connect_ids.push(connect_id);
            }
            let connection = self.connection(to);
            assert!(
                !connection.is_finished,
                "{to} is closed, but receives a frame"
            );
            assert!(
                !connection.is_tunnel,
                "{to} is an end of an open tunnel, but receives a frame"
            );
            heard.push(format!("{} < {words}", connection.who));
            connection.heard.push(words);
        }
    }

    fn members(&self) -> Vec<ConnId> {
        let joined = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.joined == Joined::Now);
        joined.map(|(id, _)| *id).collect()
    }

    fn connection(&mut self, id: ConnId) -> &mut Connection {
        let found = self.connections.get_mut(&id);
        found.unwrap_or_else(|| panic!("an effect concerns {id}, which is gone"))
    }
}
