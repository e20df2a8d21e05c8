//! Who lanes are, where a name is a UUID that the target knows, and an RSA key.
//!
//! The target has to be told of an identity before anybody can be it. With `--set rest=ADDR` the runner does that itself, and
//! each case gets identities that no case had before. With `--set identities=FILE` a person has done it, and cases share what
//! there is: each takes what it needs, and gives it back.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Condvar, Mutex};

use crate::evidence::{Failure, Shortage};
use crate::grammar::{Value, uuid_of};
use crate::identity::{self, Identity, Rest};
use crate::scenario::{Lane, LaneName, Scenario};

use super::keys::Keys;
use super::random::SplitMix;

/// A client's signature over the bytes of its own name.
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
        /// Those that no case has now; who waited longest comes first, because the target may take a moment to notice that
        /// a client has left.
        free: Mutex<VecDeque<Identity>>,
        given_back: Condvar,
        there_are: usize,
    },
}

impl Registry {
    /// As the settings of the run say.
    ///
    /// # Errors
    ///
    /// A sentence, if the file cannot be used or nothing answers where identities are to be registered.
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

    /// An identity for each lane of a scenario, in their order.
    ///
    /// # Errors
    ///
    /// If there are not as many as it needs.
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

    /// The case is over.
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
                // All at once or none: cases that hold some and wait for more would wait for each other.
                let mut free = free.lock();
                while free.len() < needs {
                    given_back.wait(&mut free);
                }
                Ok(free.drain(..needs).collect())
            }
        }
    }

    /// An identity that the target has not heard of. Lanes of one case have different keys, as far as these go.
    fn fresh(&self, index: usize, random: &mut SplitMix) -> Identity {
        let bits = u128::from(random.next()) << 64 | u128::from(random.next());
        Identity {
            uuid: uuid_of(bits),
            key: self.keys.key(index),
        }
    }
}

/// Who the lanes of one case are.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    /// One per lane; none at all where names are chosen.
    pub(crate) identities: Vec<Identity>,
    taken: Vec<Identity>,
}
