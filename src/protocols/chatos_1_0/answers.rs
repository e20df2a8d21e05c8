//! Finds out which of the client's packets an ERROR answers. An ERROR does not name the packet, but a server answers packets
//! in the order in which the client sent them.

use std::collections::VecDeque;

use super::ErrorCode;
use super::frames::OwnedNegotiation;

/// A packet of the client that the server answers with an ERROR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// CR
    ConnectionRequest,
    /// SMA
    MessageToAll,
    /// SPM
    PersonalMessage {
        /// The recipient.
        recipient: String,
    },
    /// TCPAsk
    Ask(OwnedNegotiation),
    /// TCPAbort. A server sends no ERROR for a valid TCPAbort: some servers send a copy of the TCPAbort back, others send
    /// nothing.
    Abort(OwnedNegotiation),
}

/// The packets that wait for an answer, oldest first. Equal packets in a row share one entry. So the list stays small even
/// if a script sends many messages faster than the server answers.
#[derive(Debug, Default)]
pub(super) struct Answers(VecDeque<(Sent, u64)>);

impl Answers {
    pub(super) fn expect(&mut self, sent: Sent) {
        match self.0.back_mut() {
            Some((last, count)) if *last == sent => *count += 1,
            _ => self.0.push_back((sent, 1)),
        }
    }

    /// Returns the packet that this ERROR answers; `None` when it answers no packet of this client. Also removes the older
    /// packets from the list: the server answers in order, so it will not answer these packets any more.
    pub(super) fn came(&mut self, code: Option<ErrorCode>) -> Option<Sent> {
        use ErrorCode::{InvalidPseudonym, TcpNotInProtocole};

        while let Some(sent) = self.take() {
            let fits = match sent {
                Sent::Abort(_) => matches!(code, Some(InvalidPseudonym | TcpNotInProtocole)),
                _ => true,
            };
            if fits {
                return Some(sent);
            }
        }
        None
    }

    /// Handles a TCPAbort from the server. Returns true when this is a copy of the client's own TCPAbort, for which no other
    /// answer will come.
    pub(super) fn abort_came(&mut self, is_meant: impl Fn(&OwnedNegotiation) -> bool) -> bool {
        let ours = |(sent, _): &(Sent, u64)| matches!(sent, Sent::Abort(own) if is_meant(own));
        match self.0.iter().position(ours) {
            Some(at) => self.0.remove(at).is_some(),
            None => false,
        }
    }

    fn take(&mut self) -> Option<Sent> {
        let (sent, count) = self.0.front_mut()?;
        if *count > 1 {
            *count -= 1;
            return Some(sent.clone());
        }
        self.0.pop_front().map(|(sent, _)| sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abort() -> Sent {
        Sent::Abort(OwnedNegotiation {
            sender: "bob".into(),
            recipient: "alice".into(),
            password: 7,
        })
    }

    fn whisper(recipient: &str) -> Sent {
        let recipient = recipient.into();
        Sent::PersonalMessage { recipient }
    }

    #[test]
    fn answers_come_in_the_order_of_what_was_sent() {
        let mut answers = Answers::default();
        let sent = [
            Sent::ConnectionRequest,
            Sent::MessageToAll,
            Sent::MessageToAll,
            whisper("bob"),
            whisper("carol"),
            Sent::MessageToAll,
        ];
        sent.iter().for_each(|sent| answers.expect(sent.clone()));
        assert_eq!(answers.0.len(), 5);
        for sent in sent {
            assert_eq!(answers.came(Some(ErrorCode::Ok)), Some(sent));
        }
        assert_eq!(answers.came(Some(ErrorCode::Ok)), None);
    }

    #[test]
    fn an_abort_may_have_no_answer() {
        let mut answers = Answers::default();
        answers.expect(abort());
        answers.expect(Sent::MessageToAll);
        assert_eq!(answers.came(Some(ErrorCode::Ok)), Some(Sent::MessageToAll));
        assert_eq!(answers.came(Some(ErrorCode::Ok)), None);
    }

    #[test]
    fn an_abort_is_answered_by_its_copy_or_by_an_error_of_its_own() {
        let mut answers = Answers::default();
        answers.expect(abort());
        answers.expect(Sent::MessageToAll);
        assert!(!answers.abort_came(|own| own.password == 8));
        assert!(answers.abort_came(|own| own.password == 7));
        assert!(!answers.abort_came(|own| own.password == 7));
        answers.expect(abort());
        assert_eq!(answers.came(Some(ErrorCode::Ok)), Some(Sent::MessageToAll));
        let not_running = Some(ErrorCode::TcpNotInProtocole);
        assert_eq!(answers.came(not_running), Some(abort()));
    }
}
