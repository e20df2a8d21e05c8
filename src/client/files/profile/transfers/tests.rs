//! Tests both ends of a transfer without a connection or a disk.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::files::exchange::Exchange;

const HASH: Digest = Digest([7; 32]);
const LIMIT: u64 = 1000;

fn offer(id: u32, size: u64) -> Frame {
    Frame::Offer {
        id,
        size,
        sha256: HASH,
        name: "cat.png".into(),
    }
}

/// Returns a receiver that has accepted a file of ten bytes. The receiver already has the first `here` bytes from an earlier
/// transfer.
fn receiving(here: u64) -> Transfers {
    let mut transfers = Transfers::new(LIMIT);
    transfers.hear(offer(1, 10));
    transfers.accept();
    transfers.opened(1, here);
    transfers
}

/// Returns a sender whose offer of a file of ten bytes was accepted.
fn sending() -> Transfers {
    let mut transfers = Transfers::new(LIMIT);
    transfers.offer("cat.png".into(), 10, HASH);
    transfers.hear(Frame::Accept { id: 1, offset: 0 });
    transfers
}

fn stop(reason: Option<&str>) -> Frame {
    let reason = reason.map(str::to_owned);
    Frame::Stop { id: 1, reason }
}

fn withdraw(reason: Option<&str>) -> Frame {
    let reason = reason.map(str::to_owned);
    Frame::Withdraw { id: 1, reason }
}

fn failed(way: FileDirection, reason: &str) -> Deed {
    Deed::Tell(FileEvent::Failed {
        way,
        name: "cat.png".into(),
        reason: reason.into(),
    })
}

#[test]
fn an_offer_is_told_taken_and_written() {
    let mut transfers = Transfers::new(LIMIT);
    let told = transfers.hear(offer(1, 10));
    let name = || "cat.png".to_owned();
    let offered = FileEvent::Offered {
        name: name(),
        size: 10,
    };
    assert_eq!(told, [Deed::Tell(offered)]);
    assert!(transfers.has_offer());
    let open = Deed::Open {
        id: 1,
        name: name(),
        size: 10,
        sha256: Some(HASH),
    };
    assert_eq!(transfers.accept(), [open]);
    // The disk has not yet reported how many bytes of the file exist. Before this report, the receiver drops all bytes that
    // arrive.
    assert_eq!(transfers.data(1, vec![0; 4]), []);
    let begun = FileEvent::Begun {
        way: FileDirection::In,
        name: name(),
        size: 10,
        offset: 6,
    };
    assert_eq!(
        transfers.opened(1, 6),
        [send(Frame::Accept { id: 1, offset: 6 }), Deed::Tell(begun)]
    );
    let bytes = vec![0; 4];
    assert_eq!(
        transfers.data(1, bytes.clone()),
        [Deed::Write { id: 1, bytes }]
    );
    let finished = transfers.finished(1, "./cat.png".into());
    let received = FileEvent::Received {
        name: name(),
        size: 10,
        path: "./cat.png".into(),
        checked: true,
    };
    assert_eq!(
        finished,
        [send(Frame::Done { id: 1 }), Deed::Tell(received)]
    );
}

#[test]
fn a_file_is_sent_from_where_the_receiver_wants_it() {
    let mut transfers = Transfers::new(LIMIT);
    let offered = transfers.offer("cat.png".into(), 10, HASH);
    assert_eq!(offered, (1, vec![send(offer(1, 10))]));
    let deeds = transfers.hear(Frame::Accept { id: 1, offset: 8 });
    assert_eq!(deeds.last(), Some(&Deed::Read { id: 1, offset: 8 }));
    // The sender ignores a second `accept`: otherwise it would send the file twice.
    assert_eq!(transfers.hear(Frame::Accept { id: 1, offset: 0 }), []);
    // Before the sender has sent the whole file, it ignores `done`, because the receiver cannot have the file yet.
    assert_eq!(transfers.hear(Frame::Done { id: 1 }), []);
    assert_eq!(
        transfers.read(1, b"ab"),
        [
            Deed::Send(b"::matou/1 data 1 2\nab".to_vec()),
            Deed::StopReading { id: 1 }
        ]
    );
    let sent = FileEvent::Sent {
        name: "cat.png".into(),
        size: 10,
    };
    assert_eq!(transfers.hear(Frame::Done { id: 1 }), [Deed::Tell(sent)]);
}

#[test]
fn too_large_a_file_is_denied_without_a_question() {
    let mut transfers = Transfers::new(LIMIT);
    let deeds = transfers.hear(offer(1, LIMIT + 1));
    assert_eq!(deeds[0], send(Frame::Deny { id: 1 }));
    assert!(!transfers.has_offer());
}

#[test]
fn a_flood_of_offers_is_denied() {
    let mut transfers = Transfers::new(LIMIT);
    for id in 0..MAX_OFFERS as u32 {
        assert!(matches!(
            *transfers.hear(offer(id, 1)),
            [Deed::Tell(FileEvent::Offered { .. })]
        ));
    }
    let id = MAX_OFFERS as u32;
    assert_eq!(transfers.hear(offer(id, 1)), [send(Frame::Deny { id })]);
}

