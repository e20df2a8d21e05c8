//! Tests that a suite gives a distant server the same verdicts as a nearby one. The suite of Chaton judges our own server
//! twice: directly, and over a relay that delays all bytes.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use conformance::run::{Options, Report, Verdict, run_suite};
use conformance::suite::Suite;
use matou_protocols::chaton;
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits};

/// The delay that the relay adds in each direction.
const LATENCY: Duration = Duration::from_millis(50);

/// Maximum number of pieces of data that are on their way in one direction. When the relay holds this number, the sender has
/// to wait.
const UNDER_WAY: usize = 64;

/// A piece of data that is on the way, and the time at which the relay must deliver it.
enum Parcel {
    Bytes(Instant, Vec<u8>),
    End(Instant, Ending),
}

enum Ending {
    Fin,
    Reset,
}

/// Starts a relay to the target, and returns the address of the relay. The threads of a connection end with the connection.
fn relay_to(target: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            if let Ok(far) = TcpStream::connect(target) {
                let (near, far) = (Arc::new(near), Arc::new(far));
                join(&near, &far);
                join(&far, &near);
            }
        }
    });
    address
}

fn join(from: &Arc<TcpStream>, to: &Arc<TcpStream>) {
    // Without this option, the system would delay a small piece until the piece before it was acknowledged.
    to.set_nodelay(true).unwrap();
    let (send, receive) = sync_channel(UNDER_WAY);
    let (from, to) = (Arc::clone(from), Arc::clone(to));
    std::thread::spawn(move || collect(&from, &send));
    std::thread::spawn(move || deliver(&receive, &to));
}

fn collect(mut from: &TcpStream, parcels: &SyncSender<Parcel>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer);
        let due = Instant::now() + LATENCY;
        let (parcel, is_last) = match read {
            Ok(0) => (Parcel::End(due, Ending::Fin), true),
            Ok(length) => (Parcel::Bytes(due, buffer[..length].to_vec()), false),
            Err(_) => (Parcel::End(due, Ending::Reset), true),
        };
        if parcels.send(parcel).is_err() || is_last {
            return;
        }
    }
}

fn deliver(parcels: &Receiver<Parcel>, to: &TcpStream) {
    // An error means that the receiver has closed the connection.
    let _ = deliver_all(parcels, to);
}

fn deliver_all(parcels: &Receiver<Parcel>, mut to: &TcpStream) -> io::Result<()> {
    for parcel in parcels {
        let (Parcel::Bytes(due, _) | Parcel::End(due, _)) = &parcel;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        match parcel {
            Parcel::Bytes(_, bytes) => to.write_all(&bytes)?,
            Parcel::End(_, Ending::Fin) => to.shutdown(Shutdown::Write)?,
            Parcel::End(_, Ending::Reset) => {
                socket2::SockRef::from(to).set_linger(Some(Duration::ZERO))?;
                to.shutdown(Shutdown::Both)?;
            }
        }
    }
    Ok(())
}

/// Cases that are not judged here. The first two cases open fifty connections one after the other, which takes too long over
/// the relay. The other two cases must fill all buffers between the server and a client that does not read, and the relay
/// adds more buffers.
const LEFT_OUT: [&str; 4] = [
    "fifty-clients",
    "fifty-visitors",
    "slow-reader",
    "slow-tunnel",
];

/// If the two verdicts on a case differ, the case is judged again alone. The case is repeated at most this number of times.
const ALONE: usize = 3;

#[test]
fn a_server_over_a_slow_connection_gets_the_same_verdicts() {
    let engine = Engine::start(&ProcessLimits::default());
    let options = chaton::Options::default();
    let entropy = Box::new(|| getrandom::u64().unwrap());
    let room = chaton::Room::new(options, entropy);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let service = engine
        .listen(room, options.codec(), any, ConnectionLimits::default())
        .unwrap();
    let suite = Suite::built_in("chaton").unwrap();
    let targets = [relay_to(service.address()), service.address()];
    let all = Options {
        jobs: 16,
        skip: LEFT_OUT.map(str::to_owned).to_vec(),
        ..Options::default()
    };
    let judged = targets.map(|target| run_suite(&suite, target, &all).unwrap());
    assert!(judged[0].cases.len() > 90);
    let [far, near] = judged.each_ref().map(verdicts);
    let is_other = |id: &&String| far.get(*id) != near.get(*id);
    let mut differ: Vec<String> = near.keys().filter(is_other).cloned().collect();
    // On a busy machine, the two verdicts on a case may differ once by chance. If they differ in each attempt, the latency
    // is the cause.
    for _ in 0..ALONE {
        differ.retain(|id| {
            let alone = Options {
                jobs: 1,
                only: vec![id.clone()],
                ..Options::default()
            };
            let [far, near] = targets.map(|target| {
                let report = run_suite(&suite, target, &alone).unwrap();
                verdicts(&report).remove(id)
            });
            far != near
        });
    }
    assert_eq!(differ, Vec::<String>::new());
    drop(service);
    engine.stop();
}

/// Returns the verdict on each case, with `Pass` instead of `Note`. A note only reports which allowed choice the server has
/// made, and this choice may depend on the order of events.
fn verdicts(report: &Report) -> BTreeMap<String, Verdict> {
    let seen = |verdict| match verdict {
        Verdict::Note => Verdict::Pass,
        verdict => verdict,
    };
    let cases = report.cases.iter();
    cases
        .map(|case| (case.id.clone(), seen(case.verdict)))
        .collect()
}
