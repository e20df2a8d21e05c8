//! The identities of lanes, in protocols in which a client's name is a UUID with an RSA key that the target knows.
//!
//! The target must know an identity before a lane can use it. With `--set rest=ADDR` the runner registers identities, and
//! each case gets new identities. With `--set identities=FILE` the identities in the file are registered already, and the
//! cases share them. Each case takes the identities that it needs, and gives them back when it ends.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Condvar, Mutex};

use crate::evidence::{Failure, Shortage};
use crate::grammar::{Value, uuid_of};
use crate::identity::{self, Identity, Rest};
use crate::scenario::{Lane, LaneName, Scenario};

use super::keys::Keys;
use super::random::SplitMix;

/// Returns the signature of an identity over the bytes of its own name.
pub(crate) fn signature_of(who: Option<&Identity>) -> Result<Value, Box<Failure>> {
    let signature = who.and_then(Identity::signature);
    let signature =
        signature.ok_or_else(|| Failure::own_fault("a signature of a lane without a key"))?;
    Ok(Value::Bytes(signature))
}

/// All identities of a run.
pub(crate) struct Registry {
    keys: Keys,
    source: Source,
}

enum Source {
    None,
    Minted(Rest),
    Listed {
        /// Identities that no case uses now. A case takes the identities that have been free for the longest time, because
        /// the target may need a moment to notice that the last client with such an identity has left.
        free: Mutex<VecDeque<Identity>>,
        given_back: Condvar,
        there_are: usize,
    },
}

impl Registry {
    /// Returns the registry that the settings of the run describe.
    ///
    /// # Errors
    ///
    /// Fails if the file of identities cannot be used, or if no connection to the REST address can be opened. The error is a
    /// message for the user.
    pub(crate) fn of(settings: &BTreeMap<String, String>) -> Result<Registry, String> {
        let source = match identity::Source::of(settings)? {
            identity::Source::None => Source::None,
            identity::Source::Minted(rest) => Source::Minted(rest),
            identity::Source::Listed(identities) => Source::Listed {
                there_are: identities.len(),
                free: Mutex::new(identities.into()),
                given_back: Condvar::new(),
            },
        };
        Ok(Registry {
            keys: Keys::start(),
            source,
        })
    }

    /// Returns an identity for each lane of a scenario, in the order of the lanes.
    ///
    /// # Errors
    ///
    /// Fails if there are fewer identities than the scenario needs, or if an identity cannot be registered.
    pub(crate) fn cast(
        &self,
        scenario: &Scenario,
        random: &mut SplitMix,
    ) -> Result<Cast, Shortage> {
        let of_its_own = |lane: &&Lane| !matches!(lane.login, LaneName::SameAs(_));
        let lanes = scenario.lanes.iter().filter(of_its_own);
        let needs = lanes.filter(|lane| lane.registered).count();
        let taken = self.take(needs, random)?;
        let mut registered = taken.iter();
        let mut identities: Vec<Identity> = Vec::with_capacity(scenario.lanes.len());
        for (index, lane) in scenario.lanes.iter().enumerate() {
            let known = match lane.login {
                LaneName::SameAs(other) => identities.get(other.0),
                _ if lane.registered => registered.next(),
                _ => None,
            };
            let identity = known.cloned();
            identities.push(identity.unwrap_or_else(|| self.fresh(index, random)));
        }
        Ok(Cast { identities, taken })
    }

    /// Takes back the identities at the end of a case.
    pub(crate) fn give_back(&self, cast: Cast) {
        if let Source::Listed {
            free, given_back, ..
        } = &self.source
        {
            free.lock().extend(cast.taken);
            given_back.notify_all();
        }
    }

    fn take(&self, needs: usize, random: &mut SplitMix) -> Result<Vec<Identity>, Shortage> {
        match &self.source {
            _ if needs == 0 => Ok(Vec::new()),
            Source::None => Err(Shortage::NoSource),
            Source::Minted(rest) => (0..needs)
                .map(|index| {
                    let identity = self.fresh(index, random);
                    rest.register(&identity).map_err(Shortage::Refused)?;
                    Ok(identity)
                })
                .collect(),
            Source::Listed { there_are, .. } if *there_are < needs => Err(Shortage::TooFew {
                needs,
                there_are: *there_are,
            }),
            Source::Listed {
                free, given_back, ..
            } => {
                // A case takes all its identities in one step. If cases took them one by one, two cases could each hold some
                // and wait for each other forever.
                let mut free = free.lock();
                while free.len() < needs {
                    given_back.wait(&mut free);
                }
                Ok(free.drain(..needs).collect())
            }
        }
    }

    /// Returns a new identity, which the target does not know. Lanes of one case have different keys, as long as there are
    /// enough keys.
    fn fresh(&self, index: usize, random: &mut SplitMix) -> Identity {
        let bits = u128::from(random.next()) << 64 | u128::from(random.next());
        Identity {
            uuid: uuid_of(bits),
            key: self.keys.key(index),
        }
    }
}

/// The identities of the lanes of one case.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    /// One identity per lane; empty if clients choose their names.
    pub(crate) identities: Vec<Identity>,
    taken: Vec<Identity>,
}
