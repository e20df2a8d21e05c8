use std::hash::{DefaultHasher, Hasher};

/// A source of unpredictable bits. The server passes a function that asks the operating system for random numbers. Tests
/// pass a function that returns known numbers.
pub type Entropy = Box<dyn FnMut() -> u64 + Send>;

/// Makes connect_ids, the ids of private connections. Anyone who knows such an id can become one of the two ends, so ids
/// must be hard to guess. Two ids that are in use at the same time must differ. An id is never zero or negative.
pub struct ConnectIds {
    source: Source,
}

enum Source {
    /// For ids of eight bytes: each id has 63 random bits.
    Random(Entropy),
    /// For ids of four bytes: a counter. Random numbers of this size would soon repeat. A secret permutation turns each
    /// value of the counter into an id, so that the ids are hard to guess.
    Counted {
        counter: u32,
        permutation: Permutation,
    },
}

/// Maximum number of tries for a new id. If all tries give ids that are in use, the random source is probably broken,
/// because random numbers of 63 bits almost never repeat. The limit is necessary: without it, a source that always returns
/// the same number would block the room for ever.
const MOST_DRAWS: usize = 64;

/// The largest id of four bytes. The smallest is 1.
const LARGEST_COUNTED: u32 = i32::MAX as u32;

impl ConnectIds {
    /// Makes ids of 63 random bits, for protocols that write them in eight bytes.
    pub fn random(entropy: Entropy) -> ConnectIds {
        let source = Source::Random(entropy);
        ConnectIds { source }
    }

    /// Makes ids of 31 bits, for protocols that write them in four bytes. This function chooses a random key for the
    /// permutation, so the ids have a different order after each start of the server.
    pub fn counted(mut entropy: Entropy) -> ConnectIds {
        let permutation = Permutation {
            key: [entropy(), entropy()],
        };
        let source = Source::Counted {
            counter: 0,
            permutation,
        };
        ConnectIds { source }
    }

    /// Returns a new id that is not in use (`alive` returns false for it). Returns `None` when it finds no such id: the
    /// random source is broken, or nearly all numbers are in use.
    pub fn draw(&mut self, alive: impl Fn(i64) -> bool) -> Option<i64> {
        (0..MOST_DRAWS)
            .map(|_| self.source.next())
            .find(|id| *id > 0 && !alive(*id))
    }
}

impl Source {
    fn next(&mut self) -> i64 {
        match self {
            Source::Random(entropy) => (entropy() >> 1).cast_signed(),
            Source::Counted {
                counter,
                permutation,
            } => {
                *counter = if *counter >= LARGEST_COUNTED {
                    1
                } else {
                    *counter + 1
                };
                i64::from(permutation.of(*counter))
            }
        }
    }
}

/// A permutation of the numbers 1 to 2^31 - 1. Without its key, nobody can predict its results. It is a balanced Feistel
/// network over 32 bits. If a result is outside the range, it is permuted again, until a result is inside the range ("cycle
/// walking"). This always ends, because the first number is inside the range.
struct Permutation {
    key: [u64; 2],
}

/// Number of rounds of the Feistel network. FF1, a standard cipher of this kind, also has ten rounds.
const ROUNDS: u8 = 10;

impl Permutation {
    fn of(&self, number: u32) -> u32 {
        let mut permuted = self.once(number);
        while permuted == 0 || permuted > LARGEST_COUNTED {
            permuted = self.once(permuted);
        }
        permuted
    }

    /// Permutes a number once. Each round leaves one half of the number unchanged, so every round can be undone. This is why
    /// two different numbers never have the same result.
    fn once(&self, number: u32) -> u32 {
        let mut left = (number >> 16) as u16;
        let mut right = number as u16;
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.mix(round, right));
        }
        u32::from(left) << 16 | u32::from(right)
    }

    /// Hashes the key, then `round` and `half`, with the SipHash of the standard library.
    fn mix(&self, round: u8, half: u16) -> u16 {
        let mut hasher = DefaultHasher::new();
        for part in self.key {
            hasher.write_u64(part);
        }
        hasher.write_u8(round);
        hasher.write_u16(half);
        hasher.finish() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn always(bits: u64) -> Entropy {
        Box::new(move || bits)
    }

    fn one_after_the_other(bits: &'static [u64]) -> Entropy {
        let mut rest = bits.iter();
        Box::new(move || {
            *rest
                .next()
                .expect("the test provides a number for every draw")
        })
    }

    #[test]
    fn a_random_id_is_never_negative() {
        let mut ids = ConnectIds::random(always(u64::MAX));
        assert_eq!(ids.draw(|_| false), Some(i64::MAX));
    }

    #[test]
    fn a_random_id_is_drawn_again_while_it_is_zero_or_alive() {
        let mut ids = ConnectIds::random(one_after_the_other(&[0, 1, 14, 16]));
        assert_eq!(ids.draw(|id| id == 7), Some(8));
    }

    #[test]
    fn a_broken_random_source_does_not_block_the_room() {
        let mut ids = ConnectIds::random(always(14));
        assert_eq!(ids.draw(|id| id == 7), None);
    }

    #[test]
    fn counted_ids_are_positive_and_do_not_repeat() {
        let mut ids = ConnectIds::counted(always(42));
        let mut seen = HashSet::new();
        for _ in 0..100_000 {
            let id = ids.draw(|_| false).expect("no id is alive");
            assert!((1..=i64::from(i32::MAX)).contains(&id), "{id}");
            assert!(seen.insert(id), "{id} came twice");
        }
    }

    #[test]
    fn counted_ids_skip_what_is_alive() {
        let next =
            |alive: Option<i64>| ConnectIds::counted(always(42)).draw(|id| Some(id) == alive);
        let first = next(None);
        assert!(first.is_some());
        assert_ne!(next(first), first);
    }

    #[test]
    fn the_counter_starts_again_after_its_last_number() {
        let permutation = Permutation { key: [1, 2] };
        let first = i64::from(permutation.of(1));
        let mut ids = ConnectIds {
            source: Source::Counted {
                counter: LARGEST_COUNTED,
                permutation,
            },
        };
        assert_eq!(ids.draw(|_| false), Some(first));
    }

    #[test]
    fn each_start_counts_in_another_order() {
        let first = |key| ConnectIds::counted(always(key)).draw(|_| false);
        assert_ne!(first(1), first(2));
    }

    proptest! {
        #[test]
        fn two_numbers_never_become_the_same_id(
            key in any::<[u64; 2]>(),
            one in 1..=LARGEST_COUNTED,
            other in 1..=LARGEST_COUNTED,
        ) {
            let permutation = Permutation { key };
            prop_assert_eq!(one == other, permutation.of(one) == permutation.of(other));
        }
    }
}
