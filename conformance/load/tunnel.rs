//! A load that sends bytes through a private connection, which the server relays.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use super::exchange::Parties;
use super::figures::{Flaws, TunnelFigures, latencies, micros};
use super::speech::Speech;
use super::talker::Talker;
use super::target::Meter;
use super::tongue::Tongue;
use super::work::{Bounds, Direction, End, Teller, Trouble, Tunnel};
use conformance_suite::grammar::LoadLane;

/// Maximum number of bytes of one write and of one read.
const CHUNK: usize = 64 * 1024;

/// The stream repeats after this number of bytes. The number is prime, so it has no common factor with the size of a
/// server's buffer. So if a server loses or repeats a whole buffer, the bytes that arrive differ from the bytes that the
/// load expects.
const PERIOD: usize = 65_521;

const GIB: f64 = (1_u64 << 30) as f64;

/// The two ends of a tunnel, and the connections that must stay open as long as the tunnel is used.
pub(super) struct Ends {
    a: TcpStream,
    b: TcpStream,
    _others: Vec<Talker>,
}

/// Runs a load of bytes through a tunnel.
pub(super) fn play(
    ends: Ends,
    what: &Tunnel,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<TunnelFigures, Trouble> {
    let end = bounds.end_of(what.lasts);
    let meter = Meter::start(bounds.process);
    let (a, b) = (&ends.a, &ends.b);
    match what.direction {
        Direction::PingPong => ping_pong(a, b, what.bytes, end, &meter, teller),
        direction => Ok(bulk(a, b, direction, what.bytes, end, &meter, teller)),
    }
}

/// Logs in two clients and lets them agree on a private connection.
pub(super) fn agree(speech: &Speech, target: SocketAddr, bounds: &Bounds) -> Result<Ends, Trouble> {
    if speech.load.tunnel.is_empty() {
        return Err(Trouble::NoSuchWork(
            "a private connection that the server relays",
        ));
    }
    let connect =
        || Talker::connect(target, speech.tls(), bounds.patience).map_err(Trouble::CannotConnect);
    let names = speech.names(2).map_err(Trouble::Protocol)?;
    let two = |names: Vec<String>| Trouble::Protocol(format!("two names, not {}", names.len()));
    let [a, b] = names.try_into().map_err(two)?;
    let who = [(LoadLane::A, a), (LoadLane::B, b)];
    let mut talkers = BTreeMap::new();
    for (lane, name) in &who {
        let mut talker = connect()?;
        talker.log_in(speech, name).map_err(Trouble::Lost)?;
        talkers.insert(*lane, talker);
    }
    let mut parties = Parties::of(who);
    for step in &speech.load.tunnel {
        let talker = match talkers.entry(step.lane) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(connect()?),
        };
        let done = talker.step(speech, step, &mut parties);
        done.map_err(Trouble::Lost)?;
    }
    let ends = (
        talkers.remove(&LoadLane::AEnd),
        talkers.remove(&LoadLane::BEnd),
    );
    let (Some(a), Some(b)) = ends else {
        return Err(Trouble::NoSuchWork(
            "a private connection that the server relays",
        ));
    };
    Ok(Ends {
        a: a.into_stream().map_err(Trouble::Lost)?,
        b: b.into_stream().map_err(Trouble::Lost)?,
        // The two clients stay logged in. If they logged out, the server could close their private connection.
        _others: talkers.into_values().collect(),
    })
}

/// Connects to a proxy, and accepts the connection that the proxy makes to its backend.
pub(super) fn through_proxy(
    proxy: SocketAddr,
    backend: SocketAddr,
    bounds: &Bounds,
) -> Result<Ends, Trouble> {
    let listener = TcpListener::bind(backend)
        .map_err(|error| Trouble::Machine(format!("cannot listen on {backend}: {error}")))?;
    let a = TcpStream::connect_timeout(&proxy, bounds.patience)
        .map_err(|error| Trouble::CannotConnect(error.to_string()))?;
    let (b, _) = listener.accept().map_err(|error| {
        Trouble::Machine(format!(
            "the proxy did not connect to the backend {backend}: {error}"
        ))
    })?;
    for end in [&a, &b] {
        let prepared = end
            .set_nodelay(true)
            .and_then(|()| end.set_read_timeout(Some(bounds.patience)))
            .and_then(|()| end.set_write_timeout(Some(bounds.patience)));
        prepared.map_err(|error| Trouble::Machine(error.to_string()))?;
    }
    Ok(Ends {
        a,
        b,
        _others: Vec::new(),
    })
}

/// What arrived in one direction.
struct Passed {
    bytes: u64,
    flaws: Flaws,
}

