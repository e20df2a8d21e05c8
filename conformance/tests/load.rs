//! Tests of the load generator. If the server is correct, a load returns figures. If the server has a fault, the result of
//! the load says what is wrong.

#[cfg(unix)]
#[path = "../../tests/common/heeding.rs"]
mod heeding;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use conformance::grammar::{Choices, Extent, TypeDefinition, TypeKind};
use conformance::load::{
    Bounds, Direction, FanOut, Figures, Language, Pace, Teller, Trouble, Tunnel, Work, run,
};
use conformance::suite::Suite;
use rstest::rstest;
use socket2::{Domain, Socket, Type};

/// What the server does with a message that all clients should receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Faithful,
    /// Drops every tenth copy.
    Loses,
    /// Changes a byte in the text of every tenth copy.
    Damages,
    /// Sends two messages in the wrong order.
    Reorders,
    /// Refuses every login.
    Refuses,
    /// Sends an unexpected packet after every tenth copy.
    Babbles,
}

/// A small server of Chaton with one thread for each client. It runs until the process of the test ends.
struct Server {
    habit: Habit,
    clients: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    streams: Vec<TcpStream>,
    copies: usize,
    held: Option<Vec<u8>>,
}

fn start(habit: Habit) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::new(Server {
        habit,
        clients: Mutex::default(),
    });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = Arc::clone(&server);
            thread::spawn(move || server.serve(stream));
        }
    });
    address
}

impl Server {
    fn serve(&self, mut stream: TcpStream) {
        while let Some((opcode, frame)) = frame(&mut stream) {
            match (opcode, self.habit) {
                (0, Habit::Refuses) => drop(stream.write_all(&[2])),
                (0, _) => {
                    let mut room = self.clients.lock().unwrap();
                    room.streams.push(stream.try_clone().unwrap());
                    drop(stream.write_all(&[1]));
                }
                _ => self.say(frame),
            }
        }
    }

    fn say(&self, frame: Vec<u8>) {
        let mut room = self.clients.lock().unwrap();
        let mut frames = vec![frame];
        if self.habit == Habit::Reorders {
            // Swaps the two messages of each pair. The messages with which the load tests the server before its measurement
            // keep their order.
            match room.held.take() {
                None if room.copies > 8 => {
                    room.held = frames.pop();
                    return;
                }
                held => frames.extend(held),
            }
        }
        let Room {
            streams, copies, ..
        } = &mut *room;
        for frame in frames {
            for stream in streams.iter_mut() {
                *copies += 1;
                // The load sends the first messages before its measurement, and the server sends them on without a change.
                let tenth = *copies > 8 && copies.is_multiple_of(10);
                let mut copy = frame.clone();
                match self.habit {
                    Habit::Loses if tenth => continue,
                    Habit::Damages if tenth => *copy.last_mut().unwrap() ^= 1,
                    Habit::Babbles if tenth => copy.push(2),
                    _ => {}
                }
                drop(stream.write_all(&copy));
            }
        }
    }
}

/// Reads a LOGIN or a MESSAGE.
fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut bytes = vec![0];
    stream.read_exact(&mut bytes).ok()?;
    let strings = if bytes[0] == 0 { 1 } else { 2 };
    for _ in 0..strings {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        bytes.extend(length);
        let from = bytes.len();
        bytes.resize(from + u32::from_be_bytes(length) as usize, 0);
        stream.read_exact(&mut bytes[from..]).ok()?;
    }
    Some((bytes[0], bytes))
}

/// A timeout for loads that end by themselves. It is so long that even on a busy machine only a load that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

fn play(target: SocketAddr, work: &Work, patience: Duration) -> Result<Figures, Trouble> {
    let suite = Suite::built_in("chaton").unwrap();
    let bounds = Bounds {
        patience,
        until: Instant::now() + 2 * PATIENCE,
        process: None,
        is_stopped: || false,
    };
    let choices = Choices::new();
    let language = Language::Suite {
        suite: &suite,
        choices: &choices,
        settings: &BTreeMap::new(),
    };
    run(language, target, work, &bounds, &Teller::new(&|_| {}))
}

