use std::collections::BTreeSet;

use matou_protocols::dialogue::Event;

/// Whom one has heard of. No protocol lists who is there, so names are learned from what comes.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The most recent first.
    names: Vec<String>,
    /// Whose messages are not shown.
    ignored: BTreeSet<String>,
    /// Who whispered last.
    whisperer: Option<String>,
}

/// The names that are remembered for the Tab key. A flood of names costs the oldest ones.
const MAX_NAMES: usize = 500;
/// One person ignores no more than this by hand.
const MAX_IGNORED: usize = 500;

impl People {
    /// Learns from an event. False when it comes from somebody who is ignored: then nothing else should come of it.
    pub(super) fn hear(&mut self, event: &Event) -> bool {
        let (Event::Said { from: name, .. }
        | Event::Whispered { from: name, .. }
        | Event::Asked { peer: name }) = event
        else {
            return true;
        };
        if self.ignored.contains(name) {
            return false;
        }
        self.meet(name);
        if matches!(event, Event::Whispered { .. }) {
            self.whisperer = Some(name.clone());
        }
        true
    }

    /// Remembers a name.
    pub(super) fn meet(&mut self, name: &str) {
        match self.names.iter().position(|known| known == name) {
            Some(at) => self.names[..=at].rotate_right(1),
            None => {
                self.names.truncate(MAX_NAMES - 1);
                self.names.insert(0, name.to_owned());
            }
        }
    }

    /// All of them, the most recent first.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Who whispered last.
    pub(super) fn whisperer(&self) -> Option<&str> {
        self.whisperer.as_deref()
    }

    /// Ignores somebody, or no longer: says which.
    pub(super) fn toggle_ignored(&mut self, name: &str) -> bool {
        if self.ignored.remove(name) {
            return false;
        }
        if self.ignored.len() == MAX_IGNORED {
            self.ignored.pop_first();
        }
        self.ignored.insert(name.to_owned())
    }

    /// Who is ignored.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &str> {
        self.ignored.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: &str) -> Event {
        Event::Said {
            from: from.into(),
            text: "hi".into(),
        }
    }

    #[test]
    fn whoever_spoke_last_comes_first() {
        let mut people = People::default();
        for name in ["bob", "carol", "bob"] {
            assert!(people.hear(&said(name)));
        }
        assert_eq!(people.names(), ["bob", "carol"]);
    }

    #[test]
    fn whoever_is_ignored_is_not_heard_until_they_are_again() {
        let mut people = People::default();
        assert!(people.toggle_ignored("bob"));
        assert!(!people.hear(&said("bob")));
        assert!(people.names().is_empty());
        assert!(!people.toggle_ignored("bob"));
        assert!(people.hear(&said("bob")));
    }

    #[test]
    fn so_many_names_are_remembered() {
        let mut people = People::default();
        for number in 0..=MAX_NAMES {
            people.meet(&format!("user {number}"));
        }
        assert_eq!(people.names().len(), MAX_NAMES);
        assert_eq!(people.names()[0], format!("user {MAX_NAMES}"));
    }
}
