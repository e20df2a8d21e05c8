//! What the conformance suite reads: packets of any grammar, the files of a suite, and conversations that it watches.

use std::sync::LazyLock;

use conformance_suite::grammar::{Choices, Decoded, Grammar, Side, Wire};
use conformance_suite::source::SourceFile;
use conformance_suite::suite::{Sources, Suite};

use crate::script::{Script, cuts};
use watch::{Heard, Watch, Wires};

#[allow(
    dead_code,
    unreachable_pub,
    reason = "`conformance tap` uses more of it"
)]
#[path = "../../conformance/src/tap/watch.rs"]
mod watch;

const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// Maximum number of frames that one check decodes.
const MOST_FRAMES: usize = 64;

macro_rules! data {
    ($file:literal) => {
        include_str!(concat!("../../conformance/tests/data/", $file))
    };
}

const SPEC: &str = data!("echo/spec.md");
const WIRE: &str = data!("echo/wire.kdl");
const SCENARIOS: &str = data!("echo/scenarios/all.kdl");

/// The grammars: those of the protocols, and one with types that no protocol uses.
static GRAMMARS: LazyLock<Vec<Grammar>> = LazyLock::new(|| {
    let names = Suite::built_in_names();
    let built_in = names.into_iter().filter_map(Suite::built_in);
    let lodge = suite(
        data!("lodge/spec.md"),
        data!("lodge/wire.kdl"),
        data!("lodge/scenarios/lodge.kdl"),
    );
    let lodge = lodge.expect("the tests read this suite, too");
    built_in.chain([lodge]).map(|suite| suite.grammar).collect()
});

/// The codecs of these grammars, one for each choice of each reading.
static WIRES: LazyLock<Vec<Wire>> = LazyLock::new(|| {
    let mut wires = Vec::new();
    for grammar in GRAMMARS.iter() {
        wires.push(grammar.in_reading(&Choices::new()));
        for reading in &grammar.readings {
            for choice in reading.choices.iter().skip(1) {
                let chosen = Choices::from([(reading.name.clone(), choice.name.clone())]);
                wires.push(grammar.in_reading(&chosen));
            }
        }
    }
    let others: Vec<Wire> = wires.iter().map(Wire::in_the_other_byte_order).collect();
    wires.extend(others);
    wires
});

/// The grammars, each with the codecs that `conformance tap` uses for it.
static WATCHED: LazyLock<Vec<(&Grammar, Wires)>> = LazyLock::new(|| {
    let watched = |grammar| (grammar, Wires::new(grammar, &Choices::new()));
    GRAMMARS.iter().map(watched).collect()
});

fn suite(
    spec: &str,
    wire: &str,
    scenarios: &str,
) -> Result<Suite, conformance_suite::source::Diagnostics> {
    Suite::from_sources(Sources::new(
        SourceFile::new("spec.md", spec),
        SourceFile::new("wire.kdl", wire),
        vec![SourceFile::new("scenarios/all.kdl", scenarios)],
    ))
}

