//! Makes the server's configuration from the arguments and a configuration file. If neither the arguments nor the file name
//! a listener, the server serves every protocol on loopback.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use matou_protocols::{ProtocolName, UnknownProtocol};
use matou_server::net::{ConnectionLimits, ProcessLimits};
use matou_server::{Config, Listen, ProtocolOptions, check_process};
use serde::Deserialize;
use toml::Table;

use super::{address, options};

/// A config file. Times are strings such as `"30s"`; options have the same names as in `--listen`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    data: Option<PathBuf>,
    connections: Option<usize>,
    rest: Option<String>,
    writers: Option<usize>,
    outbox_total: Option<usize>,
    workers: Option<usize>,
    #[serde(default)]
    listen: Vec<Table>,
}

/// Combines the arguments with the config file. If an argument names a listener, all listeners of the file are ignored.
///
/// # Errors
/// Returns a message that says what is wrong and what to write instead.
pub(super) fn configuration(
    listen: &[String],
    path: Option<&Path>,
    data: Option<PathBuf>,
) -> Result<Config, String> {
    let file = path.map(read_file).transpose()?.unwrap_or_default();
    let listen: Result<Vec<_>, String> = if !listen.is_empty() {
        listen.iter().map(|text| listen_argument(text)).collect()
    } else if let (Some(path), false) = (path, file.listen.is_empty()) {
        let in_file = |why| format!("the config file {}: {why}", path.display());
        let tables = file.listen.into_iter();
        tables
            .map(|table| listen_table(table).map_err(in_file))
            .collect()
    } else {
        Ok(ProtocolName::ALL.map(on_loopback).into())
    };
    let defaults = ProcessLimits::default();
    let process = ProcessLimits {
        connections: file.connections,
        writers: file.writers.unwrap_or(defaults.writers),
        outbox_total: file.outbox_total.unwrap_or(defaults.outbox_total),
        workers: file.workers.unwrap_or(defaults.workers),
    };
    if let (Some(path), Err(wrong)) = (path, check_process(&process)) {
        return Err(format!("the config file {}: {wrong}", path.display()));
    }
    Ok(Config {
        data: data_directory(data.or(file.data))?,
        registry: file.rest.as_deref().map(address::resolve).transpose()?,
        process,
        listen: listen?,
    })
}

