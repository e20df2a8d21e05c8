//! Short names for the frames of the tests.

use matou_protocols::chaton::{ClientFrame, ServerFrame};

/// Describes a frame of the server in one line.
pub(crate) fn in_words(frame: ServerFrame<'_>) -> String {
    match frame {
        ServerFrame::LoginAccepted => "LOGIN_ACCEPTED".to_owned(),
        ServerFrame::LoginRefused => "LOGIN_REFUSED".to_owned(),
        ServerFrame::Message { login, msg } => format!("MESSAGE {login}: {msg}"),
        ServerFrame::MessagePrivate {
            sender,
            target,
            msg,
        } => {
            format!("MESSAGE_PRIVATE {sender} {target}: {msg}")
        }
        ServerFrame::RequestPrivate { requester, target } => {
            format!("REQUEST_PRIVATE {requester} {target}")
        }
        ServerFrame::KoPrivate { requester, target } => format!("KO_PRIVATE {requester} {target}"),
        ServerFrame::IdPrivate {
            requester, target, ..
        } => {
            format!("ID_PRIVATE {requester} {target}")
        }
        ServerFrame::Established => "ESTABLISHED".to_owned(),
    }
}

/// Returns the connect_id in a frame of the server.
pub(crate) fn connect_id(frame: ServerFrame<'_>) -> Option<i64> {
    match frame {
        ServerFrame::IdPrivate { connect_id, .. } => Some(connect_id),
        _ => None,
    }
}

/// Returns a LOGIN.
pub(crate) fn login(login: &str) -> ClientFrame<'_> {
    ClientFrame::Login { login }
}

/// Returns a MESSAGE.
pub(crate) fn message<'a>(login: &'a str, msg: &'a str) -> ClientFrame<'a> {
    ClientFrame::Message { login, msg }
}

/// Returns a MESSAGE_PRIVATE.
pub(crate) fn whisper<'a>(sender: &'a str, target: &'a str, msg: &'a str) -> ClientFrame<'a> {
    ClientFrame::MessagePrivate {
        sender,
        target,
        msg,
    }
}

/// Returns a REQUEST_PRIVATE.
pub(crate) fn request<'a>(requester: &'a str, target: &'a str) -> ClientFrame<'a> {
    ClientFrame::RequestPrivate { requester, target }
}

/// Returns an OK_PRIVATE.
pub(crate) fn ok<'a>(requester: &'a str, target: &'a str) -> ClientFrame<'a> {
    ClientFrame::OkPrivate { requester, target }
}

/// Returns a KO_PRIVATE.
pub(crate) fn ko<'a>(requester: &'a str, target: &'a str) -> ClientFrame<'a> {
    ClientFrame::KoPrivate { requester, target }
}

/// Returns a LOGIN_PRIVATE.
pub(crate) fn login_private(connect_id: i64) -> ClientFrame<'static> {
    ClientFrame::LoginPrivate { connect_id }
}
