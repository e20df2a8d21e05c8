//! Starting a step of the course.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// The programs, in the order of the course.
pub(crate) const STEPS: [(&str, &str); 7] = [
    ("one-client", env!("CARGO_BIN_EXE_one-client")),
    ("one-lock", env!("CARGO_BIN_EXE_one-lock")),
    ("two-threads", env!("CARGO_BIN_EXE_two-threads")),
    ("one-write", env!("CARGO_BIN_EXE_one-write")),
    ("direct-send", env!("CARGO_BIN_EXE_direct-send")),
    ("one-run", env!("CARGO_BIN_EXE_one-run")),
    ("orderly-end", env!("CARGO_BIN_EXE_orderly-end")),
];

/// A running server. It is killed when the test ends.
pub(crate) struct Step {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Step {
    /// Starts a step on a free port, and waits until it listens.
    pub(crate) fn start(name: &str) -> Step {
        let (_, program) = STEPS.iter().find(|step| step.0 == name).unwrap();
        let mut process = Command::new(program)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        Step { process, address }
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

impl Drop for Step {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
