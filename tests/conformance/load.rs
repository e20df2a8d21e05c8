//! Small loads on our own servers, with at least one test for each kind of work of `conformance load`. The servers must keep
//! every promise under these loads.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use conformance::grammar::Choices;
use conformance::load::{
    Bounds, Direction, FanOut, Figures, Language, Pace, Teller, Trouble, Tunnel, Work, run,
};
use conformance::suite::Suite;
use matou_protocols::chaton;
use matou_protocols::chatos_1_0;
use matou_server::net::ConnectionLimits;
use rstest::rstest;

use crate::chathack::Chathack;
use crate::chatr::ChatrServer;
use crate::{Server, chaton_room};

const FAN_OUT: Work = Work::FanOut(FanOut {
    clients: 12,
    senders: 3,
    pace: Pace::Window(4),
    size: 100,
    messages: 60,
    lasts: BOUND,
    at_once: 4,
});

const STORM: Work = Work::Storm {
    clients: 12,
    at_once: 4,
};

const CHURN: Work = Work::Churn {
    slots: 3,
    lasts: Duration::from_millis(100),
};

/// The timeout of each load. No load in this file takes that long.
const BOUND: Duration = Duration::from_secs(60);

fn play_with(
    settings: &BTreeMap<String, String>,
    protocol: &str,
    target: SocketAddr,
    work: &Work,
) -> Result<Figures, Trouble> {
    let suite = Suite::built_in(protocol).unwrap();
    let bounds = Bounds {
        patience: Duration::from_secs(20),
        until: Instant::now() + BOUND,
        process: None,
        is_stopped: || false,
    };
    let language = Language::Suite {
        suite: &suite,
        choices: &Choices::new(),
        settings,
    };
    run(language, target, work, &bounds, &Teller::new(&|_| {}))
}

fn play(protocol: &str, target: SocketAddr, work: &Work) -> Figures {
    play_with(&BTreeMap::new(), protocol, target, work).unwrap()
}

fn assert_kept(figures: &Figures) {
    assert!(figures.flaws().none(), "{figures}");
}

fn start_chaton() -> Server {
    let options = chaton::Options::default();
    let limits = ConnectionLimits::default();
    Server::of(chaton_room(options), options.codec(), limits)
}

fn start_chatos_1_0() -> Server {
    let room = chatos_1_0::Room::new(chatos_1_0::Options::default());
    Server::of(room, (), ConnectionLimits::default())
}

#[rstest]
#[case::chaton(start_chaton(), "chaton", 60 * 12)]
#[case::chatos_1_0(start_chatos_1_0(), "chatos-1.0", 60 * 11)]
fn every_client_receives_every_message(
    #[case] server: Server,
    #[case] protocol: &str,
    #[case] deliveries: u64,
) {
    let figures = play(protocol, server.service.address(), &FAN_OUT);
    assert_kept(&figures);
    let Figures::FanOut(counted) = figures else {
        panic!("the load is a fan-out");
    };
    assert_eq!((counted.messages, counted.deliveries), (60, deliveries));
    server.stop();
}

#[test]
fn chathack_keeps_its_promises() {
    let server = Chathack::start();
    for work in [FAN_OUT, STORM, CHURN] {
        assert_kept(&play("chathack", server.address, &work));
    }
}

#[rstest]
fn a_private_connection_relays_the_bytes_of_the_load(
    #[values(Direction::OneWay, Direction::BothWays, Direction::PingPong)] direction: Direction,
    #[values("chaton", "chatos-1.0")] protocol: &str,
) {
    let server = match protocol {
        "chaton" => start_chaton(),
        _ => start_chatos_1_0(),
    };
    let work = Work::Tunnel(Tunnel {
        direction,
        bytes: 100_000,
        lasts: Duration::from_millis(200),
    });
    assert_kept(&play(protocol, server.service.address(), &work));
    server.stop();
}

/// This load uses TLS, and registers its own identities.
#[test]
fn chatr_connects_the_identities_of_the_load_and_pings_them() {
    let server = ChatrServer::pinging_every(Duration::from_millis(100));
    let (name, value) = server.rest();
    let settings = [(name.to_owned(), value)].into();
    let play = |work: &Work| play_with(&settings, "chatr", server.service.address(), work).unwrap();
    for work in [STORM, CHURN] {
        assert_kept(&play(&work));
    }
    // On a busy machine, the clients may receive no ping in the one second of a load. Then the load runs again.
    let answered = (0..10).any(|_| {
        let idle = play(&Work::Idle {
            clients: 3,
            at_once: 3,
            lasts: Duration::from_secs(1),
        });
        assert_kept(&idle);
        let Figures::Idle(counted) = idle else {
            panic!("the load measures idle clients");
        };
        counted.answered >= 3
    });
    assert!(answered);
    server.stop();
}

#[test]
fn a_load_that_the_protocol_does_not_have_is_refused_before_it_begins() {
    let server = ChatrServer::start();
    let (name, value) = server.rest();
    let settings = [(name.to_owned(), value)].into();
    let address = server.service.address();
    let why = |settings, work| {
        let trouble = play_with(settings, "chatr", address, work).unwrap_err();
        trouble.to_string()
    };
    assert_eq!(
        why(&settings, &FAN_OUT),
        "this protocol does not have a broadcast"
    );
    let without = why(&BTreeMap::new(), &STORM);
    assert!(without.contains("--set rest=ADDR"), "{without}");
    server.stop();
}

/// This load makes only TLS handshakes. It needs no protocol.
#[test]
fn a_load_of_tls_handshakes_keeps_its_promises() {
    let server = ChatrServer::start();
    let bounds = Bounds {
        patience: Duration::from_secs(20),
        until: Instant::now() + BOUND,
        process: None,
        is_stopped: || false,
    };
    for work in [STORM, CHURN] {
        let target = server.service.address();
        let figures = run(
            Language::Peer("tls"),
            target,
            &work,
            &bounds,
            &Teller::new(&|_| {}),
        );
        assert_kept(&figures.unwrap());
    }
    server.stop();
}
