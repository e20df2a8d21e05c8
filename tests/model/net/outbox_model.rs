//! Tests of one outbox and all threads that use it. Two threads push frames. Two writers wake up when the socket accepts
//! bytes. The clock checks whether the client is too slow, and also sends what the socket accepts. A peer reads, or does not
//! read. One more thread ends the outbox.

use std::net::Shutdown;
use std::sync::Arc;
use std::time::Instant;

use shuttle::thread;

use super::sending::outbox::{Finish, Outbox, Pushed, Written};
use super::sending::piece::Queued;
use super::sending::progress::Pace;
use super::sys::Socket;

const LOOKS: usize = 2;

/// A limit that the model never reaches.
const MOST: usize = 1000;

/// The state that the threads of one execution share.
struct Line {
    outbox: Outbox,
    socket: Socket,
    most: usize,
}

impl Line {
    fn of(capacity: usize, most: usize, pace: Pace) -> Arc<Line> {
        Arc::new(Line {
            outbox: Outbox::new(Instant::now(), None, pace, &Queued::new(usize::MAX)),
            socket: Socket::of(capacity),
            most,
        })
    }

    /// Pushes bytes, as the thread with the turn does in the server.
    fn push(&self, bytes: &[u8]) {
        match self.outbox.push(&self.socket, bytes, &mut None, self.most) {
            Pushed::Done => {}
            Pushed::NeedsWriter => self.socket.wait_for_writer(),
            Pushed::Overflow { .. } | Pushed::Lost(_) => self.cut(),
        }
    }

    /// Writes, as a writer of the server does.
    fn write(&self) {
        while self.socket.wait_until_writable() {
            match self.outbox.write(&self.socket) {
                Written::NotAll { .. } => self.socket.wait_for_writer(),
                Written::Stalled(_) | Written::Lost => self.cut(),
                Written::All | Written::Finished => {}
            }
        }
    }

    /// Checks whether the client is too slow, as the clock does.
    fn look(&self) {
        match self.outbox.look(&self.socket, Instant::now()) {
            Written::Stalled(_) | Written::Lost => self.cut(),
            Written::NotAll { .. } | Written::All | Written::Finished => {}
        }
    }

    fn cut(&self) {
        self.outbox.kill();
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn finish(&self) {
        match self.outbox.finish(&self.socket) {
            Finish::NeedsWriter => self.socket.wait_for_writer(),
            Finish::Finished | Finish::Draining => {}
        }
        self.outbox.wait_until_finished();
    }

    fn read_to_the_end(&self) -> Vec<u8> {
        let mut read = Vec::new();
        while let Some(bytes) = self.socket.read() {
            read.extend(bytes);
        }
        read
    }
}

fn with<T: Send + 'static>(
    line: &Arc<Line>,
    act: impl FnOnce(&Line) -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let line = Arc::clone(line);
    thread::spawn(move || act(&line))
}

/// Two threads push, while the writers and the clock run. Then `end` runs. Returns what the peer has read.
fn play(line: &Arc<Line>, end: impl FnOnce(&Line)) -> Vec<u8> {
    let writers = [(); 2].map(|()| with(line, Line::write));
    let clock = with(line, |line| (0..LOOKS).for_each(|_| line.look()));
    let reader = with(line, Line::read_to_the_end);
    let pushers = [b'a', b'A'].map(|first| {
        with(line, move |line| {
            line.push(&[first, first + 1]);
            line.push(&[first + 2, first + 3, first + 4]);
        })
    });
    for pusher in pushers {
        pusher.join().expect("no pusher panics");
    }
    end(line);
    clock.join().expect("the clock does not panic");
    let read = reader.join().expect("the reader does not panic");
    line.socket.stop();
    for writer in writers {
        writer.join().expect("no writer panics");
    }
    read
}

