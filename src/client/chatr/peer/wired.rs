//! An open conversation, and the channels of its link.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, bounded};

use super::conversation::{Conversation, ConversationState, Received};
use crate::link::outgoing::{Flow, fill};
use crate::link::{Carrier, Ends, Incoming};

/// The carrier of a link to a peer. It passes requests to the thread `peer`, which owns the conversation.
#[derive(Debug)]
pub(super) struct PeerCarrier(Sender<Control>);

/// A request from a link to its conversation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Control {
    /// End this direction: nothing follows the bytes already sent.
    EndSending,
    /// Close the conversation.
    Close,
}

/// Returns a carrier, and the channel on which its requests arrive.
pub(super) fn line() -> (PeerCarrier, Receiver<Control>) {
    // [`Control`] has two values, and each is sent at most once, so the channel always has space.
    let (word, control) = bounded(2);
    (PeerCarrier(word), control)
}

impl Carrier for PeerCarrier {
    fn close(&self) {
        let _ = self.0.try_send(Control::Close);
    }

    fn end_sending(&self) {
        let _ = self.0.try_send(Control::EndSending);
    }
}

/// The conversation's ends of the channels that connect the conversation with its link.
pub(super) struct Wired {
    report: Sender<Incoming>,
    /// The channel of pieces to send; `None` after it has closed.
    pieces: Option<Receiver<Vec<u8>>>,
    control: Receiver<Control>,
    /// Counts the bytes that the conversation has accepted.
    flow: Arc<Flow>,
    /// Bytes that were taken from the channel, and for which the conversation has no space yet.
    unsent: VecDeque<u8>,
    /// The next report, while it waits for space in the channel. Until the channel has space, this code reads nothing more
    /// from the conversation, and QUIC's flow control stops the peer from sending more.
    waiting: VecDeque<Incoming>,
    told: Told,
}

/// The final reports that were already sent. Each final report is sent only once.
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

    /// Adds to `select` the channels that this conversation can use now.
    pub(super) fn wait_for<'a>(&'a self, select: &mut Select<'a>) {
        select.recv(&self.control);
        if let Some(pieces) = self.pieces.as_ref().filter(|_| self.unsent.is_empty()) {
            select.recv(pieces);
        }
        if !self.waiting.is_empty() {
            select.send(&self.report);
        }
    }

    /// Moves as many bytes as possible. Returns false if this conversation will never move bytes again.
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

    /// Ends this direction: nothing follows the bytes that were sent.
    fn end_now(&mut self, conversation: &mut Conversation) {
        if self.pieces.take().is_some() {
            conversation.finish();
        }
    }

    fn receive(&mut self, conversation: &mut Conversation) {
        loop {
            // `fill` fails if the loop has dropped the link. Then the control channel closes too, and this ends the
            // conversation.
            let _ = fill(&self.report, &mut self.waiting);
            if !self.waiting.is_empty() {
                return;
            }
            match self.next(conversation) {
                Some(incoming) => self.waiting.push_back(incoming),
                None => return,
            }
        }
    }

    /// Returns the next report. Reports come in the same order as those of the threads of a TCP connection.
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
        let ConversationState::Over(reason) = conversation.state() else {
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
