//! The packets of Chatr Connect as bytes. `decode` and `encode` are next to each other, and list the packets in the order of
//! the document.
//!
//! Every packet begins with its length and its opcode, and the opcode says which lengths are possible. So the server
//! recognizes most packets with a wrong length from their first bytes, before it stores any of their content.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use uuid::Uuid;

use crate::wire::{Cursor, Malformed, Put, Stop, settle};

use super::Frame;

/// Maximum length of opcode and payload together, in bytes, after the client's PacketConnect.
pub const MAX_PACKET_BYTES: u32 = 64 << 10;

/// Maximum length of opcode and payload together, in bytes, of a client's first packet. This is long enough for a signature
/// with the largest allowed key.
pub const MAX_FIRST_PACKET_BYTES: u32 = 2 << 10;

const CONNECT: u8 = 0;
const DISCONNECT: u8 = 1;
const CONNECTED: u8 = 2;
const PING: u8 = 3;
const PONG: u8 = 4;
const CONNECTION_REQUEST: u8 = 5;
const CONNECTION_REQUEST_ACCEPT: u8 = 6;
const CONNECTION_REQUEST_DENIED: u8 = 7;
const CLIENT_INFO: u8 = 8;

/// The two values of the field `Version` in an address.
const IPV4: u8 = 4;
const IPV6: u8 = 6;

/// Which side may send a packet ("Side" in the document).
#[derive(PartialEq, Eq)]
enum Side {
    Client,
    Server,
    Both,
}

/// What an opcode says about its packet.
struct Kind {
    packet: &'static str,
    side: Side,
    /// The possible lengths of opcode and payload, in bytes.
    length: RangeInclusive<u32>,
}

fn kind(opcode: u8) -> Result<Kind, Malformed> {
    use Side::{Both, Client, Server};
    let (packet, side, length) = match opcode {
        CONNECT => ("PacketConnect", Client, 25..=MAX_FIRST_PACKET_BYTES),
        DISCONNECT => ("PacketDisconnect", Both, 2..=MAX_PACKET_BYTES),
        CONNECTED => ("PacketConnected", Server, 1..=1),
        PING => ("PacketPing", Server, 9..=9),
        PONG => ("PacketPong", Client, 9..=9),
        CONNECTION_REQUEST => ("PacketConnectionRequest", Both, 22..=34),
        CONNECTION_REQUEST_ACCEPT => ("PacketConnectionRequestAccept", Both, 22..=34),
        CONNECTION_REQUEST_DENIED => ("PacketConnectionRequestDenied", Both, 17..=17),
        CLIENT_INFO => ("PacketClientInfo", Server, 22..=34),
        other => return Err(unknown("the opcode", other)),
    };
    Ok(Kind {
        packet,
        side,
        length,
    })
}

