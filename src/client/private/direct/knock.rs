use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use super::promises::{Promises, Verdict};
use crate::link::Link;

/// Time limit for a peer to send its pass. The expected peer sends its pass immediately, so this limit only affects other
/// peers and very slow networks.
const KNOCK_TIME: Duration = Duration::from_secs(10);
/// Maximum number of unauthenticated peers at the same time. When there are more, the oldest of them is disconnected.
const MOST: usize = 64;
/// Maximum number of unauthenticated peers from one address, so that one machine cannot take all places.
const MOST_FROM_ONE: usize = 16;

/// The unauthenticated peers, oldest first. Dropping this value disconnects all of them.
#[derive(Debug)]
pub(super) struct Knocking {
    promises: Arc<Promises>,
    /// The lock is not held while a thread reads or waits.
    at_the_door: Arc<Mutex<AtTheDoor>>,
}

#[derive(Debug, Default)]
struct AtTheDoor {
    next_number: u64,
    strangers: VecDeque<Stranger>,
}

#[derive(Debug)]
struct Stranger {
    number: u64,
    from: IpAddr,
    /// The peer's socket. A shutdown of this socket wakes the peer's thread, which blocks in a read.
    stream: TcpStream,
    thread: JoinHandle<()>,
}

impl Knocking {
    pub(super) fn new(promises: Arc<Promises>) -> Knocking {
        Knocking {
            promises,
            at_the_door: Arc::default(),
        }
    }

    /// Reads the pass of a peer in a separate thread.
    pub(super) fn begin(&self, stream: TcpStream, from: IpAddr) -> io::Result<()> {
        let promises = Arc::clone(&self.promises);
        let at_the_door = Arc::clone(&self.at_the_door);
        let waking = stream.try_clone()?;
        // This thread holds the lock until the peer is in the list. So when the peer's thread ends, it finds the peer in the
        // list and removes it.
        let mut all = self.at_the_door.lock();
        let number = all.next_number;
        all.next_number += 1;
        all.make_room(from);
        let thread = thread::Builder::new()
            .name("direct-knock".into())
            .spawn(move || {
                let arrival = look(&stream, &promises);
                at_the_door.lock().leaves(number);
                if let Some(arrival) = arrival {
                    let link = stream
                        .set_read_timeout(None)
                        .and_then(|()| Link::start("tunnel", stream));
                    // This send fails if the session has already ended.
                    let _ = arrival.send(link);
                }
            })?;
        all.strangers.push_back(Stranger {
            number,
            from,
            stream: waking,
            thread,
        });
        Ok(())
    }
}

impl Drop for Knocking {
    fn drop(&mut self) {
        let all: Vec<_> = self.at_the_door.lock().strangers.drain(..).collect();
        for stranger in all {
            let _ = stranger.stream.shutdown(Shutdown::Both);
            let _ = stranger.thread.join();
        }
    }
}

impl AtTheDoor {
    fn leaves(&mut self, number: u64) {
        self.strangers.retain(|stranger| stranger.number != number);
    }

    /// Makes room for a peer from the address `from`. If too many peers have this address, the oldest of them is
    /// disconnected.
    /// Otherwise, if there are too many peers in total, disconnects the oldest peer.
    fn make_room(&mut self, from: IpAddr) {
        let same = |stranger: &Stranger| stranger.from == from;
        let from_one = self.strangers.iter().filter(|one| same(one)).count();
        let leaves = if from_one >= MOST_FROM_ONE {
            self.strangers.iter().position(same)
        } else {
            (self.strangers.len() >= MOST).then_some(0)
        };
        if let Some(stranger) = leaves.and_then(|at| self.strangers.remove(at)) {
            // The shutdown wakes the thread of the disconnected peer, which then ends by itself.
            let _ = stranger.stream.shutdown(Shutdown::Both);
        }
    }
}

/// Reads until the received bytes are an expected pass, or until no expected pass begins with them. Reads no byte after the
/// pass, because those bytes belong to the private connection.
fn look(mut stream: &TcpStream, promises: &Promises) -> Option<Sender<io::Result<Link>>> {
    let deadline = Instant::now() + KNOCK_TIME;
    let mut shown = Vec::new();
    loop {
        let now = Instant::now();
        let more = match promises.judge(&shown, now) {
            Verdict::In(arrival) => return Some(arrival),
            Verdict::Out => return None,
            Verdict::More(more) => more,
        };
        let left = deadline.checked_duration_since(now)?;
        if left.is_zero() {
            return None;
        }
        stream.set_read_timeout(Some(left)).ok()?;
        let had = shown.len();
        shown.resize(had + more, 0);
        match stream.read(&mut shown[had..]) {
            Ok(0) => return None,
            Ok(read) => shown.truncate(had + read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => shown.truncate(had),
            Err(_) => return None,
        }
    }
}
