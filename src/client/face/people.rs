use std::collections::BTreeSet;

use matou_protocols::dialogue::Event;

/// The names that the client has seen. No protocol lists the connected users, so the client learns names from events.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The names that were seen, the most recent first.
    names: Vec<String>,
    /// The names whose messages are hidden.
    ignored: BTreeSet<String>,
    /// The sender of the last private message.
    whisperer: Option<String>,
}

/// Maximum names to remember for the Tab key. The oldest are forgotten first.
const MAX_NAMES: usize = 500;
/// Maximum names to hide.
const MAX_IGNORED: usize = 500;

impl People {
    /// Learns names from an event. Returns false if the event must be dropped, because the user has hidden its sender.
    pub(crate) fn hear(&mut self, event: &Event) -> bool {
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
    pub(crate) fn meet(&mut self, name: &str) {
        match self.names.iter().position(|known| known == name) {
            Some(at) => self.names[..=at].rotate_right(1),
            None => {
                self.names.truncate(MAX_NAMES - 1);
                self.names.insert(0, name.to_owned());
            }
        }
    }

    /// Returns all names, the most recent first.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the sender of the last private message.
    pub(crate) fn whisperer(&self) -> Option<&str> {
        self.whisperer.as_deref()
    }

    /// Hides a name, or shows it again. Returns true if the name is hidden now.
    pub(crate) fn toggle_ignored(&mut self, name: &str) -> bool {
        if self.ignored.remove(name) {
            return false;
        }
        if self.ignored.len() == MAX_IGNORED {
            self.ignored.pop_first();
        }
        self.ignored.insert(name.to_owned())
    }

    /// Returns the hidden names.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = &str> {
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
    fn the_last_speaker_comes_first() {
        let mut people = People::default();
        for name in ["bob", "carol", "bob"] {
            assert!(people.hear(&said(name)));
        }
        assert_eq!(people.names(), ["bob", "carol"]);
    }

    #[test]
    fn messages_of_a_hidden_name_are_dropped_until_it_is_shown_again() {
        let mut people = People::default();
        assert!(people.toggle_ignored("bob"));
        assert!(!people.hear(&said("bob")));
        assert!(people.names().is_empty());
        assert!(!people.toggle_ignored("bob"));
        assert!(people.hear(&said("bob")));
    }

    #[test]
    fn a_limited_number_of_names_is_remembered() {
        let mut people = People::default();
        for number in 0..=MAX_NAMES {
            people.meet(&format!("user {number}"));
        }
        assert_eq!(people.names().len(), MAX_NAMES);
        assert_eq!(people.names()[0], format!("user {MAX_NAMES}"));
    }
}
