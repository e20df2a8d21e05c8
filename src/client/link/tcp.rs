//! Links over TCP.

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crossbeam_channel::{Receiver, Sender};

use super::outgoing::Flow;
use super::writing::{report_progress, write_all};
use super::{Carrier, Ends, Incoming, Link};

/// Maximum bytes per read.
const CHUNK: usize = 64 * 1024;
impl Carrier for TcpStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }

    fn end_sending(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Link {
    /// Starts the threads of a TCP connection.
    pub(crate) fn start(name: &str, stream: TcpStream) -> io::Result<Link> {
        let reading = stream.try_clone()?;
        let writing = stream.try_clone()?;
        report_progress(&writing)?;
        let (mut link, ends) = Link::new(Box::new(stream));
        let Ends {
            report,
            pieces,
            flow,
        } = ends;
        let reports = report.clone();
        link.own(
            thread::Builder::new()
                .name(format!("{name}-in"))
                .spawn(move || receive(&reading, &reports))?,
        );
        link.own(
            thread::Builder::new()
                .name(format!("{name}-out"))
                .spawn(move || send(&writing, &pieces, &flow, &report))?,
        );
        Ok(link)
    }
}

fn receive(mut stream: &TcpStream, report: &Sender<Incoming>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let incoming = match stream.read(&mut chunk) {
            Ok(0) => Incoming::End,
            Ok(length) => Incoming::Bytes(chunk[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Incoming::ReceiveFailed(error),
        };
        let over = !matches!(incoming, Incoming::Bytes(_));
        if report.send(incoming).is_err() || over {
            return;
        }
    }
}

fn send(stream: &TcpStream, pieces: &Receiver<Vec<u8>>, flow: &Flow, report: &Sender<Incoming>) {
    for piece in pieces {
        let left = |bytes| {
            flow.take(bytes);
            flow.advance(bytes);
        };
        if let Err(error) = write_all(stream, &piece, left) {
            let _ = report.send(Incoming::SendFailed(error));
            return;
        }
    }
    let _ = report.send(match stream.shutdown(Shutdown::Write) {
        Ok(()) => Incoming::AllSent,
        Err(error) => Incoming::SendFailed(error),
    });
}
