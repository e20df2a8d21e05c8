//! Tests of the implementations of `Writable` that this system can run. All implementations must
//! keep the same promises.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::epoll;
use super::{Woken, poll};
use crate::net::bounds::addresses::Addresses;
use crate::net::bounds::budget::Budget;
use crate::net::bounds::limits::ConnectionLimits;
use crate::net::connection::{Connection, Shared};
use crate::net::sending::writers::Writers;
use crate::net::sys;
use crate::net::time::clock::Clock;
use crate::net::tunnel::Pipes;
use matou_protocols::room::ConnId;

/// A test fails when a writer is not woken within this time.
const PATIENCE: Duration = Duration::from_secs(20);

trait Waits: Send + Sync + Sized + 'static {
    fn make() -> io::Result<Self>;
    fn add(&self, connection: &Arc<Connection>) -> io::Result<()>;
    fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken;
    fn all(&self) -> Vec<Arc<Connection>>;
    fn stop(&self);
    fn clear(&self);
}

macro_rules! waits {
    ($way:ty) => {
        impl Waits for $way {
            fn make() -> io::Result<Self> {
                <$way>::new()
            }
            fn add(&self, connection: &Arc<Connection>) -> io::Result<()> {
                self.add(connection)
            }
            fn wait(&self, ready: &mut Vec<Arc<Connection>>) -> Woken {
                self.wait(ready)
            }
            fn all(&self) -> Vec<Arc<Connection>> {
                self.all()
            }
            fn stop(&self) {
                self.stop();
            }
            fn clear(&self) {
                self.clear();
            }
        }
    };
}

waits!(poll::Writable);
#[cfg(target_os = "linux")]
waits!(epoll::Writable);

/// Runs a test for each implementation.
macro_rules! for_each_way {
    ($check:ident) => {
        $check::<poll::Writable>();
        #[cfg(target_os = "linux")]
        $check::<epoll::Writable>();
    };
}

/// A connection whose socket is full, and its peer.
fn full(number: u64) -> (Arc<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, from) = listener.accept().unwrap();
    let limits = Arc::new(ConnectionLimits::default());
    let slot = Addresses::new(&limits).admit(from.ip()).unwrap();
    let clock = Arc::<Clock<Connection>>::default();
    let id = ConnId(number);
    let shared = Shared {
        clock: &clock,
        limits: &limits,
        writers: &Writers::new(1, usize::MAX),
        pipes: &Arc::new(Pipes::new(&Budget::new(0))),
        protocol: "test",
        listener: &"test".into(),
    };
    let connection = Connection::new(shared, id, from, stream, None, slot);
    fill(&connection);
    (connection, peer)
}

fn fill(connection: &Connection) {
    let bytes = vec![7; 64 << 10];
    while sys::send_now(&connection.stream, &bytes).unwrap() > 0 {}
}

/// Starts a thread that calls `wait` until it is stopped, and that reports the numbers of the
/// connections that it gets.
fn writer<W: Waits>(way: &Arc<W>) -> Receiver<Vec<u64>> {
    let (told, tell) = channel();
    let way = Arc::clone(way);
    thread::spawn(move || {
        let mut ready = Vec::new();
        while way.wait(&mut ready) != Woken::Stopped {
            let numbers = ready.drain(..).map(|connection| connection.id.0);
            if told.send(numbers.collect()).is_err() {
                return;
            }
        }
    });
    tell
}

#[test]
fn only_the_connection_whose_peer_reads_is_handed_out_and_only_once() {
    fn check<W: Waits>() {
        let way = Arc::new(W::make().unwrap());
        let handed = writer(&way);
        let waiting: Vec<_> = (1..=5).map(full).collect();
        for (connection, _) in &waiting {
            way.add(connection).unwrap();
            way.add(connection).unwrap();
        }
        for round in 0..2 {
            let (connection, mut peer) = (&waiting[3].0, &waiting[3].1);
            // The time-out is set before the first read, because it has no effect on a read that is
            // already blocked.
            peer.set_read_timeout(Some(Duration::from_millis(500)))
                .unwrap();
            let reading = thread::scope(|scope| {
                // The peer reads until the writer is woken, and then it reads the remaining bytes.
                let reading = scope.spawn(move || {
                    let mut scrap = vec![0; 64 << 10];
                    while peer.read(&mut scrap).is_ok_and(|length| length > 0) {}
                });
                assert_eq!(handed.recv_timeout(PATIENCE).unwrap(), [4], "{round}");
                reading.join()
            });
            reading.unwrap();
            // A connection whose socket is ready is not handed out again before it is added again.
            // A connection whose socket is full is not handed out either.
            fill(connection);
            way.add(connection).unwrap();
            assert!(handed.try_recv().is_err());
        }
        way.stop();
        assert!(handed.recv_timeout(PATIENCE).is_err());
    }
    for_each_way!(check);
}

#[test]
fn a_connection_that_is_cut_is_handed_out() {
    fn check<W: Waits>() {
        let way = Arc::new(W::make().unwrap());
        let (before, _peer) = full(1);
        let (after, _other_peer) = full(2);
        let handed = writer(&way);
        way.add(&before).unwrap();
        before.cut();
        assert_eq!(handed.recv_timeout(PATIENCE).unwrap(), [1]);
        after.cut();
        way.add(&after).unwrap();
        assert_eq!(handed.recv_timeout(PATIENCE).unwrap(), [2]);
        way.stop();
        assert!(handed.recv_timeout(PATIENCE).is_err());
        assert_eq!(
            Arc::strong_count(&before),
            1,
            "`way` must no longer hold it"
        );
    }
    for_each_way!(check);
}

#[test]
fn a_connection_whose_peer_is_lost_is_handed_out() {
    fn check<W: Waits>() {
        let way = Arc::new(W::make().unwrap());
        let (connection, peer) = full(1);
        way.add(&connection).unwrap();
        let handed = writer(&way);
        // The peer closes its socket, which has unread bytes, so the system sends a reset.
        drop(peer);
        assert_eq!(handed.recv_timeout(PATIENCE).unwrap(), [1]);
        way.stop();
    }
    for_each_way!(check);
}

#[test]
fn every_writer_ends_after_stop() {
    fn check<W: Waits>() {
        let way = Arc::new(W::make().unwrap());
        let (connection, _peer) = full(1);
        way.add(&connection).unwrap();
        let writers: Vec<_> = (0..4).map(|_| writer(&way)).collect();
        way.stop();
        for handed in writers {
            assert!(handed.recv_timeout(PATIENCE).is_err());
        }
        assert_eq!(writer(&way).recv_timeout(PATIENCE).ok(), None);
    }
    for_each_way!(check);
}

#[test]
fn after_clear_no_connection_is_held() {
    fn check<W: Waits>() {
        let way = W::make().unwrap();
        let (connection, _peer) = full(1);
        way.add(&connection).unwrap();
        assert!(Arc::ptr_eq(&way.all()[0], &connection));
        way.stop();
        way.clear();
        assert_eq!(Arc::strong_count(&connection), 1);
    }
    for_each_way!(check);
}
