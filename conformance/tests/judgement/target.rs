//! A simple blocking server of the tiny protocol (see `protocol.rs`). It has either no fault or exactly one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// The fault of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// No fault.
    None,
    /// Accepts connections and sends nothing.
    SaysNothing,
    /// Sends packets without end, no matter what it receives.
    Floods,
    /// Resets every connection at its first byte.
    Resets,
    /// Closes every connection at its first byte.
    Closes,
    /// Answers everything with invalid bytes.
    Garbage,
    /// Is a web server.
    Http,
    /// Behaves as a web server that reads a whole request before it answers.
    PatientHttp,
    /// Answers WELCOME to a TELL for an unknown recipient.
    WelcomesStrangers,
    /// Sends this number of answers to the sender of each TELL.
    AnswersTells(usize),
    /// Refuses every name.
    RefusesEveryLogin,
    /// Answers every packet correctly, but only after this time.
    Slow(Duration),
    /// Relays each TELL, but with another text.
    WrongText,
    /// Sends lengths in characters instead of bytes.
    CountsCharacters,
    /// Sends lengths in little-endian order.
    LittleEndian,
    /// Sends one byte too many after each TELL that it relays.
    HalfAFrameMore,
    /// Relays each TELL with the text "late" only after this time.
    LateTell(Duration),
    /// Relays a TELL to all clients.
    RelaysTellToAll,
    /// Instead of relaying a TELL, sends bytes that are not a frame to the recipient.
    GarblesTell,
    /// Does not relay a TELL to any client.
    RelaysTellToNone,
    /// Answers REFUSED to a TELL for an unknown recipient.
    RefusesTellToUnknown,
    /// Closes the connection when it receives a TELL for an unknown recipient.
    ClosesAtTellToUnknown,
    /// Does not send a SAY back to its sender.
    NoEcho,
    /// Sends each NUMBER in 4 bytes.
    ShortNumbers,
    /// Does not answer an ASK.
    NoNumbers,
    /// Answers an ASK only when two clients have sent an ASK.
    NumbersForTwo,
    /// Changes the text of some TELLs that have the text "flaky". These TELLs are counted from 0. TELL number n is changed
    /// if bit n of this value is set. The server changes a TELL instead of dropping it, because a dropped TELL would cause a
    /// timeout. On a machine that stalls, the runner would then play the case again, and this would change the count.
    Flaky(u32),
    /// Expects that one read returns the whole length field of a text, and that the next read returns the whole text.
    OneReadIsOneField,
    /// Treats the bytes of each read as exactly one frame.
    OneReadIsOneFrame,
    /// Ends the whole server when an unknown opcode arrives.
    DiesOfUnknownOpcodes,
    /// Ends the whole server when it receives a TELL for a client that has left.
    DiesOfTellToTheDeparted,
}

/// A running target. It ends when this value is dropped.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    quirk: Quirk,
    clients: Mutex<BTreeMap<String, Arc<TcpStream>>>,
    departed: Mutex<BTreeSet<String>>,
    connections: Mutex<Vec<Arc<TcpStream>>>,
    asked: Mutex<usize>,
    both_asked: Condvar,
    flaky: AtomicUsize,
    ended: AtomicBool,
    address: SocketAddr,
}

