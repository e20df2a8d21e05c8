//! Starts and stops `matou serve` as a separate process.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use tempfile::TempDir;

/// The timeout of every wait. A wait that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It is killed when the test ends.
pub(crate) struct Program {
    pub(crate) child: Child,
    addresses: HashMap<String, SocketAddr>,
    data: TempDir,
}

impl Program {
    /// Starts `matou serve` with these arguments and a new data directory.
    pub(crate) fn start(arguments: &[&str], stderr: Stdio) -> Program {
        Program::start_as(Command::cargo_bin("matou").unwrap(), arguments, stderr)
    }

    /// Starts the server with these arguments and a new data directory. The command `matou` must start the program `matou`;
    /// it may set limits first, for example.
    pub(crate) fn start_as(mut matou: Command, arguments: &[&str], stderr: Stdio) -> Program {
        let data = tempfile::tempdir().unwrap();
        let mut child = matou
            .args(["serve", "--data"])
            .arg(data.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut addresses = HashMap::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["listening", name, address] => {
                    addresses.insert(name.to_owned(), address.parse().unwrap());
                }
                ["ready"] => break,
                _ => panic!("{line:?}"),
            }
        }
        Program {
            child,
            addresses,
            data,
        }
    }

    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        self.addresses[listener]
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn connect(&self, listener: &str) -> TcpStream {
        patient(TcpStream::connect(self.address(listener)).unwrap())
    }

    /// Stops the server and waits until it has ended.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) {
        self.terminate();
        assert!(self.child.wait().unwrap().success());
    }

    /// Tells the server to stop.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sets a read timeout, so that a test fails if it waits too long for bytes.
pub(crate) fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}
