//! Handles what the server sends to a client of ChatHack, in the order of the document.

use std::net::SocketAddr;

use super::peer::Next;
use super::{ChatHackClient, Direct, bytes};
use crate::chathack::{MeetingPoint, PeerFrame, ServerFrame};
use crate::dialogue::{Action, Event, Identity};

impl ChatHackClient {
    pub(super) fn hear_server(&mut self, frame: ServerFrame<'_>) -> Vec<Action> {
        match frame {
            ServerFrame::PacketError
            | ServerFrame::PasswordOrLoginError
            | ServerFrame::LoginAlreadyExists
                if self.identity == Identity::Proposed =>
            {
                let reason = Some(self.why_refused(frame).to_owned());
                self.identity = Identity::None;
                let login = self.login.clone();
                Action::tell(Event::LoginRefused { login, reason })
            }
            ServerFrame::PacketError => Action::tell(Event::Refused {
                what: "the server rejected a packet from this client (PACKET_ERROR)".into(),
            }),
            ServerFrame::Connected if self.identity == Identity::Proposed => {
                self.identity = Identity::Accepted;
                let login = self.login.clone();
                Action::tell(Event::LoggedIn { login })
            }
            ServerFrame::GlobalMessage { login, message } => Action::tell(Event::Said {
                from: login.to_owned(),
                text: message.to_owned(),
            }),
            ServerFrame::PrivateAsking { sender } => {
                self.asked_by.remember(sender.to_owned());
                let peer = sender.to_owned();
                Action::tell(Event::Asked { peer })
            }
            ServerFrame::PrivateValidation { login, meeting } => self
                .connect(login, meeting)
                .unwrap_or_else(|| Action::ignore(frame)),
            ServerFrame::PrivateDenied { login }
                if self.asked.take(|name| name == login).is_some() =>
            {
                let peer = login.to_owned();
                Action::tell(Event::Denied { peer })
            }
            other => Action::ignore(other),
        }
    }

    fn why_refused(&self, answer: ServerFrame<'_>) -> &'static str {
        match (answer, self.account().is_some()) {
            (ServerFrame::PasswordOrLoginError, true) => {
                "the password is wrong, or no account has this login"
            }
            (ServerFrame::PasswordOrLoginError, false) => {
                "the server does not accept this login; choose another login"
            }
            (ServerFrame::LoginAlreadyExists, true) => {
                "this account is already connected; disconnect it first"
            }
            (ServerFrame::LoginAlreadyExists, false) => {
                "another client has this login, or the login belongs to an account (if the account is yours, log in with --password)"
            }
            _ => "the server answered the login with a packet error",
        }
    }

    /// Connects to a client, but only if we have asked this client for a private connection. Without this condition, any
    /// client could make us connect to an address of its choice.
    fn connect(&mut self, login: &str, meeting: MeetingPoint) -> Option<Vec<Action>> {
        let MeetingPoint { port, address, id } = meeting;
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        self.asked.take(|name| name == login)?;
        let direct = Direct {
            id,
            next: Next::Frame,
        };
        let tunnel = self.tunnels.add(login, direct);
        let address = SocketAddr::new(address, port);
        let peer = || login.to_owned();
        let own = &self.login;
        Some(vec![
            Action::Tell(Event::Agreed { peer: peer() }),
            Action::Tell(Event::TunnelAddress {
                peer: peer(),
                address,
            }),
            Action::Connect {
                tunnel,
                peer: peer(),
                address,
                opening: bytes(&PeerFrame::Establishment { login: own, id }),
            },
        ])
    }
}
