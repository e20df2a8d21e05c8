//! A conversation that stands, and the channels to whoever has it.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, TrySendError, bounded};

use super::conversation::{Conversation, Received, State};
use crate::link::{Carrier, Ends, Incoming};
use crate::outgoing::Flow;

/// What carries a link to a peer: a word to the thread `peer`, which has the conversation.
#[derive(Debug)]
pub(super) struct Line(Sender<Control>);

/// What a link wants of its conversation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Control {
    /// Nothing follows what has left.
    EndSending,
    /// It is over.
    Close,
}

/// A carrier and where its words come.
pub(super) fn line() -> (Line, Receiver<Control>) {
    // Each word is said once.
    let (word, control) = bounded(2);
    (Line(word), control)
}

impl Carrier for Line {
    fn close(&self) {
        let _ = self.0.try_send(Control::Close);
    }

    fn end_sending(&self) {
        let _ = self.0.try_send(Control::EndSending);
    }
}

/// One conversation's side of the channels.
pub(super) struct Wired {
    report: Sender<Incoming>,
    /// Until their end was seen.
    pieces: Option<Receiver<Vec<u8>>>,
    control: Receiver<Control>,
    /// Where is said how much the conversation has taken.
    flow: Arc<Flow>,
    /// What was taken from the pieces and has found no room so far.
    unsent: VecDeque<u8>,
    /// What must be told next, as soon as there is room. While something is here nothing more is read, and QUIC holds the
    /// peer back.
    waiting: VecDeque<Incoming>,
    told: Told,
}

/// What has been said for the last time.
#[derive(Debug, Default)]
struct Told {
    end: bool,
    all_sent: bool,
    over: bool,
}

impl Wired {
    pub(super) fn new(ends: Ends, control: Receiver<Control>) -> Wired {
        Wired {
            report: ends.report,
            pieces: Some(ends.pieces),
            control,
            flow: ends.flow,
            unsent: VecDeque::new(),
            waiting: VecDeque::new(),
            told: Told::default(),
        }
    }

    /// Says what may be waited for: that which could be acted on at once.
    pub(super) fn wait_for<'a>(&'a self, select: &mut Select<'a>) {
        select.recv(&self.control);
        if let Some(pieces) = self.pieces.as_ref().filter(|_| self.unsent.is_empty()) {
            select.recv(pieces);
        }
        if !self.waiting.is_empty() {
            select.send(&self.report);
        }
    }

    /// Moves what can be moved. False when nothing ever will be again.
    pub(super) fn serve(&mut self, conversation: &mut Conversation) -> bool {
        match self.control.try_recv() {
            Ok(Control::EndSending) => self.end_now(conversation),
            Err(TryRecvError::Empty) => {}
            Ok(Control::Close) | Err(TryRecvError::Disconnected) => return false,
        }
        self.send(conversation);
        self.receive(conversation);
        !(self.told.over && self.waiting.is_empty())
    }

    fn send(&mut self, conversation: &mut Conversation) {
        loop {
            let written = conversation.write(self.unsent.make_contiguous());
            self.unsent.drain(..written);
            self.flow.take(written);
            self.flow.advance(written);
            if !self.unsent.is_empty() {
                return;
            }
            let Some(pieces) = &self.pieces else {
                return;
            };
            match pieces.try_recv() {
                Ok(piece) => self.unsent.extend(piece),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.end_now(conversation),
            }
        }
    }

    /// Nothing follows what was sent.
    fn end_now(&mut self, conversation: &mut Conversation) {
        if self.pieces.take().is_some() {
            conversation.finish();
        }
    }

    fn receive(&mut self, conversation: &mut Conversation) {
        loop {
            while let Some(incoming) = self.waiting.pop_front() {
                match self.report.try_send(incoming) {
                    Ok(()) => {}
                    Err(TrySendError::Full(incoming)) => {
                        self.waiting.push_front(incoming);
                        return;
                    }
                    // Nobody listens; that the control ends will end it all.
                    Err(TrySendError::Disconnected(_)) => {}
                }
            }
            match self.next(conversation) {
                Some(incoming) => self.waiting.push_back(incoming),
                None => return,
            }
        }
    }

    /// What is to be told next, in the order in which a connection's threads would tell it.
    fn next(&mut self, conversation: &mut Conversation) -> Option<Incoming> {
        match conversation.read() {
            Some(Received::Bytes(bytes)) => return Some(Incoming::Bytes(bytes)),
            Some(Received::End) => {
                self.told.end = true;
                return Some(Incoming::End);
            }
            None => {}
        }
        if self.pieces.is_none() && conversation.all_sent() && !self.told.all_sent {
            self.told.all_sent = true;
            return Some(Incoming::AllSent);
        }
        let State::Over(reason) = conversation.state() else {
            return None;
        };
        if std::mem::replace(&mut self.told.over, true) || self.told.end && self.told.all_sent {
            return None;
        }
        let reason = reason.as_deref().unwrap_or("the peer has left");
        Some(Incoming::ReceiveFailed(std::io::Error::other(
            reason.to_owned(),
        )))
    }
}
