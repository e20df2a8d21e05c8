//! One outbox: two who push, a writer, a peer who reads, and whoever ends it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shuttle::sync::mpsc;
use shuttle::thread;

use super::outbox::{Finish, Outbox, Pushed, Written};
use super::sys::Socket;

const LONG: Duration = Duration::from_secs(3600);

/// What the threads of one execution share.
struct Line {
    outbox: Outbox,
    socket: Socket,
}

impl Line {
    fn of(capacity: usize) -> Arc<Line> {
        Arc::new(Line {
            outbox: Outbox::new(Instant::now(), None),
            socket: Socket::of(capacity),
        })
    }

    fn push(&self, bytes: &[u8], writer: &mpsc::Sender<()>) {
        match self.outbox.push(&self.socket, bytes, &mut None, 1000) {
            Pushed::Done => {}
            Pushed::NeedsWriter => writer.send(()).expect("the writer is there"),
            other => panic!("{other:?}"),
        }
    }

    /// The server's writers: an outbox comes to one of them, and again as long as it is not empty.
    fn write(&self, given: &mpsc::Receiver<()>) {
        while given.recv().is_ok() {
            while self.outbox.write(&self.socket, LONG, LONG) == Written::NotAll {}
        }
    }

    fn read_to_the_end(&self) -> Vec<u8> {
        let mut read = Vec::new();
        while let Some(bytes) = self.socket.read() {
            read.extend(bytes);
        }
        read
    }
}

/// Two threads push, then a third thing happens; returns what the peer read.
fn play(capacity: usize, end: impl FnOnce(&Line, &mpsc::Sender<()>) + Send + 'static) -> Vec<u8> {
    let line = Line::of(capacity);
    let (give, given) = mpsc::channel();
    let writer = {
        let line = Arc::clone(&line);
        thread::spawn(move || line.write(&given))
    };
    let reader = {
        let line = Arc::clone(&line);
        thread::spawn(move || line.read_to_the_end())
    };
    let pushers = [b'a', b'A'].map(|first| {
        let (line, give) = (Arc::clone(&line), give.clone());
        thread::spawn(move || {
            line.push(&[first, first + 1], &give);
            line.push(&[first + 2, first + 3, first + 4], &give);
        })
    });
    for pusher in pushers {
        pusher.join().expect("no pusher panics");
    }
    end(&line, &give);
    drop(give);
    writer.join().expect("the writer does not panic");
    reader.join().expect("the reader does not panic")
}

/// Whole frames of both, each one's in order, and nothing else.
fn assert_whole(read: &[u8]) {
    let text = String::from_utf8_lossy(read).into_owned();
    let mut left = text.as_str();
    let mut next = [0, 0];
    while !left.is_empty() {
        let mut frames = [["ab", "cde"], ["AB", "CDE"]].into_iter().enumerate();
        let taken = frames.find_map(|(who, frames)| {
            let frame = frames.get(next[who])?;
            left.strip_prefix(frame).map(|rest| (who, rest))
        });
        let (who, rest) = taken.unwrap_or_else(|| panic!("frames are mixed: {text:?}"));
        next[who] += 1;
        left = rest;
    }
    assert_eq!(next, [2, 2], "something is missing: {text:?}");
}

fn finish(line: &Line, give: &mpsc::Sender<()>) {
    match line.outbox.finish(&line.socket) {
        Finish::NeedsWriter => give.send(()).expect("the writer is there"),
        Finish::Finished | Finish::Draining => {}
    }
    line.outbox.wait_until_finished();
}

#[test]
fn everything_is_written_before_the_end() {
    for capacity in [1, 3, 100] {
        let once = move || assert_whole(&play(capacity, finish));
        shuttle::check_random(once, 1000);
        shuttle::check_pct(once, 1000, 3);
    }
}

#[test]
fn a_tunnel_that_takes_over_writes_behind_everything() {
    let take_over = |line: &Line, _: &mpsc::Sender<()>| {
        assert!(line.outbox.retire(&line.socket));
        // From here on the socket is the tunnel's.
        let mut raw: &[u8] = b"raw";
        while !raw.is_empty() {
            let taken = super::sys::write_pieces(&line.socket, &[std::io::IoSlice::new(raw)]);
            raw = &raw[taken.expect("the model's socket is never lost")..];
        }
        let _ = line.socket.shutdown(std::net::Shutdown::Write);
    };
    let once = move || {
        let read = play(2, take_over);
        let frames = read
            .strip_suffix(b"raw")
            .expect("the tunnel's bytes are the last");
        assert_whole(frames);
    };
    shuttle::check_random(once, 1000);
    shuttle::check_pct(once, 1000, 3);
}

#[test]
fn a_cut_wakes_whoever_waits() {
    let cut = |line: &Line, _: &mpsc::Sender<()>| {
        line.outbox.kill();
        line.outbox.wait_until_finished();
        assert!(!line.outbox.retire(&line.socket));
        let _ = line.socket.shutdown(std::net::Shutdown::Both);
    };
    let once = move || {
        let line = Line::of(2);
        let waiting = {
            let line = Arc::clone(&line);
            thread::spawn(move || line.outbox.wait_until_finished())
        };
        let (give, _given) = mpsc::channel();
        cut(&line, &give);
        waiting.join().expect("who waits is woken");
    };
    shuttle::check_random(once, 500);
}
