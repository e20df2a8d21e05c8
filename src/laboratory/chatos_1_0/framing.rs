//! Faults in the encoding of packets and texts, and faults that disturb other clients.

use matou_protocols::chatos_1_0::Frame;
use matou_protocols::room::Event;
use matou_protocols::wire::Malformed;

use super::{Call, Decoded, Fault, Heard, Lab, Out, Reply, bytes, decode};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends a whole buffer of 1024 bytes for each packet that it relays: zero bytes follow the packet",
        "CHATOS1-3.2",
        |lab, call| lab.good(call).padded(),
    ),
    Fault::handling(
        "writes the length of a message in characters instead of bytes",
        "CHATOS1-0.1",
        |lab, call| lab.good(call).frames(counted_in_characters),
    ),
    Fault::handling(
        "writes an error code in two bytes instead of one",
        "CHATOS1-0.2",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::Error { code } => vec![8, 0, code as u8],
                _ => right.to_vec(),
            })
        },
    ),
    Fault::decoding(
        "handles only one packet per read and discards the bytes after it",
        "CHATOS1-0.3",
        |codec, input| {
            let heard = decode(codec, input)?;
            Ok(heard.map(|(heard, _)| (heard, input.len())))
        },
    ),
    Fault::handling(
        "sends a message to all clients when it receives an unknown opcode",
        "CHATOS1-0.4",
        |lab, call| match call.event {
            Event::Malformed(Malformed::UnknownOpcode(_)) => announce(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "reads a message with a negative length as an empty message",
        "CHATOS1-0.5",
        negative_is_empty,
    ),
    Fault::decoding(
        "relays a message before its last bytes have arrived",
        "CHATOS1-0.6",
        |codec, input| match decode(codec, input) {
            Ok(None) => Ok(cut_short(input).map(|frame| (Heard::Frame(frame), input.len()))),
            other => other,
        },
    ),
    Fault::reading(
        "relays a text unchanged even if it is not UTF-8",
        "CHATOS1-0.7",
        |codec, input| match decode(codec, input) {
            Err(Malformed::NotUtf8 { .. }) => Ok(Some((Heard::Bytes(input), input.len()))),
            other => other,
        },
        |lab, call| match call.event {
            Event::Command(Heard::Bytes(frame)) => Reply::send(vec![Out::All(frame.to_vec())]),
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "replaces a private message that is not UTF-8 with an empty message",
        "CHATOS1-0.8",
        |codec, input| match (decode(codec, input), input, &texts(input)[..]) {
            (Err(Malformed::NotUtf8 { .. }), [2, ..], [sender, recipient, _]) => {
                let frame = Frame::SendPersonalMessage {
                    sender,
                    recipient,
                    message: "",
                };
                Ok(Some((Heard::Frame(frame), input.len())))
            }
            (other, ..) => other,
        },
    ),
    Fault::handling(
        "relays an ERROR from a client to all clients",
        "CHATOS1-0.9",
        |lab, call| match call.frame() {
            Some(frame @ Frame::Error { .. }) => Reply::send(vec![Out::All(bytes(frame))]),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes all connections when one client sends an invalid packet",
        "CHATOS1-6.1",
        |lab, call| match call.event {
            Event::Malformed(_) => {
                let open = lab.open.clone();
                let reply = lab.good(call);
                let ends = open.into_iter().map(Out::Cut).collect();
                Reply::new(reply.flow, [reply.outs, ends].concat())
            }
            _ => lab.good(call),
        },
    ),
];

fn announce(lab: &mut Lab, call: Call<'_>) -> Reply {
    let sender = lab.names.get(&call.from).cloned().unwrap_or_default();
    let told = bytes(Frame::SendMessageToAll {
        sender: &sender,
        message: "sent something that I do not understand",
    });
    let reply = lab.good(call);
    Reply::new(reply.flow, [vec![Out::All(told)], reply.outs].concat())
}

/// Encodes the frame, but writes the length of its last text in characters instead of bytes.
fn counted_in_characters(frame: Frame<'_>, right: &[u8]) -> Vec<u8> {
    let (Frame::SendPersonalMessage { message, .. } | Frame::SendMessageToAll { message, .. }) =
        frame
    else {
        return right.to_vec();
    };
    let characters = message.chars().count() as u16;
    let mut wrong = right.to_vec();
    wrong.truncate(right.len() - message.len() - 2);
    wrong.extend(characters.to_be_bytes());
    wrong.extend(message.as_bytes());
    wrong
}

/// Returns the complete texts after an opcode. Replaces a text that is not UTF-8 with an empty text.
fn texts(input: &[u8]) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = input.get(1..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((text, after)) = after.split_at_checked(length) else {
            break;
        };
        texts.push(std::str::from_utf8(text).unwrap_or_default());
        rest = after;
    }
    texts
}

fn negative_is_empty<'a>(codec: &(), input: &'a [u8]) -> Decoded<'a> {
    match (decode(codec, input), input, &texts(input)[..]) {
        (Err(Malformed::NegativeLength { .. }), [3, ..], [sender]) => {
            let message = "";
            let frame = Frame::SendMessageToAll { sender, message };
            Ok(Some((Heard::Frame(frame), 1 + 2 + sender.len() + 2)))
        }
        (other, ..) => other,
    }
}

/// Decodes the beginning of an SMA: returns an SMA with the part of the message that has arrived, or `None` if no part of
/// the message has arrived.
fn cut_short(input: &[u8]) -> Option<Frame<'_>> {
    match (input.first()?, &texts(input)[..]) {
        (3, [sender]) => {
            let message = input.get(1 + 2 + sender.len() + 2..)?;
            let message = std::str::from_utf8(message).ok()?;
            (!message.is_empty()).then_some(Frame::SendMessageToAll { sender, message })
        }
        _ => None,
    }
}
