//! Short names for the packets of the tests.

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Negotiation};

/// Describes a packet of the server in one line.
pub(crate) fn in_words(frame: Frame<'_>) -> String {
    match frame {
        Frame::ConnectionRequest { .. } | Frame::TcpConnect(_) => {
            panic!("the server never sends {frame}")
        }
        Frame::SendPersonalMessage {
            sender,
            recipient,
            message,
        } => format!("SPM {sender} {recipient}: {message}"),
        Frame::SendMessageToAll { sender, message } => format!("SMA {sender}: {message}"),
        Frame::TcpAsk(negotiation)
        | Frame::TcpAccept(negotiation)
        | Frame::TcpAbort(negotiation) => {
            let Negotiation {
                sender,
                recipient,
                password,
            } = negotiation;
            format!("{} {sender} {recipient} {password}", frame.packet())
        }
        Frame::Error { code } => {
            let known = ErrorCode::of(code).expect("a code of the document");
            format!("ERROR {known}")
        }
    }
}

/// Returns a CR.
pub(crate) fn cr(pseudonym: &str) -> Frame<'_> {
    Frame::ConnectionRequest { pseudonym }
}

/// Returns an SPM.
pub(crate) fn spm<'a>(sender: &'a str, recipient: &'a str, message: &'a str) -> Frame<'a> {
    Frame::SendPersonalMessage {
        sender,
        recipient,
        message,
    }
}

/// Returns an SMA.
pub(crate) fn sma<'a>(sender: &'a str, message: &'a str) -> Frame<'a> {
    Frame::SendMessageToAll { sender, message }
}

/// Returns a TCPAsk.
pub(crate) fn ask<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Frame<'a> {
    Frame::TcpAsk(negotiation(sender, recipient, password))
}

/// Returns a TCPAccept.
pub(crate) fn accept<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Frame<'a> {
    Frame::TcpAccept(negotiation(sender, recipient, password))
}

/// Returns a TCPAbort.
pub(crate) fn abort<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Frame<'a> {
    Frame::TcpAbort(negotiation(sender, recipient, password))
}

/// Returns a TCPConnect.
pub(crate) fn connect<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Frame<'a> {
    Frame::TcpConnect(negotiation(sender, recipient, password))
}

fn negotiation<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Negotiation<'a> {
    Negotiation {
        sender,
        recipient,
        password,
    }
}
