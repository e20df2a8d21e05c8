//! A whole server as a value: its configuration, its start, and its orderly stop.
//!
//! The program `matou` makes a [`Config`] from its arguments. A test or another program makes a
//! `Config` like this:
//!
//! ```
//! use matou_protocols::ProtocolName;
//! use matou_server::{Config, Listen, Server};
//!
//! let listen = Listen::new(ProtocolName::Chaton, "127.0.0.1:0".parse()?);
//! let server = Server::start(Config::serving([listen]))?;
//! println!("{}", server.listeners()[0].address);
//! server.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `listen.rs` has the options of a listener, and `check.rs` has the values that these options may
//! have. `chathack.rs` and `chatr.rs` answer the questions that the rooms of these two protocols
//! ask about stored data.

mod chathack;
mod chatr;
mod check;
mod listen;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use log::warn;
use matou_protocols::{chaton, chatos_1_0, chatos_groupe2};

use crate::net::{CertificateError, Engine, ListenError, ProcessLimits, RequestService, Service};
use crate::store::{Store, StoreError, default_directory, exposed};

pub use check::{WrongSetting, allowed_numbers, check_process};
pub use listen::{ChatrOptions, Listen, ProtocolOptions};

/// The configuration of a server: its listeners and its limits.
#[derive(Debug, PartialEq)]
pub struct Config {
    /// Limits of the whole process.
    pub process: ProcessLimits,
    /// The data directory; `None` means the directory that [`default_directory`] returns. Only
    /// protocols that store data use it.
    pub data: Option<PathBuf>,
    /// The address of the registry of Chatr Connect over HTTP. If it is `None`, the server starts
    /// no registry.
    pub registry: Option<SocketAddr>,
    /// The listeners.
    pub listen: Vec<Listen>,
}

impl Config {
    /// Makes a configuration with these listeners and defaults for everything else.
    pub fn serving(listen: impl IntoIterator<Item = Listen>) -> Config {
        Config {
            process: ProcessLimits::default(),
            data: None,
            registry: None,
            listen: listen.into_iter().collect(),
        }
    }
}

/// A running server. Dropping this value stops the server, as [`Server::stop`] does.
///
/// The server owns all its threads through its services, the registry and the engine.
/// [`net`](crate::net) lists them.
pub struct Server {
    listeners: Vec<Listener>,
    services: Vec<Service>,
    registry: Option<RequestService>,
    /// `None` after the stop.
    engine: Option<Engine>,
}

/// A listener of a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The protocol's name, or `chatr-rest` for the registry.
    pub name: &'static str,
    /// The address. If the configuration has port 0, this address has the port that the system has
    /// chosen.
    pub address: SocketAddr,
}

