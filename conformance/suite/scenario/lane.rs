//! The lanes of a scenario, and the origin of their names.

use super::LaneId;

/// A connection of a scenario, and the origin of its name.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The name of the lane in the scenario, such as `alice`.
    pub name: String,
    /// The origin of the name that the lane uses at the target (`@alice`).
    pub login: LaneName,
    /// Whether the target knows the lane's identity, in protocols with identities.
    pub registered: bool,
    /// Whether the lane speaks TLS, in protocols over TLS. A lane that does not speak TLS cannot read what it receives.
    pub tls: bool,
    /// Whether the lane answers unasked packets, such as pings, by itself.
    pub answers: bool,
}

impl Lane {
    /// Returns the minimum number of bytes of the name that the lane gets in a run; 0 if a setting gives it.
    #[must_use]
    pub fn least_name_bytes(&self, lanes: &[Lane]) -> usize {
        match &self.login {
            LaneName::Fresh { exactly: None } => usual_characters(&self.name),
            LaneName::Fresh {
                exactly: Some((bytes, _)),
            } => *bytes,
            LaneName::SameAs(other) => match lanes.get(other.0) {
                // A lane can have the name of an earlier lane only, so this recursion ends.
                Some(earlier) if other.0 < lanes.len() => {
                    earlier.least_name_bytes(lanes.get(..other.0).unwrap_or_default())
                }
                _ => 0,
            },
            LaneName::Setting(_) => 0,
        }
    }
}

/// Maximum characters of a lane's name that go into its new name. Together with the random part, the new name is then short
/// enough for the usual protocols.
pub const KEPT_CHARACTERS: usize = 16;

/// The number of characters of the random part of a new name.
pub const RANDOM_CHARACTERS: usize = 6;

/// The origin of a lane's name.
#[derive(Debug, Clone)]
pub enum LaneName {
    /// A new name in each play.
    Fresh {
        /// The exact length of the name in bytes, and the text that is repeated to reach it.
        exactly: Option<(usize, String)>,
    },
    /// The name of an earlier lane.
    SameAs(LaneId),
    /// The setting of this name, from the command line.
    Setting(String),
}

impl LaneName {
    /// Returns a new name with exactly this number of characters, for the lane with this name. The filler is repeated after
    /// the usual new name; it is at least one character.
    #[must_use]
    pub fn of_characters(lane: &str, characters: usize, filler: &str) -> LaneName {
        let usual = usual_characters(lane);
        let fillers = filler.chars().count().max(1);
        let bytes = match characters.checked_sub(usual) {
            // One byte for each character before the fillers. If whole fillers do not give the exact number of characters,
            // some `x` are added before the fillers.
            Some(rest) => usual + rest % fillers + (rest / fillers) * filler.len(),
            None => characters,
        };
        LaneName::Fresh {
            exactly: Some((bytes, filler.to_owned())),
        }
    }
}

/// Returns the number of characters of the new name that a lane gets if nothing gives its length. All of them are ASCII.
fn usual_characters(lane: &str) -> usize {
    let kept = lane.chars().filter(char::is_ascii).count();
    kept.min(KEPT_CHARACTERS) + 1 + RANDOM_CHARACTERS
}
