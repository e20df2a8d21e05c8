//! Options of `matou chat` for Chatr Connect.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::identity::own::{IdentityFile, ServerTrust};
use matou_client::{ChatrOptions, Protocol, Registry, default_book};

/// The client's identity, the server to trust, and how peers are reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chatr Connect (chatr)")]
pub(super) struct ChatrArgs {
    #[command(flatten)]
    identity: IdentityFile,

    #[command(flatten)]
    server: ServerTrust,

    /// URL of the server's registry, where the client finds the keys of peers: https://HOST:PORT, or http://HOST:PORT on
    /// this machine
    #[arg(long, value_name = "URL")]
    rest: Option<String>,

    /// Local port for the connection to the server and for the connections to peers; peers must use the same port
    ///
    /// The protocol does not carry port numbers, so you and your peers agree on a port in advance. Without this option,
    /// private connections are not possible.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    p2p_port: Option<u16>,

    /// Local address for the connection to the server and for the connections to peers
    ///
    /// Two clients on one machine use the same port, so they need different addresses, such as 127.0.0.2 and 127.0.0.3.
    #[arg(long, value_name = "IP")]
    bind: Option<IpAddr>,

    /// Address book with names for UUIDs [default: matou/names in your data directory, such as ~/.local/share/matou/names]
    ///
    /// Each line has a UUID, a space and a name. The command /name adds a line.
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
}

impl ChatrArgs {
    /// Returns the options of Chatr Connect, or `None` for another protocol.
    pub(super) fn options(
        self,
        protocol: Protocol,
        limit: Duration,
    ) -> Result<Option<ChatrOptions>, String> {
        if protocol != Protocol::Chatr {
            return match self.is_given() {
                true => Err(format!(
                    "--identity, --pin, --ca, --rest, --p2p-port, --bind and --book are options of chatr, not of {}",
                    protocol.name()
                )),
                false => Ok(None),
            };
        }
        let (_, identity) = self.identity.load().map_err(|error| error.to_string())?;
        let trust = self.server.trust().map_err(|error| error.to_string())?;
        let registry = self.rest.map(|url| Registry::new(&url, &trust, limit));
        let registry = registry.transpose().map_err(|error| error.to_string())?;
        let book = match self.book {
            Some(book) => book,
            None => default_book().map_err(|error| error.to_string())?,
        };
        Ok(Some(ChatrOptions {
            identity: Arc::new(identity),
            trust,
            registry,
            port: self.p2p_port,
            bind: self.bind,
            book,
        }))
    }

    fn is_given(&self) -> bool {
        self.identity.is_given()
            || self.server.is_given()
            || self.rest.is_some()
            || self.p2p_port.is_some()
            || self.bind.is_some()
            || self.book.is_some()
    }
}
