//! Makes the bytes of a send. They are encoded with the choice that the target follows for each reading.

use crate::evidence::Failure;
use crate::grammar::{Side, Value};
use crate::play::case::Case;
use crate::play::shared::random::{SplitMix, sha256};
use crate::scenario::{Expr, Outgoing, Piece};

impl Case<'_> {
    /// Returns the bytes of a send.
    pub(crate) fn assemble(&mut self, what: &[Outgoing]) -> Result<Vec<u8>, Box<Failure>> {
        let mut bytes = Vec::new();
        for outgoing in what {
            match outgoing {
                Outgoing::Packet { packet, fields } => {
                    let values = self.values(fields)?;
                    bytes.extend(
                        self.wire
                            .encode(Side::Client, *packet, &values)
                            .map_err(Failure::own_fault)?,
                    );
                }
                Outgoing::Raw(pieces) => bytes.extend(self.pieces(pieces)?),
                Outgoing::Framed(pieces) => {
                    let (opcode, payload) = match pieces.split_first() {
                        Some((opcode @ (Piece::Opcode(_) | Piece::OpcodeNumber(_)), payload)) => {
                            (self.piece(opcode)?, payload)
                        }
                        _ => (Vec::new(), pieces.as_slice()),
                    };
                    let payload = self.pieces(payload)?;
                    bytes.extend(self.wire.framed(&opcode, &payload));
                }
                Outgoing::Random {
                    length,
                    seed,
                    remember,
                } => {
                    let payload = SplitMix::new(*seed).bytes(*length);
                    if let Some(name) = remember {
                        let hash = Value::Bytes(sha256(&payload));
                        self.view.remembered.insert(name.clone(), hash);
                    }
                    bytes.extend(payload);
                }
            }
        }
        Ok(bytes)
    }

    fn values(&self, fields: &[Expr]) -> Result<Vec<Value>, Box<Failure>> {
        fields.iter().map(|field| self.value(field)).collect()
    }

    /// Returns the bytes of the pieces, one after the other.
    pub(crate) fn pieces(&self, pieces: &[Piece]) -> Result<Vec<u8>, Box<Failure>> {
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend(self.piece(piece)?);
        }
        Ok(bytes)
    }

    fn piece(&self, piece: &Piece) -> Result<Vec<u8>, Box<Failure>> {
        match piece {
            Piece::Bytes(bytes) => Ok(bytes.clone()),
            Piece::Opcode(packet) => Ok(self.wire.opcode(Side::Client, *packet)),
            Piece::OpcodeNumber(number) => Ok(self.wire.opcode_number(*number)),
            Piece::FrameLength(claims) => Ok(self.wire.frame_length(*claims)),
            Piece::Typed { type_name, value } => {
                let value = self.value(value)?;
                self.wire
                    .encode_typed(type_name, &value)
                    .map_err(Failure::own_fault)
            }
            Piece::LengthOf { type_name, claims } => Ok(self.wire.length_of(type_name, *claims)),
        }
    }
}
