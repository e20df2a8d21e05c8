//! The list of the protocols, with their names and default ports.

use std::fmt;
use std::str::FromStr;

/// One of the protocols of this crate.
///
/// The server, the client and the tests use the list of protocols in this file. In each of them, one `match` over this type
/// selects the code for a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProtocolName {
    /// [`crate::chaton`].
    Chaton,
    /// [`crate::chatos_groupe2`].
    ChatosGroupe2,
    /// [`crate::chatos_1_0`].
    Chatos10,
    /// [`crate::chathack`].
    ChatHack,
    /// [`crate::chatr`].
    Chatr,
}

/// The properties of one protocol.
struct Row {
    name: &'static str,
    title: &'static str,
    default_port: u16,
    keeps_data: bool,
}

impl ProtocolName {
    /// All protocols, in the order in which programs list them.
    pub const ALL: [ProtocolName; 5] = [
        ProtocolName::Chaton,
        ProtocolName::ChatosGroupe2,
        ProtocolName::Chatos10,
        ProtocolName::ChatHack,
        ProtocolName::Chatr,
    ];

    /// Returns the name that arguments, configuration files, addresses and logs use, such as `chatos-1.0`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the name for use in sentences, such as `ChatOS 1.0`.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// Returns the default TCP port: the server listens on it, and the client connects to it, when no other port is given.
    pub fn default_port(self) -> u16 {
        self.row().default_port
    }

    /// True when a server of this protocol stores data that must survive a restart: accounts or identities.
    pub fn keeps_data(self) -> bool {
        self.row().keeps_data
    }

    /// Returns all names, separated by commas, for messages.
    pub fn list() -> String {
        ProtocolName::ALL.map(ProtocolName::name).join(", ")
    }

    fn row(self) -> Row {
        let (name, title, default_port, keeps_data) = match self {
            ProtocolName::Chaton => ("chaton", "Chaton", 7777, false),
            ProtocolName::ChatosGroupe2 => ("chatos-groupe2", "ChatOS Groupe 2", 7778, false),
            ProtocolName::Chatos10 => ("chatos-1.0", "ChatOS 1.0", 7779, false),
            ProtocolName::ChatHack => ("chathack", "ChatHack", 7780, true),
            ProtocolName::Chatr => ("chatr", "Chatr Connect", 7781, true),
        };
        Row {
            name,
            title,
            default_port,
            keeps_data,
        }
    }
}

impl fmt::Display for ProtocolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is not the name of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProtocol(pub String);

impl fmt::Display for UnknownProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown protocol {:?}; choose one of: {}",
            self.0,
            ProtocolName::list()
        )
    }
}

impl std::error::Error for UnknownProtocol {}

impl FromStr for ProtocolName {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<ProtocolName, UnknownProtocol> {
        ProtocolName::ALL
            .into_iter()
            .find(|protocol| protocol.name() == text)
            .ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Protocol;

    #[test]
    fn every_name_leads_to_its_protocol_and_its_room_has_the_same() {
        for protocol in ProtocolName::ALL {
            assert_eq!(protocol.name().parse(), Ok(protocol));
        }
        assert_eq!(ProtocolName::Chaton.name(), crate::chaton::Room::NAME);
        assert_eq!(
            ProtocolName::ChatosGroupe2.name(),
            crate::chatos_groupe2::Room::NAME
        );
        assert_eq!(ProtocolName::Chatos10.name(), crate::chatos_1_0::Room::NAME);
        assert_eq!(ProtocolName::ChatHack.name(), crate::chathack::Room::NAME);
        assert_eq!(ProtocolName::Chatr.name(), crate::chatr::Room::NAME);
    }

    #[test]
    fn ports_differ() {
        let mut ports = ProtocolName::ALL.map(ProtocolName::default_port);
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let told = "irc".parse::<ProtocolName>().unwrap_err().to_string();
        assert!(
            told.contains("\"irc\"") && told.contains("chatos-1.0"),
            "{told}"
        );
    }
}