/// Why a server could not be started. When this error is returned, the parts that were already
/// started have been stopped again.
#[derive(Debug)]
pub enum StartError {
    /// An option has a value with which the server cannot work.
    Setting(WrongSetting),
    /// The database cannot be used.
    Store(StoreError),
    /// A listener's address cannot be used, or a thread cannot be started.
    Listen(ListenError),
    /// Another listener of this server already uses the address.
    Twice {
        /// The address.
        address: SocketAddr,
        /// The listener that uses it.
        other: Listener,
    },
    /// The certificate of a listener with TLS cannot be used.
    Certificate(CertificateError),
    /// The registry has an address, but no listener serves Chatr Connect.
    RegistryWithoutChatr,
    /// The limits of this process do not allow enough descriptors or threads for one connection.
    NoConnections,
    /// The operating system cannot give random numbers. The server needs them for the ids and
    /// secrets of private connections.
    NoRandomNumbers(getrandom::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Setting(error) => error.fmt(f),
            StartError::Store(error) => error.fmt(f),
            StartError::Listen(error) => error.fmt(f),
            StartError::Twice {
                address,
                other: Listener { name, address: taken },
            } => write!(
                f,
                "cannot listen on {address}: this server's own listener {name} already uses {taken}; choose another port"
            ),
            StartError::Certificate(error) => error.fmt(f),
            StartError::RegistryWithoutChatr => f.write_str(
                "--rest starts the registry of chatr, but no listener serves chatr; add --listen chatr=127.0.0.1:7781",
            ),
            StartError::NoConnections => f.write_str(
                "cannot serve even one client: the limit on open files or threads of this process is too low; raise the limits (ulimit -n, ulimit -u, pids.max), or serve fewer listeners",
            ),
            StartError::NoRandomNumbers(error) => {
                write!(f, "cannot get random numbers from the operating system: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {}

impl From<WrongSetting> for StartError {
    fn from(error: WrongSetting) -> StartError {
        StartError::Setting(error)
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> StartError {
        StartError::Store(error)
    }
}

impl From<ListenError> for StartError {
    fn from(error: ListenError) -> StartError {
        StartError::Listen(error)
    }
}

impl From<CertificateError> for StartError {
    fn from(error: CertificateError) -> StartError {
        StartError::Certificate(error)
    }
}

impl Server {
    /// Starts every listener, and the registry if the configuration has an address for it.
    ///
    /// If a protocol stores data, the database is opened first. So a server that cannot use its
    /// database accepts no connection.
    ///
    /// # Errors
    /// Fails when a part cannot be started. The parts that were already started are stopped again.
    pub fn start(mut config: Config) -> Result<Server, StartError> {
        check_process(&config.process)?;
        config.listen.iter_mut().try_for_each(Listen::check)?;
        getrandom::u64().map_err(StartError::NoRandomNumbers)?;
        let mut data = Data::new(config.data);
        if config.listen.iter().any(Listen::keeps_data) {
            data.store()?;
        }
        let mut server = Server {
            listeners: Vec::new(),
            services: Vec::new(),
            registry: None,
            engine: None,
        };
        let listeners = config.listen.len() + usize::from(config.registry.is_some());
        let engine = server
            .engine
            .insert(Engine::start_for(&config.process, listeners));
        if engine.connection_ceiling() == 0 {
            return Err(StartError::NoConnections);
        }
        let mut chatr = chatr::Listeners::default();
        for listen in config.listen {
            let listened = server.listen(listen, &mut data, &mut chatr);
            listened.map_err(|error| server.explained(error))?;
        }
        if let Some(address) = config.registry {
            let listened = server.serve_registry(address, &mut data, chatr);
            listened.map_err(|error| server.explained(error))?;
        }
        Ok(server)
    }

    /// Returns the listeners in the order of the configuration. The registry comes last.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Returns the maximum number of connections at the same time, over all listeners.
    pub fn connection_ceiling(&self) -> usize {
        self.engine.as_ref().map_or(0, Engine::connection_ceiling)
    }

    /// Accepts no more connections, writes the bytes that are queued for clients (for at most five
    /// seconds), and ends all threads. Blocks until this is done.
    pub fn stop(mut self) {
        self.end();
    }

    /// If the address is in use because another listener of this server has it, returns an error
    /// that names that listener. Otherwise returns `error` unchanged.
    fn explained(&self, error: StartError) -> StartError {
        let StartError::Listen(ListenError { address, cause }) = &error else {
            return error;
        };
        let (ip, port) = (address.ip(), address.port());
        let has_it = |other: &&Listener| {
            let own = other.address.ip();
            other.address.port() == port
                && (own == ip || own.is_unspecified() || ip.is_unspecified())
        };
        match self.listeners.iter().find(has_it) {
            Some(other) if cause.kind() == io::ErrorKind::AddrInUse => StartError::Twice {
                address: *address,
                other: *other,
            },
            _ => error,
        }
    }

    /// Starts a listener. This is the only function of the server that chooses the type of the room
    /// for a protocol.
    fn listen(
        &mut self,
        listen: Listen,
        data: &mut Data,
        chatr: &mut chatr::Listeners,
    ) -> Result<(), StartError> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let Listen {
            address, limits, ..
        } = listen;
        let service = match listen.protocol {
            ProtocolOptions::Chaton(mut options) => {
                options.bound_loopback = limits.bound_loopback;
                let room = chaton::Room::new(options, Box::new(entropy));
                engine.listen(room, options.codec(), address, limits)?
            }
            ProtocolOptions::ChatosGroupe2(mut options) => {
                options.bound_loopback = limits.bound_loopback;
                let room = chatos_groupe2::Room::new(options, Box::new(entropy));
                engine.listen(room, options.codec(), address, limits)?
            }
            ProtocolOptions::Chatos10(mut options) => {
                options.bound_loopback = limits.bound_loopback;
                engine.listen(chatos_1_0::Room::new(options), (), address, limits)?
            }
            ProtocolOptions::ChatHack(mut options) => {
                options.bound_loopback = limits.bound_loopback;
                chathack::listen(engine, options, address, limits, data.store()?)?
            }
            ProtocolOptions::Chatr(options) => {
                chatr.start(engine, options, address, limits, data)?
            }
        };
        self.listeners.push(Listener {
            name: service.protocol(),
            address: service.address(),
        });
        self.services.push(service);
        Ok(())
    }

    fn serve_registry(
        &mut self,
        address: SocketAddr,
        data: &mut Data,
        chatr: chatr::Listeners,
    ) -> Result<(), StartError> {
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let registry = chatr.start_registry(address, engine, data)?;
        self.listeners.push(Listener {
            name: registry.name(),
            address: registry.address(),
        });
        self.registry = Some(registry);
        Ok(())
    }

    fn end(&mut self) {
        let Some(engine) = self.engine.take() else {
            return;
        };
        // This thread first tells all services to close, and only then waits for them. So all
        // services together take at most five seconds.
        self.services.iter_mut().for_each(Service::close);
        self.registry.iter_mut().for_each(RequestService::close);
        self.services.drain(..).for_each(Service::join);
        self.registry
            .take()
            .into_iter()
            .for_each(RequestService::join);
        engine.stop();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.listeners).finish()
    }
}

/// The data directory. Its database is opened when a protocol needs it for the first time.
#[derive(Debug)]
struct Data {
    directory: Option<PathBuf>,
    store: Option<Store>,
}

impl Data {
    fn new(directory: Option<PathBuf>) -> Data {
        Data {
            directory,
            store: None,
        }
    }

    fn directory(&self) -> Result<PathBuf, StoreError> {
        match &self.directory {
            Some(directory) => Ok(directory.clone()),
            None => default_directory(),
        }
    }

    fn store(&mut self) -> Result<&Store, StoreError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let directory = self.directory()?;
                let store = Store::open(&directory)?;
                if let Some(why) = exposed(&directory) {
                    warn!("{why}");
                }
                store
            }
        };
        Ok(self.store.insert(store))
    }
}

