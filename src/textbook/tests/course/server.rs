//! A running server, and its clients.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running server. It is killed when the test ends.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Runs a command that starts a server on a free port, and waits until the server listens.
    pub(crate) fn start(command: &mut Command) -> Server {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        Server { process, address }
    }

    /// Connects a client and waits until its login is accepted.
    #[cfg(unix)]
    pub(crate) fn login(&self, name: &str) -> std::net::TcpStream {
        use std::io::{Read, Write};
        let mut client = std::net::TcpStream::connect(self.address).unwrap();
        let length = u32::try_from(name.len()).unwrap();
        let frame = [&[0], length.to_be_bytes().as_slice(), name.as_bytes()].concat();
        client.write_all(&frame).unwrap();
        let mut answer = [0xff];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [1], "LOGIN_ACCEPTED");
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
