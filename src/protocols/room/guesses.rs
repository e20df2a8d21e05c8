use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::ConnId;
use super::expiries::{Expiries, Ticket};
use super::wrong_tries::{GuessLimits, WrongTries};

/// Slows down clients that guess the id or the password of a private connection. When an address has reached its maximum
/// number of wrong tries per minute, the server answers each further wrong try from this address one second late.
///
/// Each guess needs a new connection, and the number of connections per address is limited. So the delay limits the guesses
/// per second. [`WrongTries`] remembers a limited number of addresses. When this number is reached, the answers to wrong
/// tries from addresses that are not remembered are delayed too.
#[derive(Debug)]
pub struct Guesses {
    tries: WrongTries,
    late: Expiries<ConnId>,
}

/// The time at which the server answers a wrong try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerTime {
    /// Now.
    AtOnce,
    /// After one second, when [`Guesses::due`] returns the connection. The ticket identifies the answer, so that
    /// [`Guesses::withdraw`] can cancel it.
    Late(Ticket),
}

const DELAY: Duration = Duration::from_secs(1);

impl Guesses {
    /// Makes a `Guesses` that has counted no wrong tries yet.
    pub fn new(limits: GuessLimits) -> Guesses {
        Guesses {
            tries: WrongTries::new(limits),
            late: Expiries::default(),
        }
    }

    /// Counts a wrong try, and returns the time at which the server must answer it.
    pub fn wrong(&mut self, id: ConnId, address: IpAddr, now: Instant) -> AnswerTime {
        if self.tries.count(address, now) {
            AnswerTime::Late(self.late.add(now, DELAY, id))
        } else {
            AnswerTime::AtOnce
        }
    }

    /// Returns the next connection whose late answer is due.
    pub fn due(&mut self, now: Instant) -> Option<ConnId> {
        self.late.due(now)
    }

    /// Withdraws a late answer, because the connection has ended.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.late.withdraw(ticket);
    }

    /// Returns the time at which the next late answer is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.late.deadline()
    }

    /// True when no late answer is pending.
    pub fn is_empty(&self) -> bool {
        self.late.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ALICE: ConnId = ConnId(1);
    const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const SECOND: Duration = Duration::from_secs(1);

    fn guesses() -> Guesses {
        Guesses::new(GuessLimits {
            per_minute: 2,
            bound_loopback: false,
        })
    }

    fn late(guesses: &mut Guesses, address: IpAddr, now: Instant) -> bool {
        guesses.wrong(ALICE, address, now) != AnswerTime::AtOnce
    }

    #[test]
    fn an_address_that_goes_on_guessing_is_answered_late() {
        let mut guesses = guesses();
        let start = Instant::now();
        assert!(!late(&mut guesses, OUTSIDE, start));
        assert!(!late(&mut guesses, OUTSIDE, start + SECOND));
        assert!(late(&mut guesses, OUTSIDE, start + 2 * SECOND));
        assert!(
            !late(&mut guesses, ELSEWHERE, start + 2 * SECOND),
            "the guesses of one address do not slow down another address"
        );

        assert_eq!(guesses.deadline(), Some(start + 3 * SECOND));
        assert_eq!(guesses.due(start + 2 * SECOND), None);
        assert_eq!(guesses.due(start + 3 * SECOND), Some(ALICE));
        assert_eq!(guesses.due(start + 3 * SECOND), None);
    }

    #[test]
    fn the_minute_slides() {
        let mut guesses = guesses();
        let start = Instant::now();
        assert!(!late(&mut guesses, OUTSIDE, start));
        assert!(!late(&mut guesses, OUTSIDE, start + 30 * SECOND));
        assert!(late(&mut guesses, OUTSIDE, start + 59 * SECOND));
        // The first try is older than a minute, so it is no longer counted. The two later tries are still counted.
        assert!(late(&mut guesses, OUTSIDE, start + 60 * SECOND));
        assert!(!late(&mut guesses, OUTSIDE, start + 130 * SECOND));
    }

    #[test]
    fn late_tries_count_as_well() {
        let mut guesses = guesses();
        let start = Instant::now();
        for second in 0..300 {
            let is_late = late(&mut guesses, OUTSIDE, start + second * SECOND);
            assert_eq!(is_late, second >= 2, "second {second}");
        }
    }

    #[test]
    fn loopback_addresses_are_limited_only_by_option() {
        let now = Instant::now();
        let mut lenient = guesses();
        assert!((0..100).all(|_| !late(&mut lenient, LOOPBACK, now)));
        let mut strict = Guesses::new(GuessLimits {
            per_minute: 0,
            bound_loopback: true,
        });
        assert!(late(&mut strict, LOOPBACK, now));
    }

    #[test]
    fn a_late_answer_can_be_withdrawn() {
        let mut guesses = Guesses::new(GuessLimits {
            per_minute: 0,
            bound_loopback: false,
        });
        let now = Instant::now();
        match guesses.wrong(ALICE, OUTSIDE, now) {
            AnswerTime::Late(ticket) => guesses.withdraw(ticket),
            AnswerTime::AtOnce => panic!("the limit is zero"),
        }
        assert!(guesses.is_empty());
    }
}