/// Returns a random number from the operating system. It is good enough for secrets.
/// [`Server::start`] has tested that the system can give random numbers. If the system fails later,
/// this function returns zero. Rooms never use zero as an id. If they get zero, they ignore the
/// request for which they needed the random number.
fn entropy() -> u64 {
    getrandom::u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use matou_protocols::ProtocolName;

    use super::*;

    #[test]
    fn a_listener_on_the_port_of_another_one_of_the_same_server_is_told_which() {
        let listen = Listen::new(ProtocolName::Chaton, ([127, 0, 0, 1], 0).into());
        let server = Server::start(Config::serving([listen])).unwrap();
        let taken = server.listeners()[0].address;
        let port = taken.port();
        for (address, is_told) in [
            (taken, true),
            (SocketAddr::from(([0, 0, 0, 0], port)), true),
            (SocketAddr::from(([127, 0, 0, 2], port)), false),
            (SocketAddr::from(([127, 0, 0, 1], port ^ 1)), false),
        ] {
            let cause = io::ErrorKind::AddrInUse.into();
            let error = StartError::Listen(ListenError { address, cause });
            let told = server.explained(error).to_string();
            let names = format!("this server's own listener chaton already uses {taken}");
            assert_eq!(told.contains(&names), is_told, "{told}");
        }
    }
}
