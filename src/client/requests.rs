use std::collections::BTreeMap;

use matou_protocols::dialogue::Event;

/// Private connections that are asked for and not agreed on, to show them. What they mean is the dialogue's business.
#[derive(Debug, Default)]
pub(super) struct Requests(BTreeMap<String, Asker>);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    We,
    They,
}

/// More are not shown.
const MAX_SHOWN: usize = 64;

impl Requests {
    /// Somebody asks, or we have asked somebody.
    pub(super) fn add(&mut self, peer: &str, asker: Asker) {
        if self.0.len() < MAX_SHOWN {
            self.0.insert(peer.to_owned(), asker);
        }
    }

    /// It is answered.
    pub(super) fn remove(&mut self, peer: &str) {
        self.0.remove(peer);
    }

    /// Somebody is called otherwise from now on.
    pub(super) fn rename(&mut self, before: &str, now: &str) {
        if let Some(asker) = self.0.remove(before) {
            self.0.insert(now.to_owned(), asker);
        }
    }

    /// All are void.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Follows what the server says.
    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Asked { peer } => self.add(peer, Asker::They),
            Event::Denied { peer } | Event::Agreed { peer } | Event::Withdrawn { peer } => {
                self.remove(peer);
            }
            _ => {}
        }
    }

    /// With whom, and who asks, in a word.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&str, &'static str)> {
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