#[test]
fn more_than_was_offered_is_not_taken() {
    let mut transfers = receiving(6);
    let reason = "the sender sent more bytes than the size in its offer";
    assert_eq!(
        transfers.data(1, vec![0; 5]),
        [
            send(stop(Some(reason))),
            Deed::Keep { id: 1 },
            failed(FileDirection::In, reason)
        ]
    );
    assert_eq!(transfers.data(1, vec![0; 5]), []);
}

#[rstest]
#[case::declined(Frame::Deny { id: 1 }, "the receiver declined it")]
#[case::stopped(stop(None), "the receiver cancelled it")]
#[case::stopped_with_a_reason(stop(Some("its disk is full")), "the receiver: its disk is full")]
fn the_receiver_may_end_it(#[case] frame: Frame, #[case] reason: &str) {
    let deeds = sending().hear(frame);
    let stop = Deed::StopReading { id: 1 };
    assert_eq!(deeds, [stop, failed(FileDirection::Out, reason)]);
}

#[rstest]
#[case::because_its_user_wants(None, "the sender withdrew it")]
#[case::for_a_reason(Some("the file became shorter"), "the sender: the file became shorter")]
fn the_sender_may_end_it(#[case] told: Option<&str>, #[case] reason: &str) {
    let deeds = receiving(0).hear(withdraw(told));
    assert_eq!(
        deeds,
        [Deed::Keep { id: 1 }, failed(FileDirection::In, reason)]
    );
}

#[test]
fn both_sides_learn_why_a_file_cannot_be_read_or_written() {
    let reason = "the file became shorter during the transfer";
    let stop_reading = Deed::StopReading { id: 1 };
    assert_eq!(
        sending().unreadable(1, reason),
        [
            send(withdraw(Some(reason))),
            stop_reading,
            failed(FileDirection::Out, reason)
        ]
    );
    let reason = "no space left on device";
    let keep = Deed::Keep { id: 1 };
    assert_eq!(
        receiving(0).unwritable(1, reason),
        [
            send(stop(Some(reason))),
            keep,
            failed(FileDirection::In, reason)
        ]
    );
}

#[test]
fn of_a_file_that_has_grown_only_what_was_offered_is_sent() {
    let mut sender = sending();
    let mut data = Frame::Data { id: 1, length: 10 }.encode();
    data.extend(b"0123456789");
    assert_eq!(
        sender.read(1, b"0123456789 and more"),
        [Deed::Send(data), Deed::StopReading { id: 1 }]
    );
}

#[test]
fn both_may_be_cancelled_here() {
    let why = "you cancelled it";
    let deeds = receiving(0).cancel();
    assert_eq!(
        deeds,
        [
            send(stop(None)),
            Deed::Forget { id: 1 },
            failed(FileDirection::In, why)
        ]
    );
    let mut sender = sending();
    assert_eq!(
        sender.cancel(),
        [
            send(withdraw(None)),
            Deed::StopReading { id: 1 },
            failed(FileDirection::Out, why)
        ]
    );
    assert_eq!(sender.cancel(), []);
}

#[test]
fn an_interrupted_transfer_keeps_the_incomplete_file() {
    let mut transfers = receiving(4);
    let deeds = transfers.cut();
    assert_eq!(deeds[0], Deed::Keep { id: 1 });
    assert_eq!(transfers.running().len(), 0);
}

#[test]
fn a_wrong_hash_is_reported() {
    let deeds = receiving(0).wrong(1);
    assert_eq!(deeds[0], send(Frame::Bad { id: 1 }));
}

fn any_deed() -> impl Strategy<Value = u8> {
    0..12_u8
}

/// Lets random frames arrive in random order. Checks that only accepted files are written, and that a file never gets more
/// bytes than were offered.
fn writes_no_more_than_was_accepted(steps: &[(u8, u32, u64)]) -> Result<(), TestCaseError> {
    let mut transfers = Transfers::new(15);
    let mut room: BTreeMap<u32, u64> = BTreeMap::new();
    for &(step, id, number) in steps {
        let deeds = match step {
            0 | 1 => transfers.hear(offer(id, number)),
            2 => transfers.hear(Frame::Withdraw { id, reason: None }),
            3 => transfers.accept(),
            4 => transfers.opened(id, 0),
            5 => transfers.cancel(),
            6 => transfers.hear(Frame::Done { id }),
            7 => transfers.wrong(id),
            8 => transfers.deny(),
            9 => transfers.cut(),
            _ => transfers.data(id, vec![0; number as usize]),
        };
        for deed in deeds {
            match deed {
                Deed::Open { id, size, .. } => {
                    prop_assert!(size <= 15);
                    prop_assert!(room.insert(id, size).is_none());
                }
                Deed::Write { id, bytes } => {
                    let left = room.get_mut(&id).expect("it was opened");
                    prop_assert!(*left >= bytes.len() as u64);
                    *left -= bytes.len() as u64;
                }
                Deed::Keep { id } | Deed::Forget { id } => {
                    room.remove(&id);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[test]
fn a_second_offer_beside_an_empty_one_is_kept_apart() -> Result<(), TestCaseError> {
    writes_no_more_than_was_accepted(&[(0, 0, 0), (0, 2, 6), (4, 2, 0), (10, 2, 0)])
}

proptest! {
    #[test]
    fn a_peer_writes_no_more_than_was_accepted(
        steps in prop::collection::vec((any_deed(), 0..3_u32, 0..20_u64), 0..60),
    ) {
        writes_no_more_than_was_accepted(&steps)?;
    }
}
