use crate::chatr::Reason;

/// Returns what the server's last message means, and what the user can do about it.
pub(super) fn explained(message: &str) -> String {
    let reasons = [
        Reason::InvalidPacket,
        Reason::AlreadyConnected,
        Reason::FailedToVerify,
        Reason::TimeOut,
        Reason::Busy,
    ];
    let known = reasons.into_iter().find(|reason| reason.text() == message);
    let meaning = match known {
        Some(Reason::InvalidPacket) => "it received something that is not a valid packet",
        Some(Reason::AlreadyConnected) => "a client with this identity is already connected",
        Some(Reason::FailedToVerify) => {
            "it has no key, or another key, for this identity; register your key with matou identity publish"
        }
        Some(Reason::TimeOut) => "it received nothing from this client for too long",
        Some(Reason::Busy) => "too many clients are connecting; try again later",
        None => "it gives no other reason",
    };
    format!("the server says {message:?}: {meaning}")
}
