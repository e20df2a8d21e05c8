use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::{ByConn, ConnId};

/// The identified clients. The roster finds the connection of a login, and the login of a connection. Logins are
/// compared byte for byte.
///
/// The text of a login is stored only once (`Arc<str>`): the roster and the stage of the connection share it.
#[derive(Debug, Default)]
pub struct Roster {
    connections: HashMap<Arc<str>, ConnId>,
    people: ByConn<Person>,
    by_address: BTreeSet<(IpAddr, ConnId)>,
}

#[derive(Debug)]
struct Person {
    login: Arc<str>,
    address: IpAddr,
}

/// Another client has this login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken;

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another client has this login; choose another login")
    }
}

impl std::error::Error for Taken {}

impl Roster {
    /// Gives a login to a connection that has none, and returns the stored text. Returns [`Taken`] when another client has
    /// this login.
    ///
    /// Also returns [`Taken`] when the connection already has a login; the connection keeps this login.
    pub fn join(&mut self, id: ConnId, login: &str, address: IpAddr) -> Result<Arc<str>, Taken> {
        if self.connections.contains_key(login) || self.people.contains_key(&id) {
            return Err(Taken);
        }
        let login: Arc<str> = Arc::from(login);
        self.connections.insert(Arc::clone(&login), id);
        self.by_address.insert((address, id));
        let person = Person {
            login: Arc::clone(&login),
            address,
        };
        self.people.insert(id, person);
        Ok(login)
    }

    /// Frees the login of a connection and returns it; `None` for a connection without a login.
    pub fn leave(&mut self, id: ConnId) -> Option<Arc<str>> {
        let person = self.people.remove(&id)?;
        self.connections.remove(&person.login);
        self.by_address.remove(&(person.address, id));
        Some(person.login)
    }

    /// Returns the connection that has this login.
    pub fn find(&self, login: &str) -> Option<ConnId> {
        self.connections.get(login).copied()
    }

    /// Returns the login of a connection.
    pub fn login(&self, id: ConnId) -> Option<&Arc<str>> {
        self.people.get(&id).map(|person| &person.login)
    }

    /// Returns the identified connections that come from this address, in ascending order.
    pub fn at(&self, address: IpAddr) -> impl Iterator<Item = ConnId> {
        let all = (address, ConnId(u64::MIN))..=(address, ConnId(u64::MAX));
        self.by_address.range(all).map(|(_, id)| *id)
    }

    /// True when no client is identified.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.people.is_empty() && self.by_address.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnId = ConnId(1);
    const BOB: ConnId = ConnId(2);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_login_belongs_to_one_connection_until_it_leaves() {
        let mut roster = Roster::default();
        assert_eq!(roster.join(ALICE, "alice", HERE).as_deref(), Ok("alice"));
        assert_eq!(roster.join(BOB, "alice", HERE), Err(Taken));
        assert_eq!(roster.find("alice"), Some(ALICE));
        assert_eq!(roster.login(ALICE).map(|login| &**login), Some("alice"));

        assert_eq!(roster.leave(ALICE).as_deref(), Some("alice"));
        assert_eq!(roster.leave(ALICE), None);
        assert_eq!(roster.find("alice"), None);
        assert_eq!(roster.join(BOB, "alice", HERE).as_deref(), Ok("alice"));
    }

    #[test]
    fn logins_compare_byte_for_byte() {
        let mut roster = Roster::default();
        assert!(roster.join(ALICE, "Zoé", HERE).is_ok());
        assert_eq!(roster.find("zoé"), None);
        // This login looks like the first one, but its bytes are different: it has an e and a combining accent instead of
        // the character é.
        assert_eq!(roster.find("Zoe\u{301}"), None);
        assert!(roster.join(BOB, "Zoe\u{301}", HERE).is_ok());
    }

    #[test]
    fn a_connection_has_one_login() {
        let mut roster = Roster::default();
        assert!(roster.join(ALICE, "alice", HERE).is_ok());
        assert_eq!(roster.join(ALICE, "alicia", HERE), Err(Taken));
        assert_eq!(roster.find("alicia"), None);
    }

    #[test]
    fn clients_are_found_by_their_address() {
        let mut roster = Roster::default();
        assert!(roster.join(BOB, "bob", HERE).is_ok());
        assert!(roster.join(ALICE, "alice", HERE).is_ok());
        assert_eq!(roster.at(HERE).collect::<Vec<_>>(), [ALICE, BOB]);
        assert_eq!(roster.at(THERE).count(), 0);
        roster.leave(ALICE);
        assert_eq!(roster.at(HERE).collect::<Vec<_>>(), [BOB]);
        roster.leave(BOB);
        assert!(roster.is_empty());
    }
}
