//! A room without an engine: people say things, and what each of them hears is a line of text.
//!
//! The script does with the room's effects what an engine does, and while it does so it checks what must hold in every
//! conversation: nothing is sent to a connection that is closed or gone, nobody joins twice, nothing said to all comes
//! before the own acceptance, both ends of a tunnel are told that it stands before anything else, no remark shows what
//! opens a tunnel.

#![allow(
    dead_code,
    reason = "each crate of tests includes this file and uses what it needs"
)]

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use matou_protocols::room::{ConnId, Effect, Effects, Entropy, Event, Flow, Overdue, Protocol};

/// A protocol in few words.
pub(crate) trait Spoken {
    type Room: Protocol;
    type Options: Default;
    /// What somebody hears whose name is accepted.
    const ACCEPTED: &'static str;
    /// What an end of a tunnel hears when it stands.
    const ESTABLISHED: &'static str;
    /// Whether the room may close the ends of a tunnel that stands.
    const CLOSES_TUNNELS: bool;

    fn codec(options: &Self::Options) -> Codec<Self>;
    fn room(options: Self::Options, entropy: Entropy) -> Self::Room;
    fn is_empty(room: &Self::Room) -> bool;
    /// What is true, when the room asks.
    fn answer(question: &Question<Self>) -> Answer<Self>;
    /// The bytes that ask for a name.
    fn login(codec: &Codec<Self>, name: &str) -> Vec<u8>;
    /// The frame of the server at the front of the bytes.
    fn hear(codec: &Codec<Self>, bytes: &[u8]) -> Heard;
}

pub(crate) type Question<S> = <<S as Spoken>::Room as Protocol>::Question;
pub(crate) type Answer<S> = <<S as Spoken>::Room as Protocol>::Answer;
pub(crate) type Codec<S> = <<S as Spoken>::Room as Protocol>::Codec;

/// A frame of the server.
pub(crate) struct Heard {
    pub(crate) words: String,
    pub(crate) connect_id: Option<i64>,
    pub(crate) length: usize,
}

/// A frame of a client.
pub(crate) trait Said<Codec> {
    fn bytes(&self, codec: &Codec) -> Vec<u8>;
}

/// What nobody hears.
pub(crate) const NOTHING: [&str; 0] = [];

/// A room and everybody who is connected to it.
pub(crate) struct Conversation<S: Spoken> {
    room: S::Room,
    codec: Codec<S>,
    now: Instant,
    last_number: u64,
    people: HashMap<&'static str, ConnId>,
    connections: BTreeMap<ConnId, Connection>,
    /// What the room asked and was not told yet.
    questions: BTreeMap<ConnId, Question<S>>,
    /// How often the room asked something.
    pub(crate) asked: usize,
    /// Whether the room waits until [`Conversation::is_answered`].
    pub(crate) answers_come_later: bool,
    /// Every connect_id that anybody was given, in order.
    pub(crate) connect_ids: Vec<i64>,
    /// What the room said for the log since the last thing that happened.
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
    /// An empty room.
    pub(crate) fn new(options: S::Options) -> Self {
        // Not random, but no two are the same: what a test needs.
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

    /// A room with the default options, in which these people are identified under their names.
    pub(crate) fn among<const N: usize>(people: [&'static str; N]) -> Self {
        Self::new(S::Options::default()).joined_by(people)
    }

    /// The same room, and these people have come and are identified under their names.
    pub(crate) fn joined_by<const N: usize>(mut self, people: [&'static str; N]) -> Self {
        for who in people {
            self.arrives(who);
            let login = S::login(&self.codec, who);
            assert_eq!(
                self.sends(who, &login),
                [format!("{who} < {}", S::ACCEPTED)]
            );
        }
        self
    }

    /// Somebody connects, from an address of documentation.
    pub(crate) fn arrives(&mut self, who: &'static str) {
        self.arrives_from(who, "192.0.2.1");
    }

    /// Somebody connects from an address.
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

    /// Somebody sends a frame; returns what is heard.
    pub(crate) fn says(&mut self, who: &str, frame: impl Said<Codec<S>>) -> Vec<String> {
        let bytes = frame.bytes(&self.codec);
        self.sends(who, &bytes)
    }

    /// Somebody sends bytes that arrive in one piece: as an engine does, frame after frame while frames are wanted.
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

    /// The true answer comes to what the room asked because of somebody's last frame. Before it, no other frame of theirs is
    /// looked at.
    pub(crate) fn is_answered(&mut self, who: &str) -> Vec<String> {
        let question = self.questions.get(&self.id(who));
        let answer = S::answer(question.expect("the room asked something"));
        self.is_answered_with(who, answer)
    }

    /// What the room asked because of somebody's last frame stays without an answer: too many questions wait.
    pub(crate) fn is_not_answered(&mut self, who: &str) -> Vec<String> {
        let id = self.id(who);
        let question = self.questions.remove(&id);
        assert!(question.is_some(), "the room asked something");
        self.happens(id, Event::Busy)
    }

    /// True while the room waits for an answer because of somebody's last frame.
    pub(crate) fn waits_for_an_answer(&self, who: &str) -> bool {
        self.questions.contains_key(&self.id(who))
    }

    /// The same with any answer.
    pub(crate) fn is_answered_with(&mut self, who: &str, answer: Answer<S>) -> Vec<String> {
        let id = self.id(who);
        self.questions.remove(&id);
        self.happens(id, Event::Answer(answer))
    }

    /// From outside: what identified somebody is no longer valid.
    pub(crate) fn is_revoked(&mut self, name: &str) -> Vec<String> {
        let mut out = Effects::default();
        self.room.revoke(name, &mut out);
        self.apply(&out, None)
    }

    /// Somebody will send no more.
    pub(crate) fn hangs_up(&mut self, who: &str) -> Vec<String> {
        self.happens(self.id(who), Event::ReadClosed)
    }

    /// Somebody's connection is over, without a word or behind one.
    pub(crate) fn is_gone(&mut self, who: &str) -> Vec<String> {
        let id = self.id(who);
        let heard = self.happens(id, Event::Gone);
        self.connections.remove(&id);
        self.questions.remove(&id);
        self.people.remove(who);
        heard
    }

    /// Somebody is late with something.
    pub(crate) fn is_late(&mut self, who: &str, with: Overdue) -> Vec<String> {
        self.happens(self.id(who), Event::Overdue(with))
    }

    /// Time passes. The room is called when it asked to be, and not otherwise.
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
                "a tick leaves nothing undone"
            );
            heard.extend(self.apply(&out, None));
        }
        self.now = until;
        heard
    }

