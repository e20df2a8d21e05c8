use std::fmt;
use std::str::FromStr;

use matou_protocols::chathack::client::{Account, ChatHackClient};
use matou_protocols::chaton::client::ChatonClient;
use matou_protocols::chaton::{Codec, LongWidth};
use matou_protocols::chatos_1_0::client::Chatos10Client;
use matou_protocols::chatos_groupe2::client::ChatosGroupe2Client;
use matou_protocols::dialogue::Dialogue;
use matou_protocols::{ProtocolName, UnknownProtocol};
use matou_sockets::{AddressMistake, HostPort};

/// Server address, protocol and login: `chaton://LOGIN@HOST:PORT?OPTION=VALUE`, or `chatr://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The protocol with its options.
    pub protocol: Protocol,
    /// The name to log in with; empty in Chatr Connect, which has no logins.
    pub login: String,
    /// A host name or an IP address. An IPv6 address has no brackets here.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// A protocol that this client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `chaton://`, with `long=4` or `long=8`.
    Chaton(Codec),
    /// `chatos-groupe2://`, with the same options.
    ChatosGroupe2(Codec),
    /// `chatos-1.0://`.
    Chatos10,
    /// `chathack://`.
    ChatHack,
    /// `chatr://`, without a login: the identity says who the user is.
    Chatr,
}

