//! The stages of a connection, and the time limits of each stage, for protocols whose private connections are tunnels
//! through the server.

use std::sync::Arc;

use super::{Flow, Overdue, Stage, Ticket};

/// The stages of a connection in a protocol whose private connections are tunnels through the server. A connection begins
/// without a name, and then becomes either a client or an end of a tunnel.
///
/// The type `End` identifies the private connection that a waiting end belongs to. The type `Answer` is for the answers that
/// the server sends after a delay, because a guess was wrong.
#[derive(Debug, Clone)]
pub(crate) enum TunnelStage<End, Answer = ()> {
    /// The connection has no name yet. It may become a client or an end of a tunnel.
    Anonymous,
    /// A client: its name was accepted.
    Identified {
        /// The name.
        login: Arc<str>,
    },
    /// The first end of a private connection. The other end has not connected yet.
    WaitingEnd(End),
    /// One of the two ends of an open private connection. The engine relays its bytes, and tells the room when the
    /// connection is gone.
    TunnelEnd,
    /// The connection asked for a private connection that does not exist. When the ticket is due, the server sends the
    /// answer and closes the connection.
    AnswerDelayed {
        /// The entry in [`super::Guesses`].
        ticket: Ticket,
        /// The answer.
        answer: Answer,
    },
    /// The server is closing this connection, and ignores everything that the peer still sends.
    Leaving,
}

impl<End, Answer> Stage for TunnelStage<End, Answer> {
    const ACCEPTED: Self = TunnelStage::Anonymous;
    const LEAVING: Self = TunnelStage::Leaving;

    fn may_close(&self) -> bool {
        match self {
            TunnelStage::Anonymous
            | TunnelStage::Identified { .. }
            | TunnelStage::WaitingEnd(_) => true,
            // In these stages, the room must not close the connection: the engine closes the ends of tunnels, a delayed
            // answer closes its connection later, and a leaving connection is already closing.
            TunnelStage::TunnelEnd | TunnelStage::AnswerDelayed { .. } | TunnelStage::Leaving => {
                false
            }
        }
    }

    fn flow<Q>(&self) -> Flow<Q> {
        match self {
            TunnelStage::Anonymous | TunnelStage::Identified { .. } => Flow::Frames,
            TunnelStage::WaitingEnd(_) | TunnelStage::TunnelEnd => Flow::Raw,
            TunnelStage::AnswerDelayed { .. } | TunnelStage::Leaving => Flow::Closed,
        }
    }

    fn missing(&self, overdue: Overdue) -> Option<&'static str> {
        match (self, overdue) {
            (TunnelStage::Anonymous, Overdue::FirstByte) => Some("its first byte"),
            (TunnelStage::Anonymous, Overdue::Identification) => Some("its login"),
            (TunnelStage::Anonymous | TunnelStage::Identified { .. }, Overdue::Frame) => {
                Some("the rest of a frame")
            }
            // In the other stages the limit does not apply: a client may be silent for ever, and a waiting end has the time
            // limit of its private connection.
            _ => None,
        }
    }
}
