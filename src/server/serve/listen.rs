//! The options of one listener.

use std::net::SocketAddr;
use std::path::PathBuf;

use matou_protocols::setting::Setting;
use matou_protocols::{ProtocolName, chathack, chaton, chatos_1_0, chatos_groupe2, chatr};

use crate::net::ConnectionLimits;
use crate::rest;

/// One listener: an address, the limits of its connections, and a protocol with its options.
#[derive(Debug, Clone, PartialEq)]
pub struct Listen {
    /// The address. Port 0 lets the system choose a port.
    pub address: SocketAddr,
    /// The limits of the listener's connections.
    pub limits: ConnectionLimits,
    /// The listener's protocol.
    pub protocol: ProtocolOptions,
}

/// A protocol and its own options.
#[derive(Debug, Clone, PartialEq)]
pub enum ProtocolOptions {
    /// Chaton.
    Chaton(chaton::Options),
    /// ChatOS Groupe 2.
    ChatosGroupe2(chatos_groupe2::Options),
    /// ChatOS 1.0.
    Chatos10(chatos_1_0::Options),
    /// ChatHack.
    ChatHack(chathack::Options),
    /// Chatr Connect.
    Chatr(ChatrOptions),
}

/// The options of a Chatr Connect listener, which uses TLS.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatrOptions {
    /// The options of the listener's room.
    pub room: chatr::Options,
    /// A PEM file with the certificate. If this and `key` are `None`, the server uses the
    /// certificate and the key in the data directory.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the certificate's private key.
    pub key: Option<PathBuf>,
    /// The options of the registry over HTTP.
    pub registry: rest::Options,
}

impl ProtocolOptions {
    /// Makes the default options of a protocol.
    pub fn new(protocol: ProtocolName) -> ProtocolOptions {
        match protocol {
            ProtocolName::Chaton => ProtocolOptions::Chaton(chaton::Options::default()),
            ProtocolName::ChatosGroupe2 => {
                ProtocolOptions::ChatosGroupe2(chatos_groupe2::Options::default())
            }
            ProtocolName::Chatos10 => ProtocolOptions::Chatos10(chatos_1_0::Options::default()),
            ProtocolName::ChatHack => ProtocolOptions::ChatHack(chathack::Options::default()),
            ProtocolName::Chatr => ProtocolOptions::Chatr(ChatrOptions::default()),
        }
    }

    /// Returns the protocol's name.
    pub fn name(&self) -> ProtocolName {
        match self {
            ProtocolOptions::Chaton(_) => ProtocolName::Chaton,
            ProtocolOptions::ChatosGroupe2(_) => ProtocolName::ChatosGroupe2,
            ProtocolOptions::Chatos10(_) => ProtocolName::Chatos10,
            ProtocolOptions::ChatHack(_) => ProtocolName::ChatHack,
            ProtocolOptions::Chatr(_) => ProtocolName::Chatr,
        }
    }

    /// Returns the options that an operator can set for this protocol, without those that every
    /// listener has.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        match self {
            ProtocolOptions::Chaton(options) | ProtocolOptions::ChatosGroupe2(options) => {
                options.settings()
            }
            ProtocolOptions::Chatos10(options) => options.settings(),
            ProtocolOptions::ChatHack(options) => options.settings(),
            ProtocolOptions::Chatr(options) => options.settings(),
        }
    }
}

impl ChatrOptions {
    fn settings(&mut self) -> Vec<Setting<'_>> {
        let mut settings = vec![
            Setting::new(
                "cert",
                "PEM file with a certificate; without it, the server makes a certificate and stores it in the data directory",
                &mut self.certificate,
            ),
            Setting::new(
                "key",
                "PEM file with the private key of the certificate in cert",
                &mut self.key,
            ),
        ];
        settings.extend(self.room.settings());
        settings.extend(self.registry.settings());
        settings
    }
}

impl Listen {
    /// Makes a listener with the defaults of its protocol.
    pub fn new(protocol: ProtocolName, address: SocketAddr) -> Listen {
        Listen {
            address,
            limits: ConnectionLimits::default(),
            protocol: ProtocolOptions::new(protocol),
        }
    }

    /// True when the listener's protocol keeps data in the data directory.
    pub fn keeps_data(&self) -> bool {
        self.protocol.name().keeps_data()
    }

    /// Returns all options of this listener: first the options that every listener has, then the
    /// options of its protocol.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        let mut settings = self.limits.settings();
        settings.extend(self.protocol.settings());
        settings
    }
}