/// Decodes packets. The first two bytes choose the codec and the side.
pub(crate) fn codec(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let wire = &WIRES[usize::from(script.byte().unwrap_or(0)) % WIRES.len()];
    let from = script.one_of(&SIDES);
    let mut input = script.rest();
    for _ in 0..MOST_FRAMES {
        let whole = wire.decode(from, input);
        for cut in cuts(input.len()) {
            let early = wire.decode(from, &input[..cut]);
            if let (Decoded::Partial(_), Decoded::Frame(frame)) = (&early, &whole) {
                assert!(
                    cut < frame.length,
                    "{frame:?} is complete after {cut} bytes"
                );
            }
            match (&early, &whole) {
                (Decoded::Partial(_), _) => {}
                // The reasons are not compared: when more bytes have arrived, a reason may show more of them.
                (Decoded::Broken { at, .. }, Decoded::Broken { at: same, .. }) => {
                    assert_eq!(at, same, "the first {cut} bytes");
                }
                _ => assert_eq!(early, whole, "the first {cut} bytes"),
            }
        }
        let Decoded::Frame(frame) = whole else { return };
        assert!((1..=input.len()).contains(&frame.length), "{frame:?}");
        let values: Vec<_> = frame
            .fields
            .iter()
            .map(|field| field.value.clone())
            .collect();
        let again = wire.encode(from, frame.packet, &values);
        let again = again.expect("a decoded frame can be encoded");
        match wire.decode(from, &again) {
            Decoded::Frame(same) => {
                let same_values = same.fields.into_iter().map(|field| field.value);
                assert_eq!((same.packet, same.length), (frame.packet, again.len()));
                assert!(same_values.eq(values), "{frame:?}");
            }
            other => panic!("{frame:?} becomes {again:?}, which is {other:?}"),
        }
        input = &input[frame.length..];
    }
}

/// Reads text as a file of a suite. The first byte chooses the file.
pub(crate) fn files(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let file = script.one_of(&[0, 1, 2]);
    let text = String::from_utf8_lossy(script.rest());
    let read = match file {
        0 => suite(SPEC, &text, SCENARIOS),
        1 => suite(SPEC, WIRE, &text),
        _ => suite(&text, WIRE, SCENARIOS),
    };
    let Err(mistakes) = read else { return };
    assert!(mistakes.errors() > 0, "no mistake explains the refusal");
    let shown = mistakes.render(false);
    for mistake in &mistakes.0 {
        assert!(mistake.line() > 0 && mistake.column() > 0, "{mistake:?}");
    }
    assert!(
        shown.chars().all(|c| c == '\n' || !c.is_control()),
        "{shown:?}"
    );
}

/// Watches a conversation between a client and a server that send any bytes. One watch receives each string of bytes as a
/// whole, the other watch receives it byte by byte. The first byte chooses the protocol.
pub(crate) fn tap(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (grammar, wires) = &WATCHED[usize::from(script.byte().unwrap_or(0)) % WATCHED.len()];
    let mut watches = [(); 2].map(|()| Watch::new(grammar, wires));
    let mut tracks = [(); 2].map(|()| [(); 2].map(|()| Track::default()));
    while let Some(turn) = script.byte() {
        let which = usize::from(turn & 1);
        let bytes = script.bytes();
        tracks[0][which].add(watches[0].hear(SIDES[which], bytes));
        for byte in bytes.chunks(1) {
            tracks[1][which].add(watches[1].hear(SIDES[which], byte));
        }
    }
    for (watch, tracks) in watches.iter_mut().zip(&mut tracks) {
        for (side, track) in SIDES.into_iter().zip(tracks) {
            track.add(watch.end(side));
        }
    }
    let [whole, in_bytes] = tracks;
    assert_eq!(whole, in_bytes);
}

/// What one side sent.
#[derive(Debug, Default, PartialEq)]
struct Track {
    /// The bytes of each frame, and what is wrong with it.
    frames: Vec<(Vec<u8>, Option<String>)>,
    /// True if the bytes after these frames are not a frame.
    is_broken: bool,
    rest: Vec<u8>,
}

impl Track {
    fn add(&mut self, heard: impl IntoIterator<Item = Heard>) {
        for piece in heard {
            match piece {
                Heard::Frame { bytes, wrong, .. } => {
                    assert!(
                        self.rest.is_empty(),
                        "a frame after bytes that are no frame"
                    );
                    self.frames.push((bytes, wrong));
                }
                Heard::Broken { bytes, why } => {
                    assert!(!why.is_empty());
                    self.is_broken = true;
                    self.rest.extend(bytes);
                }
                Heard::Raw(bytes) | Heard::LeftOver(bytes) => self.rest.extend(bytes),
                Heard::Fin | Heard::Reset => panic!("no connection has ended"),
            }
        }
    }
}