fn bulk(
    a: &TcpStream,
    b: &TcpStream,
    direction: Direction,
    bytes: u64,
    end: End,
    meter: &Meter,
    teller: &Teller<'_>,
) -> TunnelFigures {
    let began = Instant::now();
    let ways: &[(&TcpStream, &TcpStream)] = match direction {
        Direction::BothWays => &[(a, b), (b, a)],
        _ => &[(a, b)],
    };
    let passed: Vec<Passed> = thread::scope(|scope| {
        let ways: Vec<_> = ways
            .iter()
            .map(|(from, to)| {
                let sender = scope.spawn(move || send(from, bytes, end));
                let receiver = scope.spawn(move || receive(to, teller));
                (sender, receiver)
            })
            .collect();
        let joined = ways.into_iter().filter_map(|(sender, receiver)| {
            let (sent, received) = (sender.join().ok()?, receiver.join().ok()?);
            Some(settle(sent, received))
        });
        joined.collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let bytes: u64 = passed.iter().map(|way| way.bytes).sum();
    let mut flaws = Flaws::default();
    for way in passed {
        flaws.lost += way.flaws.lost;
        flaws.damaged += way.flaws.damaged;
        flaws.ends += way.flaws.ends;
        flaws.first_end = flaws.first_end.or(way.flaws.first_end);
    }
    let gib = bytes as f64 / GIB;
    TunnelFigures {
        direction,
        seconds,
        bytes,
        per_second: gib / seconds,
        latency: None,
        server: meter.cost_of(gib, None),
        flaws,
    }
}

fn settle(sent: Result<u64, String>, received: Received) -> Passed {
    let mut flaws = Flaws {
        damaged: u64::from(received.damaged),
        ..Flaws::default()
    };
    let ends = [sent.as_ref().err().cloned(), received.why];
    for why in ends.into_iter().flatten() {
        flaws.ends += 1;
        flaws.first_end.get_or_insert(why);
    }
    flaws.lost = sent
        .unwrap_or(received.bytes)
        .saturating_sub(received.bytes);
    Passed {
        bytes: received.bytes,
        flaws,
    }
}

/// The bytes of the stream, which repeat after [`PERIOD`].
struct Pattern(Vec<u8>);

impl Pattern {
    fn new() -> Pattern {
        let byte = |index: usize| ((index % PERIOD).wrapping_mul(2_654_435_761) >> 24) as u8;
        Pattern((0..PERIOD + CHUNK).map(byte).collect())
    }

    /// Returns the bytes of the stream that begin at `offset`, at most one chunk.
    fn piece(&self, offset: u64, length: usize) -> &[u8] {
        let from = (offset % PERIOD as u64) as usize;
        let end = from + length.min(CHUNK);
        self.0.get(from..end).unwrap_or_default()
    }
}

fn send(mut stream: &TcpStream, bytes: u64, end: End) -> Result<u64, String> {
    let pattern = Pattern::new();
    let mut sent = 0;
    while sent < bytes && !end.is_reached() {
        let piece = pattern.piece(sent, usize::try_from(bytes - sent).unwrap_or(CHUNK));
        stream
            .write_all(piece)
            .map_err(|error| format!("the tunnel accepted {sent} bytes, but no more: {error}"))?;
        sent += piece.len() as u64;
    }
    let ended = stream.shutdown(Shutdown::Write);
    ended.map_err(|error| error.to_string()).map(|()| sent)
}

struct Received {
    bytes: u64,
    damaged: bool,
    why: Option<String>,
}

fn receive(mut stream: &TcpStream, teller: &Teller<'_>) -> Received {
    let pattern = Pattern::new();
    let mut chunk = vec![0; CHUNK];
    let mut received = Received {
        bytes: 0,
        damaged: false,
        why: None,
    };
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return received,
            Ok(read) => {
                let expected = pattern.piece(received.bytes, read);
                received.damaged |= chunk.get(..read) != Some(expected);
                received.bytes += read as u64;
                teller.tell(|| format!("{} MiB arrived", received.bytes >> 20));
            }
            Err(error) => {
                let bytes = received.bytes;
                received.why = Some(format!("{bytes} bytes arrived, but no more: {error}"));
                return received;
            }
        }
    }
}

/// Repeats a round trip: sends a few bytes and waits until the same bytes return.
fn ping_pong(
    mut a: &TcpStream,
    b: &TcpStream,
    size: u64,
    end: End,
    meter: &Meter,
    teller: &Teller<'_>,
) -> Result<TunnelFigures, Trouble> {
    let size = usize::try_from(size).unwrap_or(CHUNK).clamp(1, CHUNK);
    let mut latency = latencies();
    let mut flaws = Flaws::default();
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || echo(b, size));
        let mut sent = Pattern::new().piece(0, size).to_vec();
        let mut back = vec![0; size];
        while !end.is_reached() {
            let began = Instant::now();
            sent.iter_mut()
                .take(1)
                .for_each(|first| *first = first.wrapping_add(1));
            let there = a.write_all(&sent).and_then(|()| a.read_exact(&mut back));
            if let Err(error) = there {
                flaws.ends += 1;
                flaws.first_end = Some(error.to_string());
                break;
            }
            latency.saturating_record(micros(began.elapsed()));
            flaws.damaged += u64::from(back != sent);
            teller.tell(|| format!("{} round trips", latency.len()));
        }
        // The FIN ends the thread that sends the bytes back.
        let _ = a.shutdown(Shutdown::Write);
    });
    let seconds = began.elapsed().as_secs_f64();
    Ok(TunnelFigures {
        direction: Direction::PingPong,
        seconds,
        bytes: latency.len() * size as u64 * 2,
        per_second: latency.len() as f64 / seconds,
        latency: Some((&latency).into()),
        server: meter.cost(latency.len(), None),
        flaws,
    })
}

fn echo(mut stream: &TcpStream, size: usize) {
    let mut bytes = vec![0; size];
    while stream.read_exact(&mut bytes).is_ok() && stream.write_all(&bytes).is_ok() {}
    let _ = stream.shutdown(Shutdown::Both);
}
