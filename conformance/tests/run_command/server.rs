//! A server that accepts every login whose name is free. It never answers a login whose name is taken.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Starts the server. Returns its address.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let names = Arc::new(Mutex::default());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let names = Arc::clone(&names);
            std::thread::spawn(move || serve(client, &names));
        }
    });
    address.to_string()
}

fn serve(mut client: TcpStream, names: &Mutex<BTreeSet<Vec<u8>>>) -> io::Result<()> {
    loop {
        let mut head = [0; 5];
        client.read_exact(&mut head)?;
        let mut name = vec![0; usize::from(head[4])];
        client.read_exact(&mut name)?;
        if names.lock().expect("no thread panics").insert(name) {
            client.write_all(&[1])?;
        }
    }
}
