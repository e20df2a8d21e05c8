//! HTTP between the clients of Chatr Connect and the registry.

use std::io::{self, Read, Write};

use crate::script::Script;
use server::{MAX_BODY_BYTES, Request, Unread};

#[allow(dead_code, unreachable_pub, reason = "the registry uses more of it")]
#[path = "../../src/server/rest/http.rs"]
mod server;

#[allow(dead_code, reason = "the client uses more of it")]
#[path = "../../src/client/chatr/registry/response.rs"]
mod client;

/// A stream whose bytes arrive in pieces of at most `size` bytes. It keeps everything that is written to it.
struct Pieces<'a> {
    left: &'a [u8],
    size: usize,
    written: Vec<u8>,
}

impl<'a> Pieces<'a> {
    fn new(left: &'a [u8], size: usize) -> Pieces<'a> {
        let written = Vec::new();
        Pieces {
            left,
            size,
            written,
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(buffer.len());
        let (now, later) = self.left.split_at(size.min(self.left.len()));
        buffer[..now.len()].copy_from_slice(now);
        self.left = later;
        Ok(now.len())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first byte chooses whether the bytes are read as a request or as a response. The second byte is the size of the
/// pieces in which they arrive.
pub(crate) fn both(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let read = script.one_of(&[request, response]);
    let size = usize::from(script.byte().unwrap_or(0)).max(1);
    let bytes = script.rest();
    let (whole, in_pieces) = (read(bytes, usize::MAX), read(bytes, size));
    assert_eq!(whole, in_pieces, "in pieces of {size} bytes");
}

/// Reads a request, and describes the result.
fn request(bytes: &[u8], size: usize) -> String {
    let mut stream = Pieces::new(bytes, size);
    match Request::read(&mut stream) {
        Ok(request) => {
            assert!(request.body.len() <= MAX_BODY_BYTES);
            format!("{request:?} {:?}", request.as_get())
        }
        Err(Unread::Lost(error)) => format!("{:?}", error.kind()),
        Err(Unread::Refused(refusal)) => {
            let mut answer = Vec::new();
            let sent = refusal.write(&mut answer);
            sent.expect("a vector takes every byte");
            response(&answer, usize::MAX);
            format!("{refusal:?}")
        }
    }
}

/// Reads a response, and describes the result.
fn response(bytes: &[u8], size: usize) -> String {
    match client::converse(&mut Pieces::new(bytes, size), b"GET") {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}
