//! A load says what it saw: figures of a server that keeps its promises, and what one that does not has broken.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use conformance::grammar::Choices;
use conformance::load::{
    Bounds, Direction, FanOut, Figures, Language, Pace, Teller, Trouble, Tunnel, Work, run,
};
use conformance::suite::Suite;
use rstest::rstest;
use socket2::{Domain, Socket, Type};

/// What a server of the test does with the message that everybody should get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Faithful,
    /// Every tenth copy is not sent.
    Loses,
    /// A byte in the text of every tenth copy is another one.
    Damages,
    /// Two messages change places.
    Reorders,
    /// Nobody is let in.
    Refuses,
    /// A copy is followed by something that nobody asked for.
    Babbles,
}

/// A small server of Chaton, a thread for each client; it ends with the process of the test.
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
            // Each pair the wrong way round, but for the probe of the load.
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
                // The first ones are the probe of the load.
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

/// A LOGIN or a MESSAGE.
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

/// Only a load that never ends waits this long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

fn play(target: SocketAddr, work: &Work, patience: Duration) -> Result<Figures, Trouble> {
    let suite = Suite::built_in("chaton").unwrap();
    let bounds = Bounds {
        patience,
        until: Instant::now() + 2 * PATIENCE,
        process: None,
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
        // With one message under way a server that holds one back would be waited for.
        pace: Pace::Window(8),
        size: 64,
        messages: 40,
        lasts: Duration::from_secs(30),
        at_once: 2,
    });
    let patience = match habit {
        // What was lost, is held back for ever or cannot be recognised any more is waited for.
        Habit::Loses | Habit::Reorders | Habit::Damages => Duration::from_secs(3),
        Habit::Faithful | Habit::Refuses | Habit::Babbles => PATIENCE,
    };
    play(start(habit), &work, patience)
}

#[test]
fn every_delivery_of_a_faithful_server_is_counted() {
    let Ok(Figures::FanOut(figures)) = fan_out(Habit::Faithful) else {
        panic!("there are figures");
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
fn a_broken_promise_is_named(#[case] habit: Habit, #[case] words: &str) {
    let figures = fan_out(habit).expect("there are figures");
    let flaws = figures.flaws().in_words();
    assert!(flaws.iter().any(|flaw| flaw.contains(words)), "{flaws:?}");
}

#[test]
fn a_login_that_is_refused_says_so() {
    let trouble = fan_out(Habit::Refuses).expect_err("nobody is let in");
    let words = trouble.to_string();
    assert!(
        words.contains("LOGIN_REFUSED instead of LOGIN_ACCEPTED"),
        "{words}"
    );
}

#[test]
fn nothing_that_listens_is_told_apart() {
    // A socket that is bound and does not listen: nobody else is given its port.
    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    bound
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let nobody = bound.local_addr().unwrap().as_socket().unwrap();
    let work = Work::Storm {
        clients: 3,
        at_once: 3,
    };
    let trouble = play(nobody, &work, Duration::from_secs(5));
    assert!(
        matches!(trouble, Err(Trouble::CannotConnect(_))),
        "{trouble:?}"
    );
}

#[test]
fn bytes_that_a_proxy_changes_are_seen() {
    let suite_less = |backend: SocketAddr, proxy: SocketAddr| {
        let bounds = Bounds {
            patience: PATIENCE,
            until: Instant::now() + 2 * PATIENCE,
            process: None,
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
        let figures = suite_less(backend, proxy(backend, damage)).expect("there are figures");
        let flaws = figures.flaws().in_words();
        assert_eq!(flaws.first().map(String::as_str), words);
    }
}

/// An address that the load can listen on. Systems choose ports above 32767 for those who do not say which, so nobody takes
/// this one in between.
fn unused() -> SocketAddr {
    let chance = || RandomState::new().hash_one(0) % 12_000;
    let ports = iter::repeat_with(|| 20_000 + chance() as u16);
    let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a port is free")
}

/// Passes one connection on, one way; byte 100,000 with this added.
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