impl<'a> Frame<'a> {
    /// Decodes a packet of a connected client at the front of the bytes. Returns the packet and its length, or `None`
    /// while bytes are missing.
    pub fn decode(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(input, &Side::Server, MAX_PACKET_BYTES))
    }

    /// Decodes the first packet of a client.
    pub fn decode_first(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(
            input,
            &Side::Server,
            MAX_FIRST_PACKET_BYTES,
        ))
    }

    /// Decodes a packet of a server.
    pub fn decode_from_server(input: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        settle(Self::decode_at(input, &Side::Client, MAX_PACKET_BYTES))
    }

    fn decode_at(input: &'a [u8], reader: &Side, most: u32) -> Result<(Self, usize), Stop> {
        let mut cursor = Cursor::new(input);
        let length = cursor.varint("the packet")?;
        if length == 0 {
            let packet = "a packet";
            return Err(Malformed::WrongLength { packet, length }.into());
        }
        if length > most {
            return Err(too_long(length, most).into());
        }
        let opcode = decode_opcode(&mut cursor)?;
        let kind = kind(opcode)?;
        let packet = kind.packet;
        if kind.side == *reader {
            return Err(Malformed::WrongSide { packet }.into());
        }
        if !kind.length.contains(&length) {
            return Err(Malformed::WrongLength { packet, length }.into());
        }
        let payload = cursor.bytes(length as usize - 1)?;
        let mut fields = Cursor::new(payload);
        let frame = match Self::decode_fields(opcode, &mut fields) {
            Ok(frame) if fields.position() == payload.len() => frame,
            // All bytes of the packet have arrived. So if a field needs more bytes, the packet's length is wrong.
            Ok(_) | Err(Stop::Short) => {
                return Err(Malformed::WrongLength { packet, length }.into());
            }
            Err(malformed) => return Err(malformed),
        };
        Ok((frame, cursor.position()))
    }

    fn decode_fields(opcode: u8, cursor: &mut Cursor<'a>) -> Result<Frame<'a>, Stop> {
        Ok(match opcode {
            CONNECT => Frame::Connect {
                version: cursor.int32()?.cast_unsigned(),
                uuid: decode_uuid(cursor)?,
                signature: decode_signature(cursor)?,
            },
            DISCONNECT => Frame::Disconnect {
                message: cursor.text_varint("the message", MAX_PACKET_BYTES as usize)?,
            },
            CONNECTED => Frame::Connected,
            PING => Frame::Ping {
                id: cursor.int64()?,
            },
            PONG => Frame::Pong {
                id: cursor.int64()?,
            },
            CONNECTION_REQUEST => Frame::ConnectionRequest {
                uuid: decode_uuid(cursor)?,
                private_endpoint: decode_address(cursor)?,
            },
            CONNECTION_REQUEST_ACCEPT => Frame::ConnectionRequestAccept {
                uuid: decode_uuid(cursor)?,
                private_endpoint: decode_address(cursor)?,
            },
            CONNECTION_REQUEST_DENIED => Frame::ConnectionRequestDenied {
                uuid: decode_uuid(cursor)?,
            },
            _ => Frame::ClientInfo {
                uuid: decode_uuid(cursor)?,
                public_endpoint: decode_address(cursor)?,
            },
        })
    }

    /// Appends the packet's bytes.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(40);
        match self {
            Frame::Connect {
                version,
                uuid,
                signature,
            } => {
                body.push(CONNECT);
                body.put_int32(version.cast_signed());
                body.extend_from_slice(uuid.as_bytes());
                body.put_int32(i32::try_from(signature.len()).unwrap_or(i32::MAX));
                body.extend_from_slice(signature);
            }
            Frame::Disconnect { message } => {
                body.push(DISCONNECT);
                body.put_text_varint(message);
            }
            Frame::Connected => body.push(CONNECTED),
            Frame::Ping { id } => {
                body.push(PING);
                body.put_int64(*id);
            }
            Frame::Pong { id } => {
                body.push(PONG);
                body.put_int64(*id);
            }
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            } => encode_party(&mut body, CONNECTION_REQUEST, *uuid, Some(private_endpoint)),
            Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => {
                let endpoint = Some(private_endpoint);
                encode_party(&mut body, CONNECTION_REQUEST_ACCEPT, *uuid, endpoint);
            }
            Frame::ConnectionRequestDenied { uuid } => {
                encode_party(&mut body, CONNECTION_REQUEST_DENIED, *uuid, None);
            }
            Frame::ClientInfo {
                uuid,
                public_endpoint,
            } => encode_party(&mut body, CLIENT_INFO, *uuid, Some(public_endpoint)),
        }
        into.put_varint(u32::try_from(body.len()).unwrap_or(u32::MAX));
        into.append(&mut body);
    }

    /// Returns the packet's bytes.
    pub fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }
}

fn too_long(length: u32, most: u32) -> Malformed {
    Malformed::TooLong {
        field: "the packet",
        length: i64::from(length),
        limit: most as usize,
    }
}

fn unknown(field: &'static str, code: u8) -> Malformed {
    let code = i16::from(code);
    Malformed::UnknownCode { field, code }
}

fn decode_opcode(cursor: &mut Cursor<'_>) -> Result<u8, Stop> {
    Ok(cursor.int8()?.cast_unsigned())
}

fn decode_uuid(cursor: &mut Cursor<'_>) -> Result<Uuid, Stop> {
    Ok(Uuid::from_bytes(array(cursor)?))
}

/// Decodes the signature. The signature is the last field, so its length must be the number of remaining bytes.
fn decode_signature<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Stop> {
    let field = "the signature";
    let length = i64::from(cursor.int32()?);
    let rest = cursor.rest();
    match usize::try_from(length) {
        Err(_) => Err(Malformed::NegativeLength { field, length }.into()),
        Ok(bytes) if bytes == rest.len() => Ok(rest),
        Ok(_) => Err(Stop::Short),
    }
}

fn decode_address(cursor: &mut Cursor<'_>) -> Result<IpAddr, Stop> {
    match decode_opcode(cursor)? {
        IPV4 => Ok(Ipv4Addr::from(array(cursor)?).into()),
        IPV6 => Ok(Ipv6Addr::from(array::<16>(cursor)?).into()),
        other => Err(unknown("the address version", other).into()),
    }
}

fn array<const LENGTH: usize>(cursor: &mut Cursor<'_>) -> Result<[u8; LENGTH], Stop> {
    let bytes = cursor.bytes(LENGTH)?;
    bytes.try_into().map_err(|_| Stop::Short)
}

fn encode_party(body: &mut Vec<u8>, opcode: u8, uuid: Uuid, endpoint: Option<&IpAddr>) {
    body.push(opcode);
    body.extend_from_slice(uuid.as_bytes());
    match endpoint {
        None => {}
        Some(IpAddr::V4(address)) => {
            body.push(IPV4);
            body.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            body.push(IPV6);
            body.extend_from_slice(&address.octets());
        }
    }
}