fn fan_out(habit: Habit) -> Result<Figures, Trouble> {
    let work = Work::FanOut(FanOut {
        clients: 4,
        senders: 2,
        // One of these servers holds back each message until the next message arrives. So a sender must be able to send
        // several messages before all clients have received the first one.
        pace: Pace::Window(8),
        size: 64,
        messages: 40,
        lasts: Duration::from_secs(30),
        at_once: 2,
    });
    let patience = match habit {
        // With these servers some messages never arrive correctly, so the load waits until its timeout. A short timeout
        // keeps the test short.
        Habit::Loses | Habit::Reorders | Habit::Damages => Duration::from_secs(3),
        Habit::Faithful | Habit::Refuses | Habit::Babbles => PATIENCE,
    };
    play(start(habit), &work, patience)
}

#[test]
fn every_delivery_of_a_correct_server_is_counted() {
    let Ok(Figures::FanOut(figures)) = fan_out(Habit::Faithful) else {
        panic!("the load has figures");
    };
    assert!(figures.flaws.none(), "{:?}", figures.flaws);
    assert_eq!((figures.messages, figures.deliveries), (40, 160));
    assert!(figures.echo);
}

#[rstest]
#[case::loss(Habit::Loses, "never arrived")]
#[case::damage(Habit::Damages, "arrived damaged")]
#[case::disorder(Habit::Reorders, "arrived out of order")]
#[case::babble(Habit::Babbles, "arrived unexpectedly, the first: LOGIN_REFUSED")]
fn the_result_names_a_broken_promise(#[case] habit: Habit, #[case] words: &str) {
    let figures = fan_out(habit).expect("the load has figures");
    let flaws = figures.flaws().in_words();
    assert!(flaws.iter().any(|flaw| flaw.contains(words)), "{flaws:?}");
}

#[test]
fn a_refused_login_ends_the_load_with_a_reason() {
    let trouble = fan_out(Habit::Refuses).expect_err("the server refuses every login");
    let words = trouble.to_string();
    assert!(
        words.contains("LOGIN_REFUSED instead of LOGIN_ACCEPTED"),
        "{words}"
    );
}

#[test]
fn a_target_where_nothing_listens_is_an_error_with_its_reason() {
    // The socket is bound but does not listen, so no other program gets its port.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let not_listening = bound.local_addr().unwrap().as_socket().unwrap();
    let work = Work::Storm {
        clients: 3,
        at_once: 3,
    };
    let trouble = play(not_listening, &work, Duration::from_secs(5));
    assert!(
        matches!(trouble, Err(Trouble::CannotConnect(_))),
        "{trouble:?}"
    );
}

/// Plays a load of Chaton in which the name of a LOGIN always takes `size` bytes.
fn play_with_short_names(
    target: SocketAddr,
    size: usize,
    clients: usize,
) -> Result<Figures, Trouble> {
    let mut suite = Suite::built_in("chaton").unwrap();
    suite.grammar.types.push(TypeDefinition {
        name: "SHORT".to_owned(),
        kind: TypeKind::Text(Extent::Fixed { size, pad: Some(0) }),
    });
    let login = suite.grammar.packet_named("LOGIN").unwrap();
    suite.grammar.packets[login.0].fields[0].type_name = "SHORT".to_owned();
    let language = Language::Suite {
        suite: &suite,
        choices: &Choices::new(),
        settings: &BTreeMap::new(),
    };
    let bounds = Bounds {
        patience: PATIENCE,
        until: Instant::now() + PATIENCE,
        process: None,
        is_stopped: || false,
    };
    let work = Work::Storm {
        clients,
        at_once: 4,
    };
    run(language, target, &work, &bounds, &Teller::new(&|_| {}))
}