    /// Time passes while the clock's thread is held up: the room is not called.
    pub(crate) fn passes_unnoticed(&mut self, time: Duration) {
        self.now += time;
    }

    /// How somebody's bytes are to be read on.
    pub(crate) fn flow(&self, who: &str) -> Flow {
        self.connections[&self.id(who)].flow
    }

    /// The connect_id that was given last.
    pub(crate) fn last_connect_id(&self) -> i64 {
        *self.connect_ids.last().expect("somebody was given one")
    }

    /// The login that somebody was accepted under.
    pub(crate) fn login_of(&self, who: &str) -> Option<String> {
        self.connections[self.people.get(who)?].name.clone()
    }

    /// Everybody who is connected, in the order in which they came.
    pub(crate) fn everybody(&self) -> Vec<&'static str> {
        self.connections
            .values()
            .map(|connection| connection.who)
            .collect()
    }

    /// True when the room remembers nobody.
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
        let flow = self.room.handle(id, event, self.now, &mut out);
        let mut heard = self.apply(&out, leaves);
        let connection = self.connections.get_mut(&id).expect("it is connected");
        connection.flow = match flow {
            Flow::Frames => Flow::Frames,
            Flow::Raw => Flow::Raw,
            Flow::Closed => Flow::Closed,
            Flow::Ask(question) => {
                self.asked += 1;
                let answer = S::answer(&question);
                let before = self.questions.insert(id, question);
                assert!(before.is_none(), "one question at a time");
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
                    assert_ne!(gone, Some(id), "{id} is gone and needs no end");
                    let connection = self.connection(id);
                    assert!(!connection.is_finished, "{id} is closed twice");
                    assert!(
                        S::CLOSES_TUNNELS || !connection.is_tunnel,
                        "{id} belongs to the engine"
                    );
                    assert!(
                        connection.joined != Joined::Now,
                        "{id} is closed as a member"
                    );
                    connection.is_finished = true;
                    heard.push(format!("{} is closed", connection.who));
                }
                Effect::Tunnel(one, other) => self.tunnel(one, other, &mut heard),
                Effect::Cut(_) => panic!("no room has a use for {effect:?}"),
            }
        }
        for (remark, id) in self
            .remarks
            .iter()
            .flat_map(|r| self.connect_ids.iter().map(move |id| (r, id)))
        {
            assert!(
                !remark.contains(&id.to_string()),
                "a connect_id is shown: {remark}"
            );
        }
        heard
    }

    fn join(&mut self, id: ConnId, name: &str) {
        let mut members = self.members().into_iter();
        let is_taken = members.any(|other| self.connections[&other].name.as_deref() == Some(name));
        assert!(!is_taken, "{name} is the name of two");
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
                "a client is no tunnel's end"
            );
            assert!(!connection.is_tunnel, "an end belongs to one tunnel");
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
        assert_ne!(gone, Some(to), "{to} is gone and hears nothing");
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
                assert!(connect_id > 0, "{connect_id} is not positive");
                assert!(
                    !self.connect_ids.contains(&connect_id),
                    "{connect_id} was given before"
                );
                self.connect_ids.push(connect_id);
            }
            let connection = self.connection(to);
            assert!(!connection.is_finished, "{to} is closed and hears nothing");
            assert!(
                !connection.is_tunnel,
                "{to} is a tunnel's end and hears no frames"
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
        found.unwrap_or_else(|| panic!("an effect for {id}, which is gone"))
    }
}
