//! Tells systemd what the server does, if systemd has started it with `Type=notify`. systemd then sets the variable
//! `NOTIFY_SOCKET`, which is the path of a datagram socket. Without this variable, these functions do nothing.
//!
//! If systemd cannot be told, the server writes a warning and goes on serving: its clients do not need systemd.

/// Tells systemd that all listeners accept connections.
pub(super) fn ready() {
    #[cfg(target_os = "linux")]
    tell(sd_notify::NotifyState::Ready);
}

/// Tells systemd that the orderly stop begins.
pub(super) fn stopping() {
    #[cfg(target_os = "linux")]
    tell(sd_notify::NotifyState::Stopping);
}

#[cfg(target_os = "linux")]
fn tell(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        log::warn!("cannot tell the service manager: {error}");
    }
}
