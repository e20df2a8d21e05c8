//! What `matou chat` takes for Chatr Connect.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::identity::own::{IdentityFile, ServerTrust};
use matou_client::{ChatrOptions, Protocol, Registry, default_book};

/// Who one is, which server is the right one, and how peers are met.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chatr Connect (chatr)")]
pub(super) struct ChatrArgs {
    #[command(flatten)]
    identity: IdentityFile,

    #[command(flatten)]
    server: ServerTrust,

    /// The server's registry, which has the keys of peers: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(long, value_name = "URL")]
    rest: Option<String>,

    /// The port for peers, and for the connection to the server; the same as theirs
    ///
    /// The protocol tells peers no port, so all who want to meet agree on one beforehand. Without it nobody can be met.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    p2p_port: Option<u16>,

    /// The address of this machine from which the server and peers are reached
    ///
    /// Two clients on one machine need two, such as 127.0.0.2 and 127.0.0.3, because they have the same port.
    #[arg(long, value_name = "IP")]
    bind: Option<IpAddr>,

    /// The address book, which has names for UUIDs; matou/names in your folder for data unless given
    ///
    /// On each line a UUID, a space and a name. /name writes it.
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
}

impl ChatrArgs {
    /// What the client needs for this protocol; nothing for another one.
    pub(super) fn options(
        self,
        protocol: Protocol,
        limit: Duration,
    ) -> Result<Option<ChatrOptions>, String> {
        if protocol != Protocol::Chatr {
            return match self.is_given() {
                true => Err(format!(
                    "--identity, --pin, --ca, --rest, --p2p-port, --bind and --book are for chatr://, not for {}",
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
