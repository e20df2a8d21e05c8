//! Tests both directions without a connection or a disk.

use super::*;

fn name() -> String {
    "cat.png".into()
}

fn begun(way: FileDirection, size: u64) -> Deed {
    let (name, offset) = (name(), 0);
    Deed::Tell(FileEvent::Begun {
        way,
        name,
        size,
        offset,
    })
}

fn left(size: u64) -> Deed {
    let name = name();
    Deed::Tell(FileEvent::Left { name, size })
}

fn failed(way: FileDirection, reason: &str) -> Deed {
    let (name, reason) = (name(), reason.to_owned());
    Deed::Tell(FileEvent::Failed { way, name, reason })
}

fn frame(text: &str) -> Deed {
    Deed::SendFrame(text.into())
}

/// Returns a sender that has started to send its first file, of ten bytes.
fn sending() -> Streamed {
    let mut streamed = Streamed::default();
    let (id, deeds) = streamed.send(b"head".to_vec(), name(), 10).unwrap();
    let expected = [
        frame("head"),
        begun(FileDirection::Out, 10),
        Deed::Read { id: 1, offset: 0 },
    ];
    assert_eq!((id, deeds), (1, expected.to_vec()));
    streamed
}

/// Returns a receiver whose first file, of ten bytes, has started to arrive.
fn receiving() -> Streamed {
    let mut streamed = Streamed::default();
    let open = Deed::Open {
        id: 1,
        name: name(),
        size: 10,
        sha256: None,
    };
    assert_eq!(
        streamed.comes(name(), 10, None),
        [begun(FileDirection::In, 10), open]
    );
    streamed
}

#[test]
fn messages_wait_until_the_end_of_the_file() {
    let mut streamed = sending();
    assert_eq!(streamed.say(b"one".to_vec()), []);
    let (_, deeds) = streamed.send(b"empty".to_vec(), name(), 0).unwrap();
    assert_eq!(deeds, []);
    assert_eq!(streamed.say(b"two".to_vec()), []);
    assert_eq!(streamed.read(1, b"0123"), [Deed::Send(b"0123".to_vec())]);
    // The file has grown. Bytes beyond the announced size are not sent.
    assert_eq!(
        streamed.read(1, b"456789abc"),
        [
            Deed::Send(b"456789".to_vec()),
            Deed::StopReading { id: 1 },
            left(10),
            frame("one"),
            frame("empty"),
            begun(FileDirection::Out, 0),
            left(0),
            frame("two"),
        ]
    );
    assert_eq!(streamed.say(b"three".to_vec()), [frame("three")]);
}

#[test]
fn typed_lines_are_held_back_while_many_wait_for_a_file() {
    let mut streamed = sending();
    while streamed.has_room() {
        assert_eq!(streamed.say(vec![0; 1024]), []);
    }
    assert_eq!(streamed.waiting.len(), ROOM / 1024);
    let deeds = streamed.read(1, b"0123456789");
    let frames = |deed: &&Deed| matches!(deed, Deed::SendFrame(_));
    assert_eq!(deeds.iter().filter(frames).count(), ROOM / 1024);
    assert!(streamed.has_room());
}

#[test]
fn the_number_of_waiting_files_is_limited() {
    let mut streamed = sending();
    for _ in 0..MOST_FILES {
        streamed.send(vec![], name(), 1).unwrap();
    }
    assert_eq!(streamed.send(vec![], name(), 1), Err(Full));
    assert_eq!(streamed.say(b"one".to_vec()), []);
}

#[test]
fn messages_that_waited_for_a_file_are_not_lost_in_silence() {
    let mut streamed = sending();
    streamed.say(b"one".to_vec());
    streamed.say(b"two".to_vec());
    let deeds = streamed.cut();
    assert_eq!(deeds.last(), Some(&Deed::MessagesLost { count: 2 }));
}

#[test]
fn shutting_first_sends_what_waits() {
    let mut streamed = sending();
    streamed.say(b"last".to_vec());
    assert_eq!(streamed.shut(), []);
    let deeds = streamed.read(1, b"0123456789");
    assert_eq!(deeds[3..], [frame("last"), Deed::EndSending]);
    assert_eq!(Streamed::default().shut(), [Deed::EndSending]);
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_costs_the_connection() {
    let mut streamed = sending();
    let deeds = streamed.unreadable(1, "the file became shorter during the transfer");
    let reason = "the file became shorter during the transfer";
    let broken = format!("a file could not be sent completely: {reason}");
    assert_eq!(
        deeds,
        [
            Deed::StopReading { id: 1 },
            failed(FileDirection::Out, reason),
            Deed::Break { reason: broken }
        ]
    );
    assert_eq!(streamed.cut(), []);
}

#[test]
fn a_file_comes_and_is_written() {
    let mut streamed = receiving();
    let write = |bytes: &[u8]| Deed::Write {
        id: 1,
        bytes: bytes.to_vec(),
    };
    assert_eq!(streamed.data(b"0123".to_vec()), [write(b"0123")]);
    assert_eq!(streamed.running()[0].done, 4);
    assert_eq!(streamed.data(b"456789".to_vec()), [write(b"456789")]);
    // The next file may arrive before the first one is completely written to disk.
    assert!(streamed.is_writing() && streamed.running().is_empty());
    streamed.comes(name(), 5, None);
    let received = FileEvent::Received {
        name: name(),
        size: 10,
        path: "./cat.png".into(),
        checked: false,
    };
    assert_eq!(
        streamed.finished(1, "./cat.png".into()),
        [Deed::Tell(received)]
    );
    assert!(!streamed.is_writing());
}

#[test]
fn what_is_not_wanted_is_skipped() {
    let mut streamed = Streamed::default();
    let refusal = FileEvent::TooLarge {
        name: name(),
        size: 5,
        limit: 4,
    };
    let told = streamed.comes(name(), 5, Some(refusal.clone()));
    assert_eq!(told, [Deed::Tell(refusal)]);
    assert_eq!(streamed.data(b"01234".to_vec()), []);
    assert_eq!(streamed.peer_ended(), []);
}

#[test]
fn what_is_stopped_or_cannot_be_written_is_skipped_from_there() {
    for stopped in [false, true] {
        let mut streamed = receiving();
        streamed.data(b"0123".to_vec());
        let deeds = match stopped {
            true => streamed.cancel(),
            false => streamed.unwritable(1, "you cancelled it"),
        };
        assert_eq!(
            deeds,
            [
                Deed::Forget { id: 1 },
                failed(FileDirection::In, "you cancelled it")
            ]
        );
        assert_eq!(streamed.data(b"456789".to_vec()), []);
        assert_eq!(streamed.cancel(), []);
    }
}

#[test]
fn a_file_that_ends_too_early_is_nothing() {
    let mut streamed = receiving();
    streamed.data(b"0123".to_vec());
    let reason = "the private connection closed before the whole file arrived";
    let ended = [Deed::Forget { id: 1 }, failed(FileDirection::In, reason)];
    assert_eq!(streamed.peer_ended(), ended);
}

#[test]
fn what_waits_can_be_taken_back_and_what_is_on_its_way_cannot() {
    let mut streamed = sending();
    streamed.send(b"second".to_vec(), name(), 3).unwrap();
    assert_eq!(
        streamed.cancel(),
        [failed(FileDirection::Out, "you cancelled it")]
    );
    assert_eq!(streamed.cancel(), []);
    assert_eq!(streamed.read(1, b"0123456789").len(), 3);
}