/// Removes whole frames from the start of the text. Stops at the first frame that is out of order among the frames of its
/// pusher. Returns the number of removed frames of each pusher, and the remaining text.
fn whole_frames(text: &str) -> ([usize; 2], &str) {
    let mut left = text;
    let mut next = [0, 0];
    loop {
        let mut frames = [["ab", "cde"], ["AB", "CDE"]].into_iter().enumerate();
        let taken = frames.find_map(|(pusher, frames)| {
            let frame = frames.get(next[pusher])?;
            left.strip_prefix(frame).map(|rest| (pusher, rest))
        });
        let Some((pusher, rest)) = taken else {
            return (next, left);
        };
        next[pusher] += 1;
        left = rest;
    }
}

/// Checks that the peer has read both frames of each pusher, and nothing else.
fn assert_whole(read: &[u8]) {
    let text = String::from_utf8_lossy(read);
    assert_eq!(whole_frames(&text), ([2, 2], ""), "{text:?}");
}

/// Checks that the peer has read whole frames, and perhaps a part of one more frame at the end.
fn assert_cut_off(read: &[u8]) {
    let text = String::from_utf8_lossy(read);
    let (_, part) = whole_frames(&text);
    let begun = ["", "a", "c", "cd", "A", "C", "CD"];
    assert!(begun.contains(&part), "frames are mixed: {text:?}");
}

fn check(once: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(once, 1000);
    shuttle::check_pct(once, 1000, 3);
}

#[test]
fn everything_is_written_before_the_end() {
    for capacity in [1, 3, 100] {
        check(move || {
            let line = Line::of(capacity, MOST, Pace::Any);
            assert_whole(&play(&line, Line::finish));
        });
    }
}

#[test]
fn a_tunnel_that_takes_over_the_socket_writes_after_all_frames() {
    let take_over = |line: &Line| {
        assert!(line.outbox.retire(&line.socket));
        // From here on, the socket belongs to the tunnel.
        let mut raw: &[u8] = b"raw";
        while !raw.is_empty() {
            line.socket.wait_for_space();
            let taken = super::sys::write_pieces(&line.socket, &[std::io::IoSlice::new(raw)]);
            raw = &raw[taken.expect("the socket is not lost")..];
        }
        let _ = line.socket.shutdown(Shutdown::Write);
    };
    check(move || {
        let line = Line::of(2, MOST, Pace::Any);
        let read = play(&line, take_over);
        let frames = read
            .strip_suffix(b"raw")
            .expect("the bytes of the tunnel are the last");
        assert_whole(frames);
    });
}

#[test]
fn an_outbox_that_overflows_is_cut_without_mixing_frames() {
    check(|| {
        let line = Line::of(2, 4, Pace::Any);
        assert_cut_off(&play(&line, Line::finish));
    });
}

#[test]
fn a_client_that_is_too_slow_is_cut_by_any_thread_that_notices() {
    check(|| {
        let line = Line::of(2, MOST, Pace::AtOnce);
        assert_cut_off(&play(&line, Line::finish));
    });
}

#[test]
fn a_client_that_reads_nothing_is_cut_by_the_clock_and_blocks_no_thread() {
    check(|| {
        let line = Line::of(3, MOST, Pace::AtOnce);
        let writers = [(); 2].map(|()| with(&line, Line::write));
        line.push(b"abcdef");
        let pump = with(&line, |line| line.outbox.retire(&line.socket));
        // The socket accepts only three bytes, so no writer wakes up. The clock notices that the client is too slow.
        line.look();
        line.outbox.wait_until_finished();
        let _ = pump.join().expect("a waiting pump is woken");
        assert!(!line.outbox.retire(&line.socket));
        line.socket.stop();
        for writer in writers {
            writer.join().expect("a waiting writer is woken");
        }
    });
}

#[test]
fn a_cut_wakes_the_threads_that_wait() {
    check(|| {
        let line = Line::of(2, MOST, Pace::Any);
        let waiting = with(&line, |line| line.outbox.wait_until_finished());
        line.cut();
        line.outbox.wait_until_finished();
        assert!(!line.outbox.retire(&line.socket));
        waiting.join().expect("a waiting thread is woken");
    });
}
