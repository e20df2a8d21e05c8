//! The blocks of a pcapng file: a section, its interfaces, and packets with comments.

use super::stream::Packet;
use crate::text;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// The type of the captured packets: each begins with an IP header.
const LINKTYPE_RAW: u16 = 101;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_INTERFACE_NAME: u16 = 2;
const OPTION_INTERFACE_DESCRIPTION: u16 = 3;
const OPTION_APPLICATION: u16 = 4;

/// Maximum length of a text, in bytes. The length field of an option has only 16 bits.
const LONGEST_TEXT: usize = 4096;

/// A capture file that is being built. Its first block says that all numbers are little-endian.
pub(super) struct Capture {
    bytes: Vec<u8>,
}

impl Capture {
    pub(super) fn new() -> Capture {
        let mut body = Vec::new();
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // -1: the length of the section is not given. The section ends with the file.
        body.extend((-1_i64).to_le_bytes());
        option(&mut body, OPTION_APPLICATION, "conformance");
        end_of_options(&mut body);
        let mut capture = Capture { bytes: Vec::new() };
        capture.block(SECTION_HEADER, &body);
        capture
    }

    /// Adds an interface. The first interface has the number 0.
    pub(super) fn interface(&mut self, name: &str, description: &str) {
        let mut body = Vec::new();
        body.extend(LINKTYPE_RAW.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // 0: the number of captured bytes per packet has no limit.
        body.extend(0_u32.to_le_bytes());
        option(&mut body, OPTION_INTERFACE_NAME, name);
        option(&mut body, OPTION_INTERFACE_DESCRIPTION, description);
        end_of_options(&mut body);
        self.block(INTERFACE_DESCRIPTION, &body);
    }

    pub(super) fn packet(&mut self, packet: &Packet) {
        let micros = u64::try_from(packet.at.as_micros()).unwrap_or(u64::MAX);
        let captured = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        let mut body = Vec::new();
        body.extend(packet.interface.to_le_bytes());
        let [high, low] = [micros >> 32, micros & 0xffff_ffff];
        body.extend(u32::try_from(high).unwrap_or(u32::MAX).to_le_bytes());
        body.extend(u32::try_from(low).unwrap_or(u32::MAX).to_le_bytes());
        body.extend(captured.to_le_bytes());
        body.extend(packet.length.max(captured).to_le_bytes());
        body.extend(&packet.bytes);
        pad(&mut body);
        if !packet.comment.is_empty() {
            option(&mut body, OPTION_COMMENT, &packet.comment);
            end_of_options(&mut body);
        }
        self.block(ENHANCED_PACKET, &body);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Adds a block. The block's length is written both at its start and at its end, so that programs can also read the file
    /// backwards.
    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(body);
        self.bytes.extend(length.to_le_bytes());
    }
}

fn option(body: &mut Vec<u8>, code: u16, text: &str) {
    let text = text::line(text);
    let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(text.as_bytes());
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend(OPTION_END.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
}

/// Adds zeros until the length is a multiple of four bytes, as the format requires for every block and option.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
