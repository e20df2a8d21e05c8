//! Short names for the packets of the tests.

use std::net::IpAddr;

use matou_protocols::chathack::{ClientFrame, MeetingPoint, ServerFrame};

/// Describes a packet of the server in one line.
pub(crate) fn in_words(frame: ServerFrame<'_>) -> String {
    match frame {
        ServerFrame::PacketError => "PACKET_ERROR".to_owned(),
        ServerFrame::PasswordOrLoginError => "PASSWORD_OR_LOGIN_ERROR".to_owned(),
        ServerFrame::Connected => "CONNECTED".to_owned(),
        ServerFrame::LoginAlreadyExists => "LOGIN_ALREADY_EXISTS".to_owned(),
        ServerFrame::GlobalMessage { login, message } => format!("{login}: {message}"),
        ServerFrame::PrivateAsking { sender } => format!("ASKING {sender}"),
        ServerFrame::PrivateValidation { login, meeting } => {
            let MeetingPoint { port, address, id } = meeting;
            format!("VALIDATION {login} {address} {port} {id}")
        }
        ServerFrame::PrivateDenied { login } => format!("DENIED {login}"),
    }
}

/// Returns a login with a password (opcode 1).
pub(crate) fn account<'a>(login: &'a str, password: &'a str) -> ClientFrame<'a> {
    ClientFrame::LoginWithPassword { login, password }
}

/// Returns a login without a password (opcode 2).
pub(crate) fn guest(login: &str) -> ClientFrame<'_> {
    ClientFrame::Login { login }
}

/// Returns a message to all clients (opcode 3).
pub(crate) fn say<'a>(login: &'a str, message: &'a str) -> ClientFrame<'a> {
    ClientFrame::GlobalMessage { login, message }
}

/// Returns a request for a private connection (opcode 4).
pub(crate) fn ask<'a>(sender: &'a str, receiver: &'a str) -> ClientFrame<'a> {
    ClientFrame::PrivateAsking { sender, receiver }
}

/// Returns an agreement to a private connection (opcode 5).
pub(crate) fn agree<'a>(
    sender: &'a str,
    receiver: &'a str,
    meeting: MeetingPoint,
) -> ClientFrame<'a> {
    ClientFrame::PrivateValidation {
        sender,
        receiver,
        meeting,
    }
}

/// Returns a refusal of a private connection (opcode 6).
pub(crate) fn deny<'a>(sender: &'a str, receiver: &'a str) -> ClientFrame<'a> {
    ClientFrame::PrivateDenied { sender, receiver }
}

/// Returns a meeting point with this address, port and id.
pub(crate) fn at(address: &str, port: i32, id: i64) -> MeetingPoint {
    let address: IpAddr = address.parse().expect("the test writes an address");
    MeetingPoint { port, address, id }
}
