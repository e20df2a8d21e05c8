//! Tests of captures, the files with conversations that Wireshark can open. The tests read a capture block by block and
//! reassemble its streams.

use std::collections::BTreeMap;

use conformance::report::{Conversation, to_pcapng};
use conformance::run::{Direction, Outcome};

use crate::protocol::{HELLO, TELL, case, judge};
use crate::target::{Quirk, Target};

/// Returns the kind and the body of each block of a file.
fn blocks(mut file: &[u8]) -> Vec<(u32, &[u8])> {
    let mut blocks = Vec::new();
    while !file.is_empty() {
        let length = number(&file[4..]) as usize;
        assert_eq!(length % 4, 0);
        assert_eq!(
            number(&file[length - 4..]) as usize,
            length,
            "both lengths agree"
        );
        blocks.push((number(file), &file[8..length - 4]));
        file = &file[length..];
    }
    blocks
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"))
}

/// Returns the bytes that each side of each stream has sent. The key of the map consists of the client's port and the side.
/// Also checks that there are no gaps between the segments.
fn streams(file: &[u8]) -> BTreeMap<(u16, bool), Vec<u8>> {
    let mut streams = BTreeMap::new();
    let mut next: BTreeMap<(u16, bool), u32> = BTreeMap::new();
    for (_, body) in blocks(file).into_iter().filter(|(kind, _)| *kind == 6) {
        let packet = &body[20..20 + number(&body[12..]) as usize];
        assert_eq!(packet[0], 0x45, "IPv4 without options");
        let tcp = &packet[20..];
        let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
        let from_client = port(0) >= 40_000 && port(0) < 40_100;
        let key = (if from_client { port(0) } else { port(2) }, from_client);
        let sequence = u32::from_be_bytes(tcp[4..8].try_into().expect("four bytes"));
        let payload = &tcp[usize::from(tcp[12] >> 4) * 4..];
        let expected = next.entry(key).or_insert(sequence);
        assert_eq!(*expected, sequence, "no gap and no overlap");
        // In the sequence numbers, a SYN and a FIN each count as one byte.
        let signs = u32::from(tcp[13] & 1) + u32::from(tcp[13] >> 1 & 1);
        *expected += u32::try_from(payload.len()).expect("a packet is short") + signs;
        let stream: &mut Vec<u8> = streams.entry(key).or_default();
        stream.extend(payload);
    }
    streams
}

fn said(case: &Outcome, connection: usize, direction: Direction) -> Vec<u8> {
    let events = case.conversation.iter();
    events
        .filter(|event| event.connection == connection && event.direction == direction)
        .flat_map(|event| event.data.clone())
        .collect()
}

#[test]
fn the_streams_of_a_capture_have_the_bytes_of_each_side() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, TELL]);
    let tell = case(&report, "tell");
    let file = to_pcapng(target.address, Conversation::of(tell));
    let kinds: Vec<u32> = blocks(&file).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds[..2], [0x0a0d_0d0a, 1], "a section and one interface");
    let streams = streams(&file);
    // These three connections belong to alice, bob and carol.
    for connection in 0..3 {
        let port =
            40_000 + u16::try_from(connection).expect("the conversation has three connections");
        let of = |is_client| streams.get(&(port, is_client)).cloned().unwrap_or_default();
        assert_eq!(of(true), said(tell, connection, Direction::Sends));
        assert_eq!(of(false), said(tell, connection, Direction::Sees));
        assert!(!of(true).is_empty() && !of(false).is_empty());
    }
    let text = String::from_utf8_lossy(&file);
    assert!(
        text.contains("bob < TELL sender=\"alice-"),
        "frames are named in comments"
    );
}

#[test]
fn every_case_has_its_own_interface() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, TELL]);
    let cases = report.cases.iter().filter_map(Conversation::of);
    let file = to_pcapng(target.address, cases);
    let interfaces = blocks(&file).iter().filter(|(kind, _)| *kind == 1).count();
    assert_eq!(interfaces, 2);
}
