//! The small part of HTTP that the registry needs: requests with a short body, and their responses.
//! A connection carries one request and one response.

use std::io::{self, Read, Write};

use serde_json::json;

/// Maximum length in bytes of the request line and the headers together.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// Maximum length of a body in bytes. A body with the largest key (8192 bits) is shorter than two
/// thousand bytes.
pub const MAX_BODY_BYTES: usize = 16 << 10;

const MAX_HEADERS: usize = 64;

/// A client's request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path, without the query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// Why a request could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The request is wrong, and this response says why.
    Refused(Response),
    /// The connection is lost. No response can be sent.
    Lost(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Unread {
        match error.kind() {
            io::ErrorKind::TimedOut => Unread::Refused(too_late()),
            _ => Unread::Lost(error),
        }
    }
}

impl Unread {
    /// Removes the body of the response if the method of the request is HEAD.
    fn to(self, method: &str) -> Unread {
        match self {
            Unread::Refused(response) if method == "HEAD" => {
                Unread::Refused(response.without_body())
            }
            other => other,
        }
    }
}

impl Request {
    /// Returns the value of the first header with this name. Upper and lower case in the name make
    /// no difference.
    pub(super) fn header(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Returns the values of all headers with this name.
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let is_it = move |(found, _): &&(String, Vec<u8>)| found.eq_ignore_ascii_case(name);
        self.headers.iter().filter(is_it).map(|(_, value)| &**value)
    }

    /// Returns the GET request for the same resource.
    pub(super) fn as_get(&self) -> Request {
        Request {
            method: "GET".into(),
            path: self.path.clone(),
            headers: self.headers.clone(),
            body: Vec::new(),
        }
    }

    /// Reads a request. Blocks until the request is complete, or until the time limit of the stream
    /// is over. EOF before the request is complete is an error. If the client asks whether it may
    /// send the body (header `Expect`), answers `100 Continue`.
    pub(super) fn read(stream: &mut (impl Read + Write)) -> Result<Request, Unread> {
        let mut bytes = Vec::new();
        let (mut request, head) = loop {
            if let Some(read) = Request::parse(&bytes)? {
                break read;
            }
            if bytes.len() >= MAX_HEAD_BYTES {
                return Err(refused(
                    431,
                    "the headers are too long",
                    "BadRequestException",
                ));
            }
            read_more(stream, &mut bytes, MAX_HEAD_BYTES)?;
        };
        let length = request.body_length();
        let length = length.map_err(|why| why.to(&request.method))?;
        let mut body = bytes.split_off(head);
        if body.len() < length && request.header("Expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.flush()?;
        }
        while body.len() < length {
            read_more(stream, &mut body, length)?;
        }
        body.truncate(length);
        request.body = body;
        Ok(request)
    }

    /// Parses the request line and the headers, and returns them with their length in bytes.
    /// Returns `None` if they are not complete yet.
    fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Unread> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let length = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => {
                let why = format!("invalid HTTP request: {error}");
                return Err(refused(400, &why, "BadRequestException"));
            }
        };
        let Some(path) = path_of(parsed.path.unwrap_or_default()) else {
            let why = "the URL of the request has no host";
            return Err(refused(400, why, "BadRequestException"));
        };
        let needs_host = parsed.version == Some(1);
        let copied =
            |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            headers: parsed.headers.iter().map(copied).collect(),
            body: Vec::new(),
        };
        let checked = request.check_host(needs_host);
        checked.map_err(|why| why.to(&request.method))?;
        Ok(Some((request, length)))
    }

    /// A request of HTTP/1.1 must name one host (RFC 9112, section 3.2). A request with two `Host`
    /// headers is refused, because a proxy in front of this server might use one host and this
    /// server the other. A client of HTTP/1.0 may omit the host.
    fn check_host(&self, is_needed: bool) -> Result<(), Unread> {
        let hosts = self.all("Host").count();
        let why = match hosts {
            0 if is_needed => "the header Host is missing",
            0 | 1 => return Ok(()),
            _ => "the header Host is given more than once",
        };
        Err(refused(400, why, "BadRequestException"))
    }

    fn body_length(&self) -> Result<usize, Unread> {
        if self.header("Transfer-Encoding").is_some() {
            let why = "Transfer-Encoding is not supported; send the body with a Content-Length";
            return Err(refused(411, why, "BadRequestException"));
        }
        let mut lengths = self.all("Content-Length");
        let Some(value) = lengths.next() else {
            return Ok(0);
        };
        // If two headers give different lengths, a proxy in front of this server might use one
        // length and this server the other. Then a part of this body could be treated as a new
        // request.
        if lengths.any(|other| other != value) {
            let why = "the Content-Length is given twice with different values";
            return Err(refused(400, why, "BadRequestException"));
        }
        // Only digits are accepted. `parse` would also accept a plus sign before the digits.
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            let why = "the Content-Length is not a number";
            return Err(refused(400, why, "BadRequestException"));
        }
        let text = std::str::from_utf8(value).unwrap_or_default();
        match text.parse() {
            Ok(length) if length <= MAX_BODY_BYTES => Ok(length),
            // The number is larger than `MAX_BODY_BYTES`, or it is too large even for `usize`, so
            // `parse` has failed.
            _ => Err(too_large()),
        }
    }
}

