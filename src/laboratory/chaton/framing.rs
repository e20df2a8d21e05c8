//! Faults in numbers, texts and frames (section 0 of the document).

use matou_protocols::chaton::{ClientFrame, Codec, ServerFrame};
use matou_protocols::room::Event;
use matou_protocols::wire::Malformed;

use super::{Call, Decoded, Fault, Heard, Lab, Out, Reply, bytes, decode, raw};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends a whole buffer of 1024 bytes for each packet that it relays: zero bytes follow the packet",
        "CHATON-2.2",
        |lab, call| lab.good(call).padded(),
    ),
    Fault::handling(
        "writes the lengths of texts in little-endian order",
        "CHATON-0.1",
        |lab, call| lab.good(call).frames(|frame, _| little_endian(frame)),
    ),
    Fault::decoding(
        "reads the connect_id of a LOGIN_PRIVATE as four bytes, although it sends eight bytes in an ID_PRIVATE",
        "CHATON-0.2",
        |codec, input| match input {
            [9, a, b, c, d, ..] => {
                let connect_id = i64::from(i32::from_be_bytes([*a, *b, *c, *d]));
                Ok(Some((
                    Heard::Frame(ClientFrame::LoginPrivate { connect_id }),
                    5,
                )))
            }
            [9, ..] => Ok(None),
            _ => decode(codec, input),
        },
    ),
    Fault::handling(
        "writes the length of a text in characters instead of bytes",
        "CHATON-0.3",
        |lab, call| {
            lab.good(call)
                .frames(|frame, _| counted_in_characters(frame))
        },
    ),
    Fault::handling(
        "sends an unknown command after each LOGIN_ACCEPTED",
        "CHATON-0.4",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::LoginAccepted => [right, b"\x2a\0\0\0\x07welcome"].concat(),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::decoding(
        "handles only one command per read and discards the bytes after it",
        "CHATON-0.5",
        |codec, input| {
            let heard = decode(codec, input)?;
            Ok(heard.map(|(heard, _)| (heard, input.len())))
        },
    ),
    Fault::handling(
        "sends a message to all clients when it receives an unknown opcode",
        "CHATON-0.6",
        |lab, call| match call.event {
            Event::Malformed(Malformed::UnknownOpcode(_)) => announce(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::reading(
        "relays an ID_PRIVATE that a client sends",
        "CHATON-0.7",
        |codec, input| match ServerFrame::decode(*codec, input) {
            Ok(Some((ServerFrame::IdPrivate { .. }, length))) => raw(input, length),
            _ => decode(codec, input),
        },
        |lab, call| match call.event {
            Event::Command(Heard::Bytes(frame)) => {
                let target = match ServerFrame::decode(Codec::default(), frame) {
                    Ok(Some((ServerFrame::IdPrivate { target, .. }, _))) => lab.called(target),
                    _ => None,
                };
                let outs = target.map(|target| Out::One(target, frame.to_vec()));
                Reply::send(outs.into_iter().collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "reads a message with a negative length as an empty message",
        "CHATON-0.8",
        negative_is_empty,
    ),
    Fault::decoding(
        "does not wait for all bytes of a message with a huge length, but relays those that have arrived",
        "CHATON-0.9",
        |codec, input| match decode(codec, input) {
            Err(Malformed::TooLong {
                field: "msg",
                length,
                ..
            }) if length > 1 << 20 => {
                let frame = match (input, &texts(input)[..]) {
                    ([3, ..], [login]) => rest_of_read(input, login),
                    _ => None,
                };
                Ok(frame.map(|frame| (Heard::Frame(frame), input.len())))
            }
            other => other,
        },
    ),
    Fault::reading(
        "relays a text unchanged even if it is not UTF-8",
        "CHATON-0.10",
        |codec, input| match decode(codec, input) {
            Err(Malformed::NotUtf8 { .. }) => raw(input, input.len()),
            other => other,
        },
        |lab, call| match call.event {
            Event::Command(Heard::Bytes(frame)) => Reply::send(vec![Out::All(frame.to_vec())]),
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "replaces a message that is not UTF-8 with an empty message",
        "CHATON-0.11",
        |codec, input| match decode(codec, input) {
            Err(Malformed::NotUtf8 { .. }) => {
                let texts = texts(input);
                Ok(repaired(input, &texts).map(|frame| (Heard::Frame(frame), input.len())))
            }
            other => other,
        },
    ),
];

fn announce(lab: &mut Lab, call: Call<'_>) -> Reply {
    let login = lab.names.get(&call.from).cloned().unwrap_or_default();
    let told = bytes(ServerFrame::Message {
        login: &login,
        msg: "sent something that I do not understand",
    });
    let reply = lab.good(call);
    Reply::new(reply.flow, [vec![Out::All(told)], reply.outs].concat())
}

/// Returns the texts of a frame that the server sends, in order. If the frame has a connect_id, returns the connect_id too.
fn parts<'a>(frame: ServerFrame<'a>) -> (Vec<&'a str>, Option<i64>) {
    match frame {
        ServerFrame::LoginAccepted | ServerFrame::LoginRefused | ServerFrame::Established => {
            (vec![], None)
        }
        ServerFrame::Message { login, msg } => (vec![login, msg], None),
        ServerFrame::MessagePrivate {
            sender,
            target,
            msg,
        } => (vec![sender, target, msg], None),
        ServerFrame::RequestPrivate { requester, target }
        | ServerFrame::KoPrivate { requester, target } => (vec![requester, target], None),
        ServerFrame::IdPrivate {
            requester,
            target,
            connect_id,
        } => (vec![requester, target], Some(connect_id)),
    }
}

fn written(frame: ServerFrame<'_>, length: impl Fn(&str) -> [u8; 4]) -> Vec<u8> {
    let (texts, id) = parts(frame);
    let mut written = bytes(frame);
    // Keep only the opcode. The fields are written again below, with the faulty lengths.
    written.truncate(1);
    for text in texts {
        written.extend(length(text));
        written.extend(text.as_bytes());
    }
    written.extend(id.into_iter().flat_map(i64::to_be_bytes));
    written
}

fn little_endian(frame: ServerFrame<'_>) -> Vec<u8> {
    written(frame, |text| (text.len() as u32).to_le_bytes())
}

fn counted_in_characters(frame: ServerFrame<'_>) -> Vec<u8> {
    written(frame, |text| (text.chars().count() as u32).to_be_bytes())
}

/// Returns the complete texts after an opcode. Replaces a text that is not UTF-8 with an empty text.
fn texts(input: &[u8]) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = input.get(1..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((text, after)) = after.split_at_checked(length) else {
            break;
        };
        texts.push(std::str::from_utf8(text).unwrap_or_default());
        rest = after;
    }
    texts
}

fn rest_of_read<'a>(input: &'a [u8], login: &'a str) -> Option<ClientFrame<'a>> {
    let msg = std::str::from_utf8(input.get(1 + 4 + login.len() + 4..)?).ok()?;
    Some(ClientFrame::Message { login, msg })
}

fn repaired<'a>(input: &[u8], texts: &[&'a str]) -> Option<ClientFrame<'a>> {
    match (input.first()?, texts) {
        (3, [login, msg]) => Some(ClientFrame::Message { login, msg }),
        (4, [sender, target, msg]) => Some(ClientFrame::MessagePrivate {
            sender,
            target,
            msg,
        }),
        _ => None,
    }
}

fn negative_is_empty<'a>(codec: &Codec, input: &'a [u8]) -> Decoded<'a> {
    match decode(codec, input) {
        Err(Malformed::NegativeLength { field: "msg", .. }) => match texts(input)[..] {
            [login] => {
                let frame = ClientFrame::Message { login, msg: "" };
                Ok(Some((Heard::Frame(frame), 1 + 4 + login.len() + 4)))
            }
            _ => decode(codec, input),
        },
        other => other,
    }
}