impl Protocol {
    /// Returns the protocol's display name.
    pub fn name(self) -> &'static str {
        self.in_catalog().title()
    }

    fn in_catalog(self) -> ProtocolName {
        match self {
            Protocol::Chaton(_) => ProtocolName::Chaton,
            Protocol::ChatosGroupe2(_) => ProtocolName::ChatosGroupe2,
            Protocol::Chatos10 => ProtocolName::Chatos10,
            Protocol::ChatHack => ProtocolName::ChatHack,
            Protocol::Chatr => ProtocolName::Chatr,
        }
    }

    /// True if private connections carry raw bytes.
    pub fn has_tunnels(self) -> bool {
        !matches!(self, Protocol::ChatHack)
    }

    /// Returns the default maximum size, in bytes, of a file that this client accepts. In ChatHack, this limit also applies
    /// to the files that this client sends.
    pub fn max_file(self) -> u64 {
        match self {
            // The document of ChatHack sets this limit.
            Protocol::ChatHack => 1024,
            _ => 1_000_000_000,
        }
    }

    /// Creates the dialogue with the server. `password` is the password of the login's account.
    ///
    /// # Errors
    /// Fails if a password is given but the protocol has no passwords, or if the protocol is Chatr Connect, which needs an
    /// identity. The error is a message for the user.
    pub fn dialogue(
        self,
        login: &str,
        password: Option<&str>,
    ) -> Result<Box<dyn Dialogue>, String> {
        if password.is_some() && !matches!(self, Protocol::ChatHack) {
            return Err(format!("{} has no passwords; omit --password", self.name()));
        }
        // If the system gives no random number, this closure returns zero. A secret made from zero would be predictable, so
        // the dialogue then makes no secret and tells the user.
        let entropy = || getrandom::u64().unwrap_or_default();
        Ok(match self {
            Protocol::Chaton(codec) => Box::new(ChatonClient::new(codec)),
            Protocol::ChatosGroupe2(codec) => Box::new(ChatosGroupe2Client::new(codec)),
            Protocol::Chatos10 => Box::new(Chatos10Client::new(Box::new(entropy))),
            Protocol::Chatr => {
                return Err(
                    "Chatr Connect needs an identity; create one with matou identity new".into(),
                );
            }
            Protocol::ChatHack => {
                let account = password.map(|password| Account {
                    login: login.to_owned(),
                    password: password.to_owned(),
                });
                Box::new(ChatHackClient::new(account, Box::new(entropy)))
            }
        })
    }
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// The address contains no `://`.
    NoScheme,
    /// The address begins with a scheme that this client does not know.
    UnknownScheme(String),
    /// There is no login before the `@`, or no `@`.
    NoLogin,
    /// The address contains a login, but the protocol has no logins.
    Login,
    /// A `%` in the login is not followed by two hexadecimal digits, or the bytes of the login are not UTF-8.
    BadEscape,
    /// There is no host after the `@`.
    NoHost,
    /// There is a `[` without a `]`, or an IPv6 address without brackets.
    BadBrackets,
    /// The text between the brackets is not an IPv6 address.
    NotIpv6(String),
    /// The port is not a number from 1 to 65535.
    BadPort(String),
    /// The address contains a path.
    Path(String),
    /// The address contains an option that the protocol does not have, or an option with an invalid value.
    BadOption(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressError::NoScheme => {
                f.write_str("no protocol; write chaton://LOGIN@HOST:PORT")
            }
            AddressError::UnknownScheme(scheme) => write!(
                f,
                "unknown protocol {scheme:?}; choose one of: {}, as in chaton://LOGIN@HOST:PORT",
                ProtocolName::list()
            ),
            AddressError::NoLogin => {
                f.write_str("no login; write it before an @, as in chaton://alice@127.0.0.1")
            }
            AddressError::Login => f.write_str(
                "Chatr Connect has no logins; write chatr://HOST:PORT, and choose an identity with --identity",
            ),
            AddressError::BadEscape => f.write_str(
                "invalid % in the login; write each byte of a special character (in UTF-8) as % and two hexadecimal \
                 digits, such as %20 for a space",
            ),
            AddressError::NoHost => f.write_str("no host after the @"),
            AddressError::BadBrackets => {
                f.write_str("invalid host; write an IPv6 address in brackets, as in chaton://alice@[::1]:7777")
            }
            AddressError::NotIpv6(host) => AddressMistake::NotIpv6(host.clone()).fmt(f),
            AddressError::BadPort(port) => {
                write!(f, "invalid port {port:?}; write a number from 1 to 65535")
            }
            AddressError::Path(path) => write!(f, "unexpected path {path:?}; remove it"),
            AddressError::BadOption(option) => {
                write!(
                    f,
                    "invalid option {option:?}; the only options are long=4 and long=8, for chaton and chatos-groupe2"
                )
            }
        }
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Address, AddressError> {
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::NoScheme)?;
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let name = scheme
            .parse()
            .map_err(|UnknownProtocol(scheme)| AddressError::UnknownScheme(scheme))?;
        let protocol = match name {
            ProtocolName::Chaton => Protocol::Chaton(chaton_options(options)?),
            ProtocolName::ChatosGroupe2 => Protocol::ChatosGroupe2(chaton_options(options)?),
            _ if !options.is_empty() => return Err(AddressError::BadOption(options.to_owned())),
            ProtocolName::Chatos10 => Protocol::Chatos10,
            ProtocolName::ChatHack => Protocol::ChatHack,
            ProtocolName::Chatr => Protocol::Chatr,
        };
        let (login, place) = match (rest.rsplit_once('@'), protocol) {
            (None, Protocol::Chatr) => ("", rest),
            (Some(_), Protocol::Chatr) => return Err(AddressError::Login),
            (None | Some(("", _)), _) => return Err(AddressError::NoLogin),
            (Some(parts), _) => parts,
        };
        let HostPort { host, port } = host_and_port(place)?;
        Ok(Address {
            protocol,
            login: percent_decoded(login)?,
            host,
            port: port.unwrap_or(name.default_port()),
        })
    }
}

fn chaton_options(options: &str) -> Result<Codec, AddressError> {
    let mut codec = Codec::default();
    for option in options.split('&').filter(|option| !option.is_empty()) {
        codec.long = match option {
            "long=4" => LongWidth::Four,
            "long=8" => LongWidth::Eight,
            other => return Err(AddressError::BadOption(other.to_owned())),
        };
    }
    Ok(codec)
}

/// Splits a text into the host, and the port if the text contains one. Port 0 is refused, because no server can listen on
/// it.
pub(crate) fn host_and_port(place: &str) -> Result<HostPort, AddressError> {
    let place = match place.split_once('/') {
        Some((place, "")) => place,
        Some((_, path)) => return Err(AddressError::Path(path.to_owned())),
        None => place,
    };
    match place.parse() {
        Ok(HostPort { port: Some(0), .. }) => Err(AddressError::BadPort("0".to_owned())),
        Ok(host_port) => Ok(host_port),
        Err(AddressMistake::NoHost) => Err(AddressError::NoHost),
        Err(AddressMistake::Brackets) => Err(AddressError::BadBrackets),
        Err(AddressMistake::NotIpv6(host)) => Err(AddressError::NotIpv6(host)),
        Err(AddressMistake::Port(port)) => Err(AddressError::BadPort(port)),
    }
}