/// Returns the path of a request's target, without the query. Some clients send the whole URL, as
/// they would to a proxy, and a server must accept it (RFC 9112, section 3.2.2). The host in the
/// URL is ignored. But if the host is empty, returns `None`.
fn path_of(target: &str) -> Option<&str> {
    let authority = ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let path = match authority {
        None => target,
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            if host.is_empty() || host.starts_with(':') {
                return None;
            }
            path
        }
    };
    match path.split('?').next() {
        None | Some("") => Some("/"),
        path => path,
    }
}

/// Returns the response to a client that has not sent its whole request in time.
fn too_late() -> Response {
    let why = "the request was not complete in time";
    Response::error(408, why, "RequestTimeoutException")
}

fn too_large() -> Unread {
    let why = format!("the body is too large; at most {MAX_BODY_BYTES} bytes are accepted");
    refused(413, &why, "PayloadTooLargeException")
}

fn refused(status: u16, why: &str, kind: &str) -> Unread {
    Unread::Refused(Response::error(status, why, kind))
}

/// Calls `read` once and appends the bytes to `bytes`, up to `most` bytes in all. Blocks until
/// bytes arrive, or until the time limit of the stream is over. EOF is an error here, because the
/// request is not complete.
fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>, most: usize) -> io::Result<()> {
    let filled = bytes.len();
    bytes.resize(most.min(filled + 4096), 0);
    let read = loop {
        match stream.read(&mut bytes[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    bytes.truncate(filled + *read.as_ref().unwrap_or(&0));
    match read? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// The response to a request.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    /// True if the body is not sent. Its length is still sent, in the header `Content-Length`.
    is_bodiless: bool,
}

impl Response {
    pub(super) fn text(content_type: &'static str, body: String) -> Response {
        Response {
            status: 200,
            content_type,
            headers: Vec::new(),
            body: body.into_bytes(),
            is_bodiless: false,
        }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Response {
        Response {
            status,
            ..Response::text("application/json", format!("{body}\n"))
        }
    }

    /// Makes an error response. `why` is a sentence for people, and `kind` is a word for programs.
    pub(super) fn error(status: u16, why: &str, kind: &str) -> Response {
        Response::json(status, &json!({ "error_message": why, "error_type": kind }))
    }

    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Response {
        self.headers.push((name, value));
        self
    }

    /// Makes the response to HEAD from the response to GET.
    pub(super) fn without_body(self) -> Response {
        Response {
            is_bodiless: true,
            ..self
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let (status, reason) = (self.status, reason(self.status));
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut head = format!(
            "HTTP/1.1 {status} {reason}\r\nDate: {date}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.content_type,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let body: &[u8] = if self.is_bodiless { &[] } else { &self.body };
        stream.write_all(&[head.as_bytes(), body].concat())?;
        stream.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
