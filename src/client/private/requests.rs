use std::collections::BTreeMap;

use matou_protocols::dialogue::Event;

/// The unanswered requests for private connections. This list is used only for the status line. The dialogue has its own
/// list, which decides which requests are valid.
#[derive(Debug, Default)]
pub(crate) struct Requests(BTreeMap<String, Asker>);

/// The side that sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    We,
    They,
}

/// Maximum number of requests to show.
const MAX_SHOWN: usize = 64;

impl Requests {
    /// Adds a request, from a peer or from the user.
    pub(crate) fn add(&mut self, peer: &str, asker: Asker) {
        if self.0.len() < MAX_SHOWN {
            self.0.insert(peer.to_owned(), asker);
        }
    }

    /// Removes an answered request.
    pub(crate) fn remove(&mut self, peer: &str) {
        self.0.remove(peer);
    }

    /// Renames a peer.
    pub(crate) fn rename(&mut self, before: &str, now: &str) {
        if let Some(asker) = self.0.remove(before) {
            self.0.insert(now.to_owned(), asker);
        }
    }

    /// Removes all requests.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Updates the list after an event: adds a new request, or removes an answered or withdrawn one.
    pub(crate) fn hear(&mut self, event: &Event) {
        match event {
            Event::Asked { peer } => self.add(peer, Asker::They),
            Event::Denied { peer } | Event::Agreed { peer } | Event::Withdrawn { peer } => {
                self.remove(peer);
            }
            _ => {}
        }
    }

    /// Returns the peer of each request, with a word that says whether the peer or the user has asked.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.0.iter().map(|(peer, asker)| {
            let state = match asker {
                Asker::We => "asked",
                Asker::They => "asks",
            };
            (&**peer, state)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_shown_until_it_is_answered() {
        let mut requests = Requests::default();
        requests.add("bob", Asker::We);
        let peer = "carol".to_owned();
        requests.hear(&Event::Asked { peer });
        let shown: Vec<_> = requests.shown().collect();
        assert_eq!(shown, [("bob", "asked"), ("carol", "asks")]);
        let peer = "bob".to_owned();
        requests.hear(&Event::Denied { peer });
        requests.remove("carol");
        assert_eq!(requests.shown().count(), 0);
    }
}
