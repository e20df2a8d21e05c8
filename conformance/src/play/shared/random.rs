//! Repeatable randomness for names, tokens and payloads: the same seed gives the same values.

use sha2::{Digest, Sha256};

/// The generator splitmix64: it is small, and gives the same numbers on every machine. Its numbers are predictable. This
/// does no harm, because nothing here is a secret.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    /// Returns the generator with this seed.
    pub(crate) fn new(seed: u64) -> SplitMix {
        SplitMix(seed)
    }

    /// Returns a generator whose seed is made from these bytes.
    pub(crate) fn of(bytes: &[u8]) -> SplitMix {
        let first = sha256(bytes).into_iter().take(8);
        SplitMix(first.fold(0, |seed, byte| seed << 8 | u64::from(byte)))
    }

    /// Returns the next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns `length` random bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for part in bytes.chunks_mut(8) {
            for (byte, random) in part.iter_mut().zip(self.next().to_be_bytes()) {
                *byte = random;
            }
        }
        bytes
    }

    /// Returns `count` random characters from `0-9a-z`.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count)
            .filter_map(|_| char::from_digit((self.next() % 36) as u32, 36))
            .collect()
    }
}

/// Returns the SHA-256 hash of a payload; a scenario remembers this hash instead of the payload.
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers of the reference implementation for the seed 1234567.
        let mut random = SplitMix::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_payload_has_its_length_and_repeats_with_its_seed() {
        let payload = SplitMix::new(7).bytes(13);
        assert_eq!(payload.len(), 13);
        assert_eq!(payload, SplitMix::new(7).bytes(13));
        assert_ne!(payload, SplitMix::new(8).bytes(13));
    }
}
