//! The names of the clients of a load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conformance_suite::grammar::{Names, uuid_of};
use conformance_suite::identity::{IDENTITIES, Identity, Key, REST, Rest, Source};

/// The length of the longest usual name, in bytes: `load-`, 8 digits, `-`, 6 digits, and up to 8 digits that count the
/// logins of the client.
const USUAL: usize = 28;

/// The maximum length of a short name. There are fewer than 2^64 names of this length, so a `u64` can count them.
const LONGEST_SHORT: usize = 12;

/// The source of the names.
#[derive(Debug)]
pub(super) enum Naming {
    /// Any client may choose any name.
    Chosen,
    /// Any client may choose any name. The usual names do not fit into the protocol's fields, so the load uses short names.
    Short(Short),
    /// UUIDs that the load creates and registers. All these UUIDs share one key, because creating a key takes a long time.
    Minted(Rest, Arc<Key>),
    /// UUIDs from a file of registered identities, with their keys.
    Listed(BTreeMap<String, Arc<Key>>),
    /// The names are UUIDs, but no setting says which UUIDs the server knows.
    Unknown,
}

impl Naming {
    /// Returns the source that fits the protocol and the settings. If clients choose their names, a name has at most `most`
    /// bytes.
    pub(super) fn of(
        names: Names,
        most: usize,
        settings: &BTreeMap<String, String>,
    ) -> Result<Naming, String> {
        if names == Names::Chosen {
            return Ok(match most < USUAL {
                true => Naming::Short(Short::of_length(most)),
                false => Naming::Chosen,
            });
        }
        Ok(match Source::of(settings)? {
            Source::None => Naming::Unknown,
            Source::Minted(rest) => Naming::Minted(rest, Arc::new(Key::generate())),
            Source::Listed(all) => {
                let pairs = all
                    .into_iter()
                    .map(|identity| (identity.uuid, identity.key));
                Naming::Listed(pairs.collect())
            }
        })
    }

    /// Returns `count` names. No other client of this load has any of these names.
    pub(super) fn make(&self, count: usize) -> Result<Vec<String>, String> {
        match self {
            Naming::Chosen => Ok(chosen(count)),
            Naming::Short(short) => short.make(count),
            Naming::Unknown => Err(format!(
                "clients of this protocol need registered identities; write --set {REST}=ADDR or --set {IDENTITIES}=FILE"
            )),
            Naming::Listed(known) if known.len() < count => Err(format!(
                "the file in --set {IDENTITIES}=FILE has only {} identities, but the load needs {count}",
                known.len()
            )),
            Naming::Listed(known) => Ok(known.keys().take(count).cloned().collect()),
            Naming::Minted(rest, key) => {
                let first = u128::from_be_bytes(random());
                let all = (0..count as u128).map(|number| first.wrapping_add(number));
                all.map(|bits| mint(uuid_of(bits), rest, key)).collect()
            }
        }
    }

    /// Returns the signature that proves the identity of this client.
    pub(super) fn signature(&self, name: &str) -> Option<Vec<u8>> {
        let key = match self {
            Naming::Minted(_, key) => key,
            Naming::Listed(known) => known.get(name)?,
            Naming::Chosen | Naming::Short(_) | Naming::Unknown => return None,
        };
        let identity = Identity {
            uuid: name.to_owned(),
            key: Arc::clone(key),
        };
        identity.signature()
    }

    /// Returns the name with which a client logs in again. If clients can choose their names, this is a new name, because
    /// the server may still be removing the old name.
    pub(super) fn again(&self, name: &str, turn: u32) -> String {
        match self {
            Naming::Chosen => format!("{name}{turn:x}"),
            Naming::Short(short) => short.next(),
            Naming::Minted(..) | Naming::Listed(_) | Naming::Unknown => name.to_owned(),
        }
    }
}

/// Short names: letters that count up from a random start.
#[derive(Debug)]
pub(super) struct Short {
    length: usize,
    next: AtomicU64,
}

impl Short {
    fn of_length(most: usize) -> Short {
        Short {
            length: most.min(LONGEST_SHORT),
            // The count begins at a random number in the lower half of the range of a `u64`, so it cannot overflow.
            next: AtomicU64::new(u64::from_be_bytes(random()) / 2),
        }
    }

    /// Returns how many different names of this length exist.
    fn supply(&self) -> u64 {
        match self.length {
            0 => 0,
            length => (0..length).fold(1, |product: u64, _| product.saturating_mul(26)),
        }
    }

    fn make(&self, count: usize) -> Result<Vec<String>, String> {
        let supply = self.supply();
        match count as u64 > supply {
            true => Err(format!(
                "this protocol allows names of at most {} bytes; the load can make only {supply} such names, but it needs {count}",
                self.length
            )),
            false => Ok((0..count).map(|_| self.next()).collect()),
        }
    }

    fn next(&self) -> String {
        let mut number = self.next.fetch_add(1, Ordering::Relaxed);
        (0..self.length)
            .map(|_| {
                let letter = (number % 26) as u8;
                number /= 26;
                char::from(b'a' + letter)
            })
            .collect()
    }
}

/// Returns names that all have the same length.
fn chosen(count: usize) -> Vec<String> {
    let run = u32::from_be_bytes(random());
    (0..count)
        .map(|number| format!("load-{run:08x}-{number:06}"))
        .collect()
}

fn mint(uuid: String, rest: &Rest, key: &Arc<Key>) -> Result<String, String> {
    let identity = Identity {
        uuid,
        key: Arc::clone(key),
    };
    rest.register(&identity)
        .map_err(|why| format!("cannot register an identity: {why}"))?;
    Ok(identity.uuid)
}

fn random<const SIZE: usize>() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    // If the system has no random bytes, two loads may choose the same names. The names within one load still differ from
    // each other.
    let _ = getrandom::fill(&mut bytes);
    bytes
}
