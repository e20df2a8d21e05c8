use crate::chatr::Reason;

/// What the server means by the last thing that it says, and what to do about it.
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
        Some(Reason::InvalidPacket) => "it does not take what we sent for a packet",
        Some(Reason::AlreadyConnected) => "a client with this identity is connected to it already",
        Some(Reason::FailedToVerify) => {
            "it knows no key for this identity, or another one; register it with matou identity publish"
        }
        Some(Reason::TimeOut) => "it has not heard from us for too long",
        Some(Reason::Busy) => "too many clients connect at the same time; try again later",
        None => "it gives no other reason",
    };
    format!("the server says {message:?}: {meaning}")
}
