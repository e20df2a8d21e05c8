//! The options of each protocol, under the names that they have in `--listen` and in a config file.

use std::path::PathBuf;

use super::config::PROTOCOLS;
use super::options::Options;
use matou_protocols::chaton::{self, LongWidth};
use matou_protocols::{chathack, chatos_1_0, chatos_groupe2, chatr};
use matou_server::net::ConnectionLimits;
use matou_server::rest;

/// Which protocol, and its own options.
#[derive(Debug, PartialEq)]
pub(super) enum ProtocolOptions {
    Chaton(chaton::Options),
    ChatosGroupe2(chatos_groupe2::Options),
    Chatos10(chatos_1_0::Options),
    Chathack(chathack::Options),
    Chatr(ChatrOptions),
}

/// A listener of Chatr Connect is inside TLS.
#[derive(Debug, PartialEq)]
pub(super) struct ChatrOptions {
    pub(super) room: chatr::Options,
    /// Files with a certificate and its key; without them, the one in the data directory.
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
    /// Of the registry over HTTP, if there is one.
    pub(super) registry: rest::Options,
}

impl ProtocolOptions {
    /// Takes those of a protocol; some of them are limits of its connections.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub(super) fn take(
        protocol: &str,
        options: &mut Options,
        limits: &mut ConnectionLimits,
    ) -> Result<ProtocolOptions, String> {
        Ok(match protocol {
            "chaton" => ProtocolOptions::Chaton(chaton_options(options, limits)?),
            "chatos-groupe2" => {
                limits.tunnel_end_delay = chatos_groupe2::TUNNEL_END_DELAY;
                ProtocolOptions::ChatosGroupe2(chaton_options(options, limits)?)
            }
            "chatos-1.0" => ProtocolOptions::Chatos10(chatos_1_0_options(options, limits)?),
            "chathack" => ProtocolOptions::Chathack(chathack_options(options, limits)?),
            "chatr" => ProtocolOptions::Chatr(chatr_options(options, limits)?),
            other => {
                let names: Vec<_> = PROTOCOLS.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "there is no protocol {other:?}; there is {}",
                    names.join(", ")
                ));
            }
        })
    }

    /// Whether something of it must outlive the process.
    pub(super) fn keeps_data(&self) -> bool {
        match self {
            ProtocolOptions::Chathack(_) | ProtocolOptions::Chatr(_) => true,
            ProtocolOptions::Chaton(_)
            | ProtocolOptions::ChatosGroupe2(_)
            | ProtocolOptions::Chatos10(_) => false,
        }
    }
}

/// The options of every protocol.
pub(super) fn connection_limits(
    options: &mut Options,
    limits: &mut ConnectionLimits,
) -> Result<(), String> {
    options.number(
        "connections-per-address",
        &mut limits.connections_per_address,
    )?;
    options.truth("bound-loopback", &mut limits.bound_loopback)?;
    options.time("first-byte-timeout", &mut limits.first_byte)?;
    options.time("identify-timeout", &mut limits.identification)?;
    options.time("frame-timeout", &mut limits.frame)?;
    options.number("outbox-bytes", &mut limits.outbox_bytes)?;
    options.time("stall-timeout", &mut limits.stall)?;
    options.time("keepalive-idle", &mut limits.keepalive.idle)?;
    options.time("keepalive-interval", &mut limits.keepalive.interval)?;
    options.number("keepalive-probes", &mut limits.keepalive.probes)?;
    options.time(
        "unacknowledged-timeout",
        &mut limits.keepalive.unacknowledged,
    )
}

fn chaton_options(
    options: &mut Options,
    limits: &ConnectionLimits,
) -> Result<chaton::Options, String> {
    let mut chaton = chaton::Options {
        bound_loopback: limits.bound_loopback,
        ..chaton::Options::default()
    };
    let widths = [("8", LongWidth::Eight), ("4", LongWidth::Four)];
    options.choice("long", &widths, &mut chaton.long)?;
    options.number("pending-as-asker", &mut chaton.pending_as_asker)?;
    options.number("pending-as-target", &mut chaton.pending_as_target)?;
    options.number("unused-ids", &mut chaton.unused_ids)?;
    options.time("negotiation-timeout", &mut chaton.negotiation_timeout)?;
    options.time("repeat-interval", &mut chaton.repeat_interval)?;
    options.number("tunnel-guesses", &mut chaton.tunnel_guesses_per_minute)?;
    Ok(chaton)
}

fn chatos_1_0_options(
    options: &mut Options,
    limits: &ConnectionLimits,
) -> Result<chatos_1_0::Options, String> {
    let mut chatos = chatos_1_0::Options {
        bound_loopback: limits.bound_loopback,
        ..chatos_1_0::Options::default()
    };
    options.number("pending-as-asker", &mut chatos.pending_as_asker)?;
    options.number("pending-as-target", &mut chatos.pending_as_target)?;
    options.time("negotiation-timeout", &mut chatos.negotiation_timeout)?;
    options.number("tunnel-guesses", &mut chatos.tunnel_guesses_per_minute)?;
    options.truth("tunnel-any-address", &mut chatos.tunnel_any_address)?;
    Ok(chatos)
}

fn chathack_options(
    options: &mut Options,
    limits: &ConnectionLimits,
) -> Result<chathack::Options, String> {
    let mut chathack = chathack::Options {
        bound_loopback: limits.bound_loopback,
        ..chathack::Options::default()
    };
    options.number("pending-as-asker", &mut chathack.pending_as_asker)?;
    options.number("pending-as-target", &mut chathack.pending_as_target)?;
    options.time("negotiation-timeout", &mut chathack.negotiation_timeout)?;
    options.number("login-failures", &mut chathack.failures_per_connection)?;
    options.number("wrong-passwords", &mut chathack.wrong_passwords_per_minute)?;
    Ok(chathack)
}

fn chatr_options(
    options: &mut Options,
    limits: &mut ConnectionLimits,
) -> Result<ChatrOptions, String> {
    let mut room = chatr::Options::default();
    options.time("handshake-timeout", &mut limits.handshake)?;
    options.time("ping-interval", &mut room.ping_interval)?;
    options.time("ping-timeout", &mut room.ping_timeout)?;
    options.number("pending-as-asker", &mut room.pending_as_asker)?;
    options.number("pending-as-target", &mut room.pending_as_target)?;
    options.time("negotiation-timeout", &mut room.negotiation_timeout)?;
    let certificate = match (options.path("cert")?, options.path("key")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("cert and key go together: name both files, or neither".to_owned()),
    };
    let mut registry = rest::Options {
        bound_loopback: limits.bound_loopback,
        ..rest::Options::default()
    };
    options.number("registrations", &mut registry.registrations_per_minute)?;
    options.number("clients", &mut registry.most_clients)?;
    Ok(ChatrOptions {
        room,
        certificate,
        registry,
    })
}
