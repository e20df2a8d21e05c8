//! A relay in front of the right server, with a mistake in how it passes bytes on.
//!
//! Everything that is not a tunnel goes through as it is, byte for byte, end for end.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// What is wrong with the relaying of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddle {
    /// One byte is changed behind the first 64 KiB.
    ChangesAByte,
    /// An end is not passed on.
    SwallowsTheEnd,
    /// The end of one direction ends the other, too.
    EndsBoth,
    /// What comes in one read with the opening frame is lost.
    LosesEarlyBytes,
    /// A read that begins like a MESSAGE is not passed on.
    TakesCommandsOut,
}

/// Opcode of LOGIN_PRIVATE, with which a tunnel's end begins, and the length of that frame.
const LOGIN_PRIVATE: (u8, usize) = (9, 9);
const MESSAGE: u8 = 3;

/// Listens, and relays each connection to `server`. It ends with the process: nothing waits for it.
pub(crate) fn listen(server: SocketAddr, meddle: Meddle) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(upstream) = TcpStream::connect(server) else {
                continue;
            };
            let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
            relay(client, upstream, meddle);
        }
    });
    address
}

fn relay(client: TcpStream, server: TcpStream, meddle: Meddle) {
    let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::spawn(move || Pump::new(meddle, true).run(client, server));
    thread::spawn(move || Pump::new(meddle, false).run(server_again, client_again));
}

/// One direction of one connection.
struct Pump {
    meddle: Meddle,
    from_client: bool,
    passed: usize,
    tunnel: bool,
}

impl Pump {
    fn new(meddle: Meddle, from_client: bool) -> Pump {
        Pump {
            meddle,
            from_client,
            passed: 0,
            tunnel: false,
        }
    }

    fn run(mut self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 32 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    let bytes = self.change(&mut buffer[..length]);
                    if to.write_all(bytes).is_err() {
                        break;
                    }
                }
                // A reset is passed on as what it is: both directions are over.
                Err(_) => {
                    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    return;
                }
            }
        }
        match self.meddle {
            Meddle::SwallowsTheEnd if self.tunnel => {}
            Meddle::EndsBoth if self.tunnel => {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            }
            _ => {
                let _ = to.shutdown(Shutdown::Write);
            }
        }
    }

    fn change<'a>(&mut self, bytes: &'a mut [u8]) -> &'a [u8] {
        let before = self.passed;
        self.passed += bytes.len();
        if before == 0 && self.from_client && bytes[0] == LOGIN_PRIVATE.0 {
            self.tunnel = true;
            return match self.meddle {
                Meddle::LosesEarlyBytes => &bytes[..bytes.len().min(LOGIN_PRIVATE.1)],
                _ => bytes,
            };
        }
        let far = 64 << 10;
        match self.meddle {
            Meddle::ChangesAByte if self.tunnel && before < far && self.passed >= far => {
                bytes[0] ^= 1;
            }
            Meddle::TakesCommandsOut if self.tunnel && bytes[0] == MESSAGE => return &[],
            _ => {}
        }
        bytes
    }
}
