//! The lanes of a scenario, and where they get their names from.

use super::LaneId;

/// A connection of a scenario, and where it gets its name from.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The name of the lane in the scenario, such as `alice`.
    pub name: String,
    /// Where the lane gets the name with which it logs in (`@alice`).
    pub login: LaneName,
    /// Whether the target knows the lane's identity, in protocols with identities.
    pub registered: bool,
    /// Whether the lane speaks TLS, in protocols over TLS. A lane that does not speak TLS cannot read what it receives.
    pub tls: bool,
    /// Whether the lane automatically answers packets that the target sends unasked, such as pings.
    pub answers: bool,
}

impl Lane {
    /// Returns the minimum number of bytes of the name that the lane gets in a run; 0 if the name comes from a setting.
    #[must_use]
    pub fn least_name_bytes(&self, lanes: &[Lane]) -> usize {
        match &self.login {
            LaneName::Fresh { exactly: None } => usual_characters(&self.name),
            LaneName::Fresh {
                exactly: Some((bytes, _)),
            } => *bytes,
            LaneName::SameAs(other) => match lanes.get(other.0) {
                // A lane can share a name only with an earlier lane, so this recursion ends.
                Some(earlier) if other.0 < lanes.len() => {
                    earlier.least_name_bytes(lanes.get(..other.0).unwrap_or_default())
                }
                _ => 0,
            },
            LaneName::Setting(_) => 0,
        }
    }
}

/// The new name of a lane contains at most this number of characters of the lane's name in the scenario. With this limit,
/// the new name, including its random part, is short enough for most protocols.
pub const KEPT_CHARACTERS: usize = 16;

/// The number of characters of the random part of a new name.
pub const RANDOM_CHARACTERS: usize = 6;

/// Where a lane gets its name from.
#[derive(Debug, Clone)]
pub enum LaneName {
    /// A new name in each play.
    Fresh {
        /// The exact length of the name in bytes, and the text that is repeated to reach this length.
        exactly: Option<(usize, String)>,
    },
    /// The name of an earlier lane.
    SameAs(LaneId),
    /// The value of the setting with this name, from the command line.
    Setting(String),
}

impl LaneName {
    /// Gives the lane `lane` a new name with exactly this number of characters: the usual new name, and then the filler, as
    /// often as necessary. The filler has at least one character.
    #[must_use]
    pub fn of_characters(lane: &str, characters: usize, filler: &str) -> LaneName {
        let usual = usual_characters(lane);
        let fillers = filler.chars().count().max(1);
        let bytes = match characters.checked_sub(usual) {
            // Every character before the fillers takes one byte. If whole fillers do not give the exact number of
            // characters, some `x` are added before them.
            Some(rest) => usual + rest % fillers + (rest / fillers) * filler.len(),
            None => characters,
        };
        LaneName::Fresh {
            exactly: Some((bytes, filler.to_owned())),
        }
    }
}

/// Returns the number of characters of the new name that a lane gets if the scenario asks for no length. All its characters
/// are ASCII.
fn usual_characters(lane: &str) -> usize {
    let kept = lane.chars().filter(char::is_ascii).count();
    kept.min(KEPT_CHARACTERS) + 1 + RANDOM_CHARACTERS
}
