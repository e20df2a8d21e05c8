//! The frames of the five protocols.

use std::fmt::Debug;

use matou_protocols::chathack::{self, PeerFrame, Received};
use matou_protocols::chaton::{self, LongWidth};
use matou_protocols::chatos_groupe2;
use matou_protocols::wire::Malformed;
use matou_protocols::{chatos_1_0, chatr};

use crate::script::{Script, cuts};

/// Maximum number of frames that one check decodes.
const MOST_FRAMES: usize = 64;

/// What the decoder of a side returns.
type Decoded<F> = Result<Option<(F, usize)>, Malformed>;

/// One side of a protocol: its decoder and its encoder.
trait Codec {
    type Frame<'a>: Debug + PartialEq;

    fn decode<'a>(&self, input: &'a [u8]) -> Decoded<Self::Frame<'a>>;

    /// Returns the bytes of a frame; `None` if the decoder has rejected the frame.
    fn encode(&self, frame: &Self::Frame<'_>) -> Option<Vec<u8>>;
}

/// Decodes frame after frame, and checks that
///
/// * the decoder returns no result for the first bytes of a frame, or the same result as for all bytes;
/// * if the frame is complete, the decoder does not ask for more bytes;
/// * a frame that is encoded and decoded again is the same.
fn check<C: Codec>(codec: &C, mut input: &[u8]) {
    for _ in 0..MOST_FRAMES {
        let encoded;
        let whole = codec.decode(input);
        for cut in cuts(input.len()) {
            match codec.decode(&input[..cut]) {
                Ok(None) => {
                    if let Ok(Some((frame, length))) = &whole {
                        assert!(cut < *length, "{frame:?} has {length} bytes, not {cut}");
                    }
                }
                early => assert_eq!(early, whole, "the first {cut} bytes"),
            }
        }
        let Ok(Some((frame, length))) = whole else {
            return;
        };
        assert!(length > 0, "{frame:?} has no bytes");
        if let Some(bytes) = codec.encode(&frame) {
            assert!(length <= input.len(), "{frame:?} is not complete");
            encoded = bytes;
            assert_eq!(codec.decode(&encoded), Ok(Some((frame, encoded.len()))));
        }
        input = input.get(length..).unwrap_or_default();
    }
}

/// Defines one side of a protocol: how it decodes, and how it encodes a frame.
macro_rules! side {
    ($side:ident($options:ty), $frame:ty,
     |$codec:ident, $input:ident| $decode:expr, |$sent:ident, $into:ident| $encode:expr) => {
        struct $side($options);

        impl Codec for $side {
            type Frame<'a> = $frame;

            fn decode<'a>(&self, $input: &'a [u8]) -> Decoded<$frame> {
                let $codec = self.0;
                $decode
            }

            fn encode(&self, $sent: &Self::Frame<'_>) -> Option<Vec<u8>> {
                let ($codec, mut bytes) = (self.0, Vec::new());
                let $into = &mut bytes;
                let _ = $codec;
                $encode;
                Some(bytes)
            }
        }
    };
}

side!(
    ChatonClient(chaton::Codec),
    chaton::ClientFrame<'a>,
    |codec, input| chaton::ClientFrame::decode(codec, input),
    |frame, into| frame.encode(codec, into)
);
side!(
    ChatonServer(chaton::Codec),
    chaton::ServerFrame<'a>,
    |codec, input| chaton::ServerFrame::decode(codec, input),
    |frame, into| frame.encode(codec, into)
);
side!(
    Groupe2Client(chaton::Codec),
    chatos_groupe2::ClientFrame<'a>,
    |codec, input| chatos_groupe2::ClientFrame::decode(codec, input),
    |frame, into| frame.encode(codec, into)
);
side!(
    Groupe2Server(chaton::Codec),
    chatos_groupe2::ServerFrame<'a>,
    |codec, input| chatos_groupe2::ServerFrame::decode(codec, input),
    |frame, into| frame.encode(codec, into)
);
side!(
    Chatos10Client(()),
    chatos_1_0::Frame<'a>,
    |_codec, input| chatos_1_0::Frame::decode(input),
    |frame, into| frame.encode(into)
);
side!(
    Chatos10Server(()),
    chatos_1_0::Frame<'a>,
    |_codec, input| chatos_1_0::Frame::decode_from_server(input),
    |frame, into| frame.encode(into)
);
side!(
    ChatHackClient(()),
    Received<chathack::ClientFrame<'a>>,
    |_codec, input| chathack::ClientFrame::decode(input),
    |received, into| accepted(received)?.encode(into)
);
side!(
    ChatHackServer(()),
    chathack::ServerFrame<'a>,
    |_codec, input| chathack::ServerFrame::decode(input),
    |frame, into| frame.encode(into)
);
side!(
    ChatHackPeer(usize),
    Received<PeerFrame<'a>>,
    |limit, input| PeerFrame::decode(input, limit),
    |received, into| accepted(received)?.encode(into)
);
side!(
    ChatrClient(()),
    chatr::Frame<'a>,
    |_codec, input| chatr::Frame::decode(input),
    |frame, into| frame.encode(into)
);
side!(
    ChatrFirst(()),
    chatr::Frame<'a>,
    |_codec, input| chatr::Frame::decode_first(input),
    |frame, into| frame.encode(into)
);
side!(
    ChatrServer(()),
    chatr::Frame<'a>,
    |_codec, input| chatr::Frame::decode_from_server(input),
    |frame, into| frame.encode(into)
);

fn accepted<F>(received: &Received<F>) -> Option<&F> {
    match received {
        Received::Frame(frame) => Some(frame),
        Received::TooLong(_) => None,
    }
}

/// In each of these checks, the first byte chooses the side that decodes, and the width of a LONG.
pub(crate) fn chaton(bytes: &[u8]) {
    let (side, codec, frames) = chaton_side(bytes);
    match side {
        0 => check(&ChatonClient(codec), frames),
        _ => check(&ChatonServer(codec), frames),
    }
}

pub(crate) fn chatos_groupe2(bytes: &[u8]) {
    let (side, codec, frames) = chaton_side(bytes);
    match side {
        0 => check(&Groupe2Client(codec), frames),
        _ => check(&Groupe2Server(codec), frames),
    }
}

fn chaton_side(bytes: &[u8]) -> (usize, chaton::Codec, &[u8]) {
    let mut script = Script::new(bytes);
    let (side, long) = script.one_of(&[
        (0, LongWidth::Eight),
        (1, LongWidth::Eight),
        (0, LongWidth::Four),
        (1, LongWidth::Four),
    ]);
    (side, chaton::Codec { long }, script.rest())
}

pub(crate) fn chatos_1_0(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    match script.one_of(&[0, 1]) {
        0 => check(&Chatos10Client(()), script.rest()),
        _ => check(&Chatos10Server(()), script.rest()),
    }
}

pub(crate) fn chathack(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    match script.one_of(&[0, 1, 2, 3]) {
        0 => check(&ChatHackClient(()), script.rest()),
        1 => check(&ChatHackServer(()), script.rest()),
        2 => check(&ChatHackPeer(chathack::MAX_MESSAGE_BYTES), script.rest()),
        _ => check(&ChatHackPeer(16), script.rest()),
    }
}

pub(crate) fn chatr(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    match script.one_of(&[0, 1, 2]) {
        0 => check(&ChatrClient(()), script.rest()),
        1 => check(&ChatrServer(()), script.rest()),
        _ => check(&ChatrFirst(()), script.rest()),
    }
}
