//! The response to an HTTP request: one response of bounded size on one connection.

use std::io::{self, Read, Write};

/// Maximum size of the headers of a response, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Maximum size of the body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Maximum number of header fields.
const MAX_FIELDS: usize = 64;

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Writes the bytes of a request, and reads the response.
///
/// # Errors
/// Fails if the connection fails, or if the response is invalid or too large.
pub(super) fn converse(stream: &mut (impl Read + Write), request: &[u8]) -> io::Result<Answer> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut received = Vec::new();
    let head = loop {
        if let Some(head) = read_head(&received)? {
            break head;
        }
        if received.len() > MAX_HEAD {
            return Err(no_answer("the headers are too long"));
        }
        if take_more(stream, &mut received)? == 0 {
            return Err(no_answer("connection closed inside the headers"));
        }
    };
    if head.body > MAX_BODY {
        return Err(no_answer("the response is too large"));
    }
    let whole = head.length + head.body;
    while received.len() < whole {
        if take_more(stream, &mut received)? == 0 {
            return Err(no_answer("connection closed inside the body"));
        }
    }
    received.truncate(whole);
    Ok(Answer {
        status: head.status,
        body: received.split_off(head.length),
    })
}

struct Head {
    status: u16,
    /// Length of the headers, in bytes.
    length: usize,
    /// Length of the body, in bytes.
    body: usize,
}

fn read_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let length = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(no_answer(&error.to_string())),
    };
    let field = |name: &str| {
        let mut fields = answer.headers.iter();
        fields.find(|field| field.name.eq_ignore_ascii_case(name))
    };
    if field("Transfer-Encoding").is_some() {
        return Err(no_answer("the chunked transfer encoding is not supported"));
    }
    let body = match field("Content-Length") {
        None => 0,
        Some(field) => str::from_utf8(field.value)
            .ok()
            .and_then(|digits| digits.trim().parse().ok())
            .ok_or_else(|| no_answer("the Content-Length is not a number"))?,
    };
    Ok(Some(Head {
        status: answer.code.unwrap_or_default(),
        length,
        body,
    }))
}

fn take_more(stream: &mut impl Read, received: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(length) => {
                received.extend(chunk.iter().take(length));
                return Ok(length);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn no_answer(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("invalid HTTP response: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// A server's response, which arrives one byte at a time.
    struct Script<'a>(&'a [u8]);

    impl Read for Script<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut())
            else {
                return Ok(0);
            };
            *place = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    impl Write for Script<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[rstest]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}")]
    #[case("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}rest", 200, "{}")]
    #[case("HTTP/1.0 404 Not Found\r\n\r\n", 404, "")]
    fn a_response_is_read(#[case] bytes: &str, #[case] status: u16, #[case] body: &str) {
        let body = body.as_bytes().to_vec();
        let answer = converse(&mut Script(bytes.as_bytes()), b"GET").unwrap();
        assert_eq!(answer, Answer { status, body });
    }

    #[rstest]
    #[case::nothing("", "inside the headers")]
    #[case::half_a_head("HTTP/1.1 200 OK\r\n", "inside the headers")]
    #[case::half_a_body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "inside the body")]
    #[case::another_protocol("SSH-2.0-OpenSSH\r\n", "invalid HTTP response")]
    #[case::no_number("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a number")]
    #[case::too_large("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", "too large")]
    #[case::chunks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked")]
    fn an_invalid_response_is_an_error(#[case] bytes: &str, #[case] why: &str) {
        let error = converse(&mut Script(bytes.as_bytes()), b"GET").unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }

    #[test]
    fn endless_headers_are_not_read_for_ever() {
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1024 * 1024));
        let error = converse(&mut Script(endless.as_bytes()), b"GET").unwrap_err();
        assert!(error.to_string().contains("too long"), "{error}");
    }
}