#[rstest]
#[case::short(2, 20)]
#[case::long(12, 20)]
fn clients_choose_names_that_fit_into_a_short_field(#[case] size: usize, #[case] clients: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut known = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut login = vec![0; 1 + size];
            if stream.read_exact(&mut login).is_err() {
                continue;
            }
            let is_new = known.iter().all(|(_, other)| *other != login);
            stream.write_all(&[if is_new { 1 } else { 2 }]).unwrap();
            known.push((stream, login));
        }
    });
    let played = play_with_short_names(address, size, clients);
    assert!(played.is_ok(), "{played:?}");
}

#[test]
fn too_many_clients_for_the_names_that_fit_are_refused() {
    let trouble = play_with_short_names(start(Habit::Faithful), 1, 27).unwrap_err();
    let words = trouble.to_string();
    assert!(words.contains("such names, but it needs 27"), "{words}");
}

#[test]
fn bytes_that_a_proxy_changes_are_noticed() {
    let suite_less = |backend: SocketAddr, proxy: SocketAddr| {
        let bounds = Bounds {
            patience: PATIENCE,
            until: Instant::now() + 2 * PATIENCE,
            process: None,
            is_stopped: || false,
        };
        let work = Work::Tunnel(Tunnel {
            direction: Direction::OneWay,
            bytes: 1 << 20,
            lasts: Duration::from_secs(30),
        });
        run(
            Language::Proxy(backend),
            proxy,
            &work,
            &bounds,
            &Teller::new(&|_| {}),
        )
    };
    for (damage, words) in [(0, None), (1, Some("1 arrived damaged"))] {
        let backend = unused();
        let figures = suite_less(backend, proxy(backend, damage)).expect("the load has figures");
        let flaws = figures.flaws().in_words();
        assert_eq!(flaws.first().map(String::as_str), words);
    }
}

/// Returns an address on which the load can listen. The port is below 32768. Programs that ask the system for any free port
/// get a port above 32767, so no such program takes this port before the load does.
fn unused() -> SocketAddr {
    let chance = || RandomState::new().hash_one(0) % 12_000;
    let ports = iter::repeat_with(|| 20_000 + chance() as u16);
    let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a port is free")
}

/// Starts a proxy that forwards one direction of one connection. It adds `damage` to the value of byte number 100,000.
fn proxy(backend: SocketAddr, damage: u8) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut from, _) = listener.accept().unwrap();
        let mut to = TcpStream::connect(backend).unwrap();
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes[100_000] = bytes[100_000].wrapping_add(damage);
        to.write_all(&bytes).unwrap();
    });
    address
}

/// Logs in as one more client, which does not belong to the load, and reads this number of messages. A thread then reads all
/// further messages until the server ends.
#[cfg(unix)]
fn watch(server: SocketAddr, messages: usize) {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"\0\0\0\0\x07watcher").unwrap();
    stream.read_exact(&mut [0]).unwrap();
    for _ in 0..messages {
        frame(&mut stream).unwrap();
    }
    thread::spawn(move || while frame(&mut stream).is_some() {});
}

#[cfg(unix)]
#[test]
fn an_interrupted_load_shows_the_figures_so_far() {
    use std::process::Stdio;

    use rustix::process::{Pid, Signal, kill_process};

    let server = start(Habit::Faithful);
    let load = heeding::heeding_all_signals(env!("CARGO_BIN_EXE_conformance"))
        .args(["load", "chaton", &server.to_string()])
        .args(["--clients", "2", "--senders", "1", "--rate", "200"])
        .args(["--seconds", "600", "--time-limit", "1200"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    watch(server, 50);
    kill_process(Pid::from_child(&load), Signal::INT).unwrap();
    let ended = load.wait_with_output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert_eq!(ended.status.code(), Some(130), "{out}{err}");
    assert!(out.contains("violations                none"), "{out}{err}");
    assert!(err.contains("the load was stopped early"), "{err}");
}
