//! Faults in the encoding of packets and texts, and faults that disturb other clients.

use std::net::{IpAddr, Ipv4Addr};

use matou_protocols::chathack::{ClientFrame, MeetingPoint, Received, ServerFrame};
use matou_protocols::room::Event;
use matou_protocols::wire::{Cursor, Malformed, Stop, settle};

use super::{Call, Decoded, Fault, Heard, Lab, Out, Reply, bytes, decode, frame, raw};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends a whole buffer of 1024 bytes for each packet that it relays: zero bytes follow the packet",
        "CHATHACK-2.2",
        |lab, call| lab.good(call).padded(),
    ),
    Fault::handling(
        "writes the length of a message in characters instead of bytes",
        "CHATHACK-0.1",
        |lab, call| lab.good(call).frames(counted_in_characters),
    ),
    Fault::handling(
        "writes a port in two bytes instead of four",
        "CHATHACK-0.2",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::PrivateValidation { login, .. } => {
                    let port = 1 + 4 + login.len();
                    let mut wrong = right.to_vec();
                    wrong.drain(port..port + 2);
                    wrong
                }
                _ => right.to_vec(),
            })
        },
    ),
    Fault::decoding(
        "handles only one packet per read and discards the bytes after it",
        "CHATHACK-0.3",
        |codec, input| {
            let heard = decode(codec, input)?;
            Ok(heard.map(|(heard, length)| (heard, length.max(input.len()))))
        },
    ),
    Fault::handling(
        "sends a message to all clients when it receives an unknown opcode",
        "CHATHACK-0.4",
        |lab, call| match call.event {
            Event::Malformed(Malformed::UnknownOpcode(_)) => announce(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "reads a message with a negative length as an empty message",
        "CHATHACK-0.5",
        |codec, input| {
            let (texts, rest) = texts(input);
            match (decode(codec, input), input, &texts[..]) {
                (Err(Malformed::NegativeLength { .. }), [3, ..], [login]) => {
                    said(login, "", input.len() - rest.len() + 4)
                }
                (other, ..) => other,
            }
        },
    ),
    Fault::decoding(
        "relays a message before its last bytes have arrived",
        "CHATHACK-0.6",
        |codec, input| {
            let (texts, rest) = texts(input);
            match (decode(codec, input), input, &texts[..], rest) {
                (Ok(None), [3, ..], [login], [_, _, _, _, text @ ..]) => {
                    match std::str::from_utf8(text) {
                        Ok(message) if !message.is_empty() => said(login, message, input.len()),
                        _ => Ok(None),
                    }
                }
                (other, ..) => other,
            }
        },
    ),
    Fault::reading(
        "relays a message unchanged even if it is not UTF-8",
        "CHATHACK-0.7",
        |codec, input| match (decode(codec, input), input) {
            (Err(Malformed::NotUtf8 { .. }), [3, ..]) => raw(input, input.len()),
            (other, _) => other,
        },
        relay_as_it_is,
    ),
    Fault::decoding(
        "replaces a message that is not UTF-8 with an empty message",
        "CHATHACK-0.8",
        |codec, input| match (decode(codec, input), input, &texts(input).0[..]) {
            (Err(Malformed::NotUtf8 { .. }), [3, ..], [login]) => said(login, "", input.len()),
            (other, ..) => other,
        },
    ),
    Fault::handling(
        "drops messages that do not fit into a buffer of 1000 bytes",
        "CHATHACK-0.10",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { message, .. }) if message.len() > 1000 => {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::reading(
        "limits a message to 1024 characters instead of 1024 bytes",
        "CHATHACK-0.11",
        |codec, input| match (decode(codec, input), texts(input)) {
            (Ok(Some((Heard::Frame(Received::TooLong(_)), length))), (texts, _)) => match texts[..]
            {
                [_, message] if message.chars().count() <= 1024 => raw(input, length),
                [_, _] => decode(codec, input),
                _ => Ok(None),
            },
            (other, _) => other,
        },
        relay_as_it_is,
    ),
    Fault::handling(
        "ignores a message that is too long",
        "CHATHACK-0.12",
        |lab, call| match call.event {
            Event::Command(Heard::Frame(Received::TooLong(_))) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::decoding(
        "reads an address with an unknown adcode as an address of four bytes",
        "CHATHACK-3.14",
        |codec, input| match decode(codec, input) {
            Err(Malformed::UnknownCode { .. }) => any_adcode(input),
            other => other,
        },
    ),
    Fault::decoding(
        "relays a PRIVATE_MESSAGE to all clients, although it must not go through the server",
        "CHATHACK-4.1",
        |codec, input| match (input, texts(input)) {
            ([7, ..], (texts, rest)) => match texts[..] {
                [login, message, ..] => said(login, message, input.len() - rest.len()),
                _ => Ok(None),
            },
            _ => decode(codec, input),
        },
    ),
    Fault::handling(
        "closes all connections when one client sends an invalid packet",
        "CHATHACK-5.1",
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
    let login = lab.names.get(&call.from).cloned().unwrap_or_default();
    let told = bytes(ServerFrame::GlobalMessage {
        login: &login,
        message: "sent something that I do not understand",
    });
    let reply = lab.good(call);
    Reply::new(reply.flow, [vec![Out::All(told)], reply.outs].concat())
}

/// Encodes the frame, but writes the length of its message in characters instead of bytes.
fn counted_in_characters(frame: ServerFrame<'_>, right: &[u8]) -> Vec<u8> {
    let ServerFrame::GlobalMessage { message, .. } = frame else {
        return right.to_vec();
    };
    let characters = message.chars().count() as u32;
    let mut wrong = right.to_vec();
    wrong.truncate(right.len() - message.len() - 4);
    wrong.extend(characters.to_be_bytes());
    wrong.extend(message.as_bytes());
    wrong
}

/// Returns the complete UTF-8 texts after an opcode, and the bytes that follow them.
fn texts(input: &[u8]) -> (Vec<&str>, &[u8]) {
    let mut texts = Vec::new();
    let mut rest = input.get(1..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::try_from(i32::from_be_bytes(*length)).ok();
        let text = length.and_then(|length| after.split_at_checked(length));
        let Some((text, after)) = text else { break };
        let Ok(text) = std::str::from_utf8(text) else {
            break;
        };
        texts.push(text);
        rest = after;
    }
    (texts, rest)
}

fn said<'a>(login: &'a str, message: &'a str, length: usize) -> Decoded<'a> {
    let frame = ClientFrame::GlobalMessage { login, message };
    Ok(Some((Heard::Frame(Received::Frame(frame)), length)))
}

/// Relays a SAY as a SAID: copies its bytes without decoding them.
fn relay_as_it_is(lab: &mut Lab, call: Call<'_>) -> Reply {
    match call.event {
        Event::Command(Heard::Bytes([_, rest @ ..])) if lab.names.contains_key(&call.from) => {
            let relayed = [&[5], rest].concat();
            Reply::send(vec![Out::AllBut(call.from, relayed)])
        }
        _ => lab.good(call),
    }
}

/// Decodes a VALIDATE with any address code (adcode), even an invalid one, as if the code were 1 (IPv4).
fn any_adcode(input: &[u8]) -> Decoded<'_> {
    let mut cursor = Cursor::new(input);
    let frame = settle(validate(&mut cursor, input.len()))?;
    Ok(frame.map(|frame| (Heard::Frame(Received::Frame(frame)), cursor.position())))
}

fn validate<'a>(cursor: &mut Cursor<'a>, longest: usize) -> Result<ClientFrame<'a>, Stop> {
    let _opcode = cursor.int8()?;
    let sender = cursor.text32("sender", longest)?;
    let receiver = cursor.text32("receiver", longest)?;
    let port = cursor.int32()?;
    let _adcode = cursor.int8()?;
    let address = Ipv4Addr::from_bits(cursor.int32()?.cast_unsigned());
    let id = cursor.int64()?;
    Ok(ClientFrame::PrivateValidation {
        sender,
        receiver,
        meeting: MeetingPoint {
            port,
            address: IpAddr::V4(address),
            id,
        },
    })
}
