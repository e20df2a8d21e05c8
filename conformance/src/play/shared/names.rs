//! New names for the lanes of each play.

use std::collections::BTreeMap;

use crate::scenario::{KEPT_CHARACTERS, Lane, LaneId, LaneName, RANDOM_CHARACTERS};

use super::random::SplitMix;

/// Returns a name for each lane, in the order of the lanes.
pub(crate) fn names_of(
    lanes: &[Lane],
    settings: &BTreeMap<String, String>,
    random: &mut SplitMix,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let name = match &lane.login {
            LaneName::Fresh { exactly } => fresh(&lane.name, exactly.as_ref(), random),
            LaneName::SameAs(LaneId(other)) => names.get(*other).cloned().unwrap_or_default(),
            // The setting exists, because the runner plays no case whose setting is missing.
            LaneName::Setting(setting) => settings.get(setting).cloned().unwrap_or_default(),
        };
        names.push(name);
    }
    names
}

/// Returns a name such as `alice-4f2a91`. If an exact length is given, the filler is repeated after the name until this
/// length is reached. If the length is too short for such a name, the whole name is random.
pub(crate) fn fresh(
    lane: &str,
    exactly: Option<&(usize, String)>,
    random: &mut SplitMix,
) -> String {
    let kept: String = lane
        .chars()
        .filter(char::is_ascii)
        .take(KEPT_CHARACTERS)
        .collect();
    let name = format!("{kept}-{}", random.letters(RANDOM_CHARACTERS));
    match exactly {
        None => name,
        Some((length, filler)) => of_length(*length, filler, &name, random),
    }
}

/// Returns a new name of at most `most` bytes, for a lane of the runner itself. If the usual form is too long, the whole
/// name is random.
pub(crate) fn fitting(lane: &str, most: usize, random: &mut SplitMix) -> String {
    let name = fresh(lane, None, random);
    match name.len() > most {
        true => random.letters(most),
        false => name,
    }
}

fn of_length(length: usize, filler: &str, name: &str, random: &mut SplitMix) -> String {
    if name.len() >= length {
        return random.letters(length);
    }
    let mut filled = name.to_owned();
    if !filler.is_empty() {
        // If whole fillers do not give the exact length, some `x` are added before the fillers.
        filled.push_str(&"x".repeat((length - name.len()) % filler.len()));
        filled.push_str(&filler.repeat((length - filled.len()) / filler.len()));
    }
    filled.push_str(&"x".repeat(length - filled.len()));
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_exact_length_has_it_with_any_filler() {
        let mut random = SplitMix::new(1);
        for length in [1, 5, 12, 13, 30, 31, 1025] {
            for filler in ["é", "€", "x", "", "ab"] {
                let exactly = (length, filler.to_owned());
                assert_eq!(fresh("zoe", Some(&exactly), &mut random).len(), length);
            }
        }
    }

    #[test]
    fn a_name_of_exact_characters_has_them_with_any_filler() {
        let mut random = SplitMix::new(1);
        for characters in [1, 9, 10, 11, 12, 32, 1025] {
            for filler in ["é", "€", "x", "ab", "é€"] {
                let LaneName::Fresh { exactly } =
                    LaneName::of_characters("zoe", characters, filler)
                else {
                    panic!("the name is new");
                };
                let name = fresh("zoe", exactly.as_ref(), &mut random);
                assert_eq!(name.chars().count(), characters, "{name}");
            }
        }
    }

    #[test]
    fn names_differ_between_cases_and_lanes_may_share_one() {
        let lane = |name: &str, login| Lane {
            name: name.to_owned(),
            login,
            registered: true,
            tls: true,
            answers: true,
        };
        let lanes = [
            lane("alice", LaneName::Fresh { exactly: None }),
            lane("twin", LaneName::SameAs(LaneId(0))),
        ];
        let mut random = SplitMix::new(1);
        let none = BTreeMap::new();
        let first = names_of(&lanes, &none, &mut random);
        let second = names_of(&lanes, &none, &mut random);
        assert_eq!(first[0], first[1]);
        assert_ne!(first[0], second[0]);
        assert!(first[0].starts_with("alice-"));
    }
}
