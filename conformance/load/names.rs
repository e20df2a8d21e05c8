//! The names of the clients of a load.

use std::collections::BTreeMap;
use std::sync::Arc;

use conformance_suite::grammar::{Names, uuid_of};
use conformance_suite::identity::{IDENTITIES, Identity, Key, REST, Rest, Source};

/// The source of the names.
#[derive(Debug)]
pub(super) enum Naming {
    /// Any client may choose any name.
    Chosen,
    /// UUIDs that the load creates and registers. All of them have the same key, because creating a key takes long.
    Minted(Rest, Arc<Key>),
    /// UUIDs from a file of registered identities, with their keys.
    Listed(BTreeMap<String, Arc<Key>>),
    /// The names are UUIDs, but no setting says which UUIDs the server knows.
    Unknown,
}

impl Naming {
    /// Returns the source that fits the protocol and the settings.
    pub(super) fn of(names: Names, settings: &BTreeMap<String, String>) -> Result<Naming, String> {
        if names == Names::Chosen {
            return Ok(Naming::Chosen);
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
            Naming::Unknown => Err(format!(
                "clients of this protocol need registered identities: --set {REST}=ADDR, or --set {IDENTITIES}=FILE"
            )),
            Naming::Listed(known) if known.len() < count => Err(format!(
                "the file has {} identities, but {count} are needed",
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
            Naming::Chosen | Naming::Unknown => return None,
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
            Naming::Minted(..) | Naming::Listed(_) | Naming::Unknown => name.to_owned(),
        }
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