fn read_file(path: &Path) -> Result<File, String> {
    let shown = path.display();
    let text = read_regular(path)
        .map_err(|error| format!("cannot read the config file {shown}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("invalid config file {shown}: {error}"))
}

/// Reads a regular file, and refuses any other file. Opening a FIFO, for example, would block until another program writes
/// to it.
fn read_regular(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.is_file() {
        fs::read_to_string(path)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

fn data_directory(data: Option<PathBuf>) -> Result<Option<PathBuf>, String> {
    match data {
        Some(path) if path.exists() && !path.is_dir() => Err(format!(
            "--data {} is not a directory; name a directory",
            path.display()
        )),
        other => Ok(other),
    }
}

fn on_loopback(protocol: ProtocolName) -> Listen {
    Listen::new(
        protocol,
        (Ipv4Addr::LOCALHOST, protocol.default_port()).into(),
    )
}

/// Reads `PROTOCOL=ADDR:PORT[,option=value]...`. First turns the text into the same table as a `[[listen]]` table of a
/// config file.
fn listen_argument(text: &str) -> Result<Listen, String> {
    let wrong = |why: &str| {
        format!(
            "--listen {text}: {why}; write it as chaton=127.0.0.1:7777 or chaton=127.0.0.1:7777,long=4"
        )
    };
    let mut parts = text.split(',');
    let (protocol, address) = parts
        .next()
        .and_then(|first| first.split_once('='))
        .ok_or_else(|| wrong("the protocol or the address is missing"))?;
    let mut table = Table::new();
    table.insert("protocol".to_owned(), protocol.into());
    table.insert("address".to_owned(), address.into());
    for option in parts {
        options::add(&mut table, option).map_err(|why| wrong(&why))?;
    }
    listen_table(table).map_err(|why| format!("--listen {text}: {why}"))
}

fn listen_table(mut table: Table) -> Result<Listen, String> {
    let mut text = |name: &str| match table.remove(name) {
        Some(toml::Value::String(text)) => Ok(text),
        _ => Err(format!("a listener needs {name} = \"...\"")),
    };
    let protocol: ProtocolName = text("protocol")?
        .parse()
        .map_err(|unknown: UnknownProtocol| unknown.to_string())?;
    let mut listen = Listen::new(protocol, address::resolve(&text("address")?)?);
    options::set_all(protocol.name(), listen.settings(), table)?;
    listen.check().map_err(|wrong| wrong.to_string())?;
    match &listen.protocol {
        ProtocolOptions::Chatr(options)
            if options.certificate.is_some() != options.key.is_some() =>
        {
            Err("cert and key must be given together: name both files, or neither".to_owned())
        }
        _ => Ok(listen),
    }
}

/// Describes the options of listeners for `--help`: first the common options, then the options of each protocol.
pub(super) fn described_options() -> String {
    let mut limits = ConnectionLimits::default();
    let mut text = format!(
        "Options of every listener, with their defaults:\n{}",
        options::described(&limits.settings())
    );
    for protocol in ProtocolName::ALL {
        let mut own = ProtocolOptions::new(protocol);
        let described = options::described(&own.settings());
        text.push_str(&format!("\nOptions of {protocol}:\n{described}"));
    }
    text
}

/// Parses a log level.
pub(super) fn log_level(text: &str) -> Result<log::LevelFilter, String> {
    log::LevelFilter::from_str(text)
        .map_err(|_| "choose one of: off, error, warn, info, debug, trace".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use matou_protocols::chaton::{self, LongWidth};
    use matou_protocols::{chathack, chatos_1_0, chatos_groupe2, chatr};
    use matou_server::{ChatrOptions, rest};
    use rstest::rstest;
    use std::time::Duration;

    fn plan(listen: &str) -> Result<Config, String> {
        configuration(&[listen.to_owned()], None, None)
    }

    #[test]
    fn without_arguments_every_protocol_is_served_on_loopback() {
        let plan = configuration(&[], None, None).unwrap();
        let addresses: Vec<_> = plan
            .listen
            .iter()
            .map(|listen| listen.address.to_string())
            .collect();
        assert_eq!(
            addresses,
            [
                "127.0.0.1:7777",
                "127.0.0.1:7778",
                "127.0.0.1:7779",
                "127.0.0.1:7780",
                "127.0.0.1:7781"
            ]
        );
    }

    #[test]
    fn a_listener_has_common_options_and_options_of_its_protocol() {
        let plan = plan("chaton=[::1]:0,long=4,frame-timeout=5s,unused-ids=3").unwrap();
        let listen = &plan.listen[0];
        assert_eq!(listen.limits.frame, Duration::from_secs(5));
        let options = chaton::Options {
            long: LongWidth::Four,
            unused_ids: 3,
            ..chaton::Options::default()
        };
        assert_eq!(listen.protocol, ProtocolOptions::Chaton(options));
    }

    #[test]
    fn chatos_groupe_2_has_the_options_of_chaton() {
        let plan = plan("chatos-groupe2=[::1]:0,long=4,bound-loopback=true").unwrap();
        let listen = &plan.listen[0];
        assert!(listen.limits.bound_loopback);
        let options = chatos_groupe2::Options {
            long: LongWidth::Four,
            ..chatos_groupe2::Options::default()
        };
        assert_eq!(listen.protocol, ProtocolOptions::ChatosGroupe2(options));
    }

    #[test]
    fn chatos_1_0_has_options_of_its_own() {
        let plan = plan("chatos-1.0=[::1]:0,tunnel-any-address=true,tunnel-guesses=3").unwrap();
        let options = chatos_1_0::Options {
            tunnel_any_address: true,
            tunnel_guesses_per_minute: 3,
            ..chatos_1_0::Options::default()
        };
        assert_eq!(plan.listen[0].protocol, ProtocolOptions::Chatos10(options));
    }

    #[test]
    fn chathack_has_options_of_its_own() {
        let plan = plan("chathack=[::1]:0,login-failures=2,wrong-passwords=3").unwrap();
        let options = chathack::Options {
            failures_per_connection: 2,
            wrong_passwords_per_minute: 3,
            ..chathack::Options::default()
        };
        assert_eq!(plan.listen[0].protocol, ProtocolOptions::ChatHack(options));
        assert!(plan.listen[0].keeps_data());
    }

    #[test]
    fn chatr_has_a_certificate_and_pings() {
        let plan = plan("chatr=[::1]:0,cert=a.pem,key=b.pem,ping-interval=1s,clients=2").unwrap();
        let options = ChatrOptions {
            room: chatr::Options {
                ping_interval: Duration::from_secs(1),
                ..chatr::Options::default()
            },
            certificate: Some("a.pem".into()),
            key: Some("b.pem".into()),
            registry: rest::Options {
                most_clients: 2,
                ..rest::Options::default()
            },
        };
        assert_eq!(plan.listen[0].protocol, ProtocolOptions::Chatr(options));
    }

    #[rstest]
    #[case("chatr=127.0.0.1:0,cert=a.pem", "cert and key must be given together")]
    #[case("chaton", "the protocol or the address is missing")]
    #[case("irc=127.0.0.1:1", "unknown protocol \"irc\"; choose one of: chaton, ")]
    #[case("chaton=127.0.0.1", "has no port")]
    #[case("chaton=127.0.0.1:0,long=5", "long must be 8 or 4, not \"5\"")]
    #[case(
        "chaton=127.0.0.1:0,lang=4",
        "chaton has no option \"lang\"; its options are: "
    )]
    #[case(
        "chatos-1.0=127.0.0.1:0,long=4",
        "chatos-1.0 has no option \"long\"; its options are: "
    )]
    #[case("chaton=127.0.0.1:0,long=4,long=8", "the option long is given twice")]
    #[case(
        "chaton=127.0.0.1:0,frame-timeout=18446744073709551000s",
        "frame-timeout must be 1ms to 3650days, not 18446744073709551000s"
    )]
    #[case(
        "chaton=127.0.0.1:0,keepalive-idle=0s",
        "keepalive-idle must be 1s to 32767s, not 0s"
    )]
    #[case(
        "chaton=127.0.0.1:0,connections-per-address=0",
        "connections-per-address must be 1 to 1000000, not 0"
    )]
    fn an_error_in_an_argument_says_what_to_write(#[case] listen: &str, #[case] says: &str) {
        let told = plan(listen).unwrap_err();
        assert!(told.contains(says), "{told}");
    }

    #[test]
    fn a_config_file_has_the_same_options() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("matou.toml");
        let text = "connections = 50\nworkers = 3\n[[listen]]\nprotocol = \"chaton\"\naddress = \"127.0.0.1:0\"\nlong = 4\nstall-timeout = \"9s\"\n";
        fs::write(&path, text).unwrap();
        let plan = configuration(&[], Some(&path), None).unwrap();
        assert_eq!(plan.process.connections, Some(50));
        assert_eq!(plan.process.workers, 3);
        assert_eq!(plan.listen[0].limits.stall, Duration::from_secs(9));

        for (text, says) in [
            (
                "connections = 0\n",
                "connections must be 1 to 1000000, not 0",
            ),
            ("workers = 100000\n", "workers must be 1 to 256, not 100000"),
        ] {
            fs::write(&path, text).unwrap();
            let told = configuration(&[], Some(&path), None).unwrap_err();
            assert!(told.ends_with(says), "{told}");
        }

        fs::write(&path, "connexions = 50\n").unwrap();
        let told = configuration(&[], Some(&path), None).unwrap_err();
        assert!(
            told.contains("connexions") && told.contains("connections"),
            "{told}"
        );
    }

    #[test]
    fn help_has_every_option_of_every_protocol() {
        let help = described_options();
        for protocol in ProtocolName::ALL {
            let mut listen = on_loopback(protocol);
            for setting in listen.settings() {
                assert!(
                    help.contains(&format!("  {}=", setting.name)),
                    "{protocol}: {}",
                    setting.name
                );
            }
        }
    }
}