impl Target {
    pub(crate) fn start(quirk: Quirk) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            quirk,
            clients: Mutex::default(),
            departed: Mutex::default(),
            connections: Mutex::default(),
            asked: Mutex::default(),
            both_asked: Condvar::new(),
            flaky: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            address,
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accepting.accept(&listener));
        Target {
            address,
            shared,
            acceptor: Some(acceptor),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.shared.end();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// Returns an address on which nothing listens. Its socket is bound but does not listen, so no other program gets the port.
pub(crate) fn not_listening() -> SocketAddr {
    static BOUND: LazyLock<Socket> = LazyLock::new(|| {
        let socket =
            Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be created");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&any.into()).expect("loopback has a free port");
        socket
    });
    let address = BOUND.local_addr().expect("a bound socket has an address");
    address.as_socket().expect("the socket has an IP address")
}

impl Shared {
    /// Accepts connections until the target ends, then waits until the threads of the connections have ended.
    fn accept(self: &Arc<Shared>, listener: &TcpListener) {
        let mut threads = Vec::new();
        for stream in listener.incoming() {
            if self.ended.load(Ordering::SeqCst) {
                break;
            }
            let Ok(stream) = stream.map(Arc::new) else {
                continue;
            };
            self.connections.lock().unwrap().push(Arc::clone(&stream));
            let shared = Arc::clone(self);
            threads.push(std::thread::spawn(move || shared.serve(&stream)));
        }
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// Ends the target as if its process had died: stops listening and closes all connections.
    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.both_asked.notify_all();
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
    }

    fn serve(&self, stream: &Arc<TcpStream>) {
        let mut name = None;
        let _ = self.talk(stream, &mut name);
        if let Some(name) = name {
            self.clients.lock().unwrap().remove(&name);
            self.departed.lock().unwrap().insert(name);
        }
        if self.quirk == Quirk::Resets {
            let _ = socket2::SockRef::from(&**stream).set_linger(Some(Duration::ZERO));
        }
        // The list of connections also holds the socket and keeps it open. So the socket is removed from the list first.
        let mut connections = self.connections.lock().unwrap();
        connections.retain(|other| !Arc::ptr_eq(other, stream));
        drop(connections);
        if self.quirk != Quirk::Resets {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn talk(&self, stream: &Arc<TcpStream>, name: &mut Option<String>) -> io::Result<()> {
        let mut input: &TcpStream = stream;
        match self.quirk {
            Quirk::SaysNothing => return io::copy(&mut input, &mut io::sink()).map(|_| ()),
            Quirk::PatientHttp => return serve_page(input),
            Quirk::Floods => loop {
                input.write_all(&[1; 64 << 10])?;
            },
            _ => {}
        }
        loop {
            if self.quirk != Quirk::OneReadIsOneFrame {
                self.frame(&mut input, stream, name)?;
                continue;
            }
            let mut buffer = [0; 4096];
            match input.read(&mut buffer)? {
                0 => return Ok(()),
                length => self.frame(&mut &buffer[..length], stream, name)?,
            }
        }
    }

    /// Reads one frame and acts on it. An error ends the connection.
    fn frame(
        &self,
        input: &mut dyn Read,
        stream: &Arc<TcpStream>,
        name: &mut Option<String>,
    ) -> io::Result<()> {
        let gone = || Err(io::ErrorKind::ConnectionAborted.into());
        let mut opcode = [0];
        input.read_exact(&mut opcode)?;
        match self.quirk {
            Quirk::Resets | Quirk::Closes => return gone(),
            Quirk::Garbage => {
                send(stream, &[0x63; 64])?;
                return gone();
            }
            Quirk::Http => {
                send(stream, b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")?;
                return gone();
            }
            Quirk::Slow(pause) => self.pause(pause),
            _ => {}
        }
        match opcode[0] {
            0 => self.hello(input, stream, name),
            3 => self.say(input),
            4 => self.tell(input, stream),
            5 => self.number(stream),
            _ if self.quirk == Quirk::DiesOfUnknownOpcodes => {
                self.end();
                gone()
            }
            _ => gone(),
        }
    }

    fn hello(
        &self,
        input: &mut dyn Read,
        stream: &Arc<TcpStream>,
        name: &mut Option<String>,
    ) -> io::Result<()> {
        let wanted = self.read_text(input)?;
        let mut clients = self.clients.lock().unwrap();
        let refused = self.quirk == Quirk::RefusesEveryLogin
            || name.is_some()
            || clients.contains_key(&wanted);
        if !refused {
            clients.insert(wanted.clone(), Arc::clone(stream));
            *name = Some(wanted);
        }
        drop(clients);
        send(stream, &[if refused { 2 } else { 1 }])
    }

    fn say(&self, input: &mut dyn Read) -> io::Result<()> {
        let (name, text) = (self.read_text(input)?, self.read_text(input)?);
        let mut frame = vec![3];
        self.put(&mut frame, &name);
        self.put(&mut frame, &text);
        for (client, other) in self.clients.lock().unwrap().iter() {
            if self.quirk != Quirk::NoEcho || *client != name {
                let _ = send(other, &frame);
            }
        }
        Ok(())
    }

    fn tell(&self, input: &mut dyn Read, stream: &Arc<TcpStream>) -> io::Result<()> {
        let (sender, target) = (self.read_text(input)?, self.read_text(input)?);
        let text = self.read_text(input)?;
        if let (Quirk::LateTell(pause), "late") = (self.quirk, text.as_str()) {
            self.pause(pause);
        }
        let is_departed = || self.departed.lock().unwrap().contains(&target);
        if self.quirk == Quirk::DiesOfTellToTheDeparted && is_departed() {
            self.end();
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let mut frame = vec![4];
        self.put(&mut frame, &sender);
        self.put(&mut frame, &target);
        let is_wrong = match self.quirk {
            Quirk::WrongText => true,
            Quirk::Flaky(wrong) if text == "flaky" => {
                wrong >> self.flaky.fetch_add(1, Ordering::SeqCst) & 1 == 1
            }
            _ => false,
        };
        match is_wrong {
            true => self.put(&mut frame, "something else"),
            false => self.put(&mut frame, &text),
        }
        if self.quirk == Quirk::HalfAFrameMore {
            frame.push(3);
        }
        let clients = self.clients.lock().unwrap();
        match (self.quirk, clients.get(&target)) {
            (Quirk::RelaysTellToNone, _) => {}
            (Quirk::GarblesTell, Some(other)) => {
                let _ = send(other, b"ccc");
            }
            (Quirk::RelaysTellToAll, _) => {
                for other in clients.values() {
                    let _ = send(other, &frame);
                }
            }
            (Quirk::AnswersTells(times), Some(other)) => {
                let _ = send(other, &frame);
                send(stream, &[7].repeat(times))?;
            }
            (_, Some(other)) => {
                let _ = send(other, &frame);
            }
            (Quirk::RefusesTellToUnknown, None) => send(stream, &[2])?,
            (Quirk::WelcomesStrangers, None) => send(stream, &[1])?,
            (Quirk::ClosesAtTellToUnknown, None) => return Err(io::ErrorKind::Other.into()),
            (_, None) => {}
        }
        Ok(())
    }

    fn number(&self, stream: &Arc<TcpStream>) -> io::Result<()> {
        match self.quirk {
            Quirk::NoNumbers => return Ok(()),
            Quirk::NumbersForTwo => self.wait_for_another(),
            _ => {}
        }
        let number: i64 = 42;
        let mut frame = vec![6];
        match self.quirk {
            Quirk::ShortNumbers => frame.extend((number as i32).to_be_bytes()),
            _ => frame.extend(number.to_be_bytes()),
        }
        send(stream, &frame)
    }

    /// Waits until this much time has passed, or until the target ends.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut asked = self.asked.lock().unwrap();
        while !self.ended.load(Ordering::SeqCst) && Instant::now() < until {
            // The target may end after this loop has checked the flag and before the wait begins. So the wait has a short
            // timeout.
            let left = until.saturating_duration_since(Instant::now());
            let left = left.min(Duration::from_millis(100));
            asked = self.both_asked.wait_timeout(asked, left).unwrap().0;
        }
    }

    fn wait_for_another(&self) {
        let mut asked = self.asked.lock().unwrap();
        *asked += 1;
        let pair = asked.next_multiple_of(2);
        self.both_asked.notify_all();
        while *asked < pair && !self.ended.load(Ordering::SeqCst) {
            // The target may end after this loop has checked the flag and before the wait begins. So the wait has a short
            // timeout.
            asked = self
                .both_asked
                .wait_timeout(asked, Duration::from_millis(100))
                .unwrap()
                .0;
        }
    }

    fn read_text(&self, input: &mut dyn Read) -> io::Result<String> {
        match self.quirk {
            Quirk::OneReadIsOneField => read_text_at_once(input),
            _ => read_text(input),
        }
    }

    fn put(&self, frame: &mut Vec<u8>, text: &str) {
        let length = match self.quirk {
            Quirk::CountsCharacters => text.chars().count(),
            _ => text.len(),
        } as u32;
        frame.extend(match self.quirk {
            Quirk::LittleEndian => length.to_le_bytes(),
            _ => length.to_be_bytes(),
        });
        frame.extend(text.as_bytes());
    }
}

/// Serves a web page: reads up to the empty line that ends the request's headers, and answers.
fn serve_page(mut stream: &TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello")
}

/// Reads the length with one read, and the text with a second read. Fails if a read returns too few bytes.
fn read_text_at_once(stream: &mut dyn Read) -> io::Result<String> {
    let mut length = [0; 4];
    let mut take = |buffer: &mut [u8]| match stream.read(buffer)? {
        length if length == buffer.len() => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
    };
    take(&mut length)?;
    let mut text = vec![0; u32::from_be_bytes(length).min(1000) as usize];
    take(&mut text)?;
    String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn read_text(stream: &mut dyn Read) -> io::Result<String> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut text = vec![0; u32::from_be_bytes(length).min(1000) as usize];
    stream.read_exact(&mut text)?;
    String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn send(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}