fn percent_decoded(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(AddressError::BadEscape)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(AddressError::BadEscape);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| AddressError::BadEscape)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| AddressError::BadEscape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::all_of_it("chaton://alice@127.0.0.1:9000", "alice", "127.0.0.1", 9000)]
    #[case::the_usual_port("chaton://alice@localhost", "alice", "localhost", 7777)]
    #[case::a_slash_at_the_end("chaton://alice@localhost/", "alice", "localhost", 7777)]
    #[case::ipv6("chaton://alice@[::1]:9000", "alice", "::1", 9000)]
    #[case::ipv6_with_a_zone("chaton://alice@[fe80::1%25eth0]", "alice", "fe80::1%eth0", 7777)]
    #[case::ipv6_at_the_usual_port("chaton://alice@[::1]", "alice", "::1", 7777)]
    #[case::chatos_groupe2("chatos-groupe2://alice@localhost", "alice", "localhost", 7778)]
    #[case::chatos_1_0("chatos-1.0://alice@localhost", "alice", "localhost", 7779)]
    #[case::chatr("chatr://localhost", "", "localhost", 7781)]
    #[case::chathack("chathack://alice@localhost", "alice", "localhost", 7780)]
    #[case::an_escaped_login("chaton://J%c3%A9r%40me%20M@host", "Jér@me M", "host", 7777)]
    #[case::a_bare_at_sign("chaton://a@b@host", "a@b", "host", 7777)]
    fn an_address_has_its_parts(
        #[case] url: &str,
        #[case] login: &str,
        #[case] host: &str,
        #[case] port: u16,
    ) {
        let address: Address = url.parse().unwrap();
        assert_eq!(
            (&*address.login, &*address.host, address.port),
            (login, host, port)
        );
    }

    #[rstest]
    #[case::no_scheme("alice@host", AddressError::NoScheme)]
    #[case::another_scheme("http://alice@host", AddressError::UnknownScheme("http".into()))]
    #[case::no_login("chaton://host", AddressError::NoLogin)]
    #[case::an_empty_login("chaton://@host", AddressError::NoLogin)]
    #[case::a_login("chatr://alice@host", AddressError::Login)]
    #[case::no_host("chaton://alice@:7777", AddressError::NoHost)]
    #[case::ipv6_without_brackets("chaton://alice@::1", AddressError::BadBrackets)]
    #[case::a_name_in_brackets("chaton://alice@[host]", AddressError::NotIpv6("host".into()))]
    #[case::one_bracket("chaton://alice@[::1", AddressError::BadBrackets)]
    #[case::words_after_brackets("chaton://alice@[::1]a", AddressError::BadBrackets)]
    #[case::port_zero("chaton://alice@host:0", AddressError::BadPort("0".into()))]
    #[case::too_large_a_port("chaton://alice@host:65536", AddressError::BadPort("65536".into()))]
    #[case::no_port_after_the_colon("chaton://alice@host:", AddressError::BadPort(String::new()))]
    #[case::a_path("chaton://alice@host/room", AddressError::Path("room".into()))]
    #[case::an_option("chaton://alice@host?long=5", AddressError::BadOption("long=5".into()))]
    #[case::an_option_of_another_protocol(
        "chatos-1.0://alice@host?long=4",
        AddressError::BadOption("long=4".into())
    )]
    #[case::half_an_escape("chaton://al%4@host", AddressError::BadEscape)]
    #[case::a_signed_escape("chaton://al%+4@host", AddressError::BadEscape)]
    #[case::not_utf8("chaton://al%ff@host", AddressError::BadEscape)]
    fn a_wrong_address_is_refused(#[case] url: &str, #[case] error: AddressError) {
        assert_eq!(url.parse::<Address>(), Err(error));
    }

    #[test]
    fn an_option_chooses_the_width_of_a_long() {
        let address: Address = "chaton://alice@host?long=4".parse().unwrap();
        let codec = Codec {
            long: LongWidth::Four,
        };
        assert_eq!(address.protocol, Protocol::Chaton(codec));
        let address: Address = "chatos-groupe2://alice@host?long=4".parse().unwrap();
        assert_eq!(address.protocol, Protocol::ChatosGroupe2(codec));
    }
}
