use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::ConnId;
use super::expiries::{Expiries, Ticket};
use super::wrong_tries::{GuessLimits, WrongTries};

/// Slows down whoever guesses: behind so many wrong tries in a minute, each further one from that address is answered a
/// second late.
///
/// The next try of a patient guesser needs a new connection, which the address's bound on connections counts, so lateness
/// bounds the guesses per second. While more addresses guess than [`WrongTries`] remembers, the tries of newcomers are
/// answered late as well.
#[derive(Debug)]
pub struct Guesses {
    tries: WrongTries,
    late: Expiries<ConnId>,
}

/// When a wrong try is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerTime {
    /// Now.
    AtOnce,
    /// When [`Guesses::due`] names the connection; the ticket takes it back.
    Late(Ticket),
}

const DELAY: Duration = Duration::from_secs(1);

impl Guesses {
    /// Nobody has guessed yet.
    pub fn new(limits: GuessLimits) -> Guesses {
        Guesses {
            tries: WrongTries::new(limits),
            late: Expiries::default(),
        }
    }

    /// A try of this connection, from this address, was wrong.
    pub fn wrong(&mut self, id: ConnId, address: IpAddr, now: Instant) -> AnswerTime {
        if self.tries.count(address, now) {
            AnswerTime::Late(self.late.add(now, DELAY, id))
        } else {
            AnswerTime::AtOnce
        }
    }

    /// The next connection whose late answer is to be given.
    pub fn due(&mut self, now: Instant) -> Option<ConnId> {
        self.late.due(now)
    }

    /// Takes back a late answer: the connection has ended by itself.
    pub fn withdraw(&mut self, ticket: Ticket) {
        self.late.withdraw(ticket);
    }

    /// When the next late answer is to be given.
    pub fn deadline(&self) -> Option<Instant> {
        self.late.deadline()
    }

    /// True when no answer is outstanding.
    pub fn is_empty(&self) -> bool {
        self.late.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const SOMEBODY: ConnId = ConnId(1);
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
        guesses.wrong(SOMEBODY, address, now) != AnswerTime::AtOnce
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
            "others are not slowed down"
        );

        assert_eq!(guesses.deadline(), Some(start + 3 * SECOND));
        assert_eq!(guesses.due(start + 2 * SECOND), None);
        assert_eq!(guesses.due(start + 3 * SECOND), Some(SOMEBODY));
        assert_eq!(guesses.due(start + 3 * SECOND), None);
    }

    #[test]
    fn the_minute_slides() {
        let mut guesses = guesses();
        let start = Instant::now();
        assert!(!late(&mut guesses, OUTSIDE, start));
        assert!(!late(&mut guesses, OUTSIDE, start + 30 * SECOND));
        assert!(late(&mut guesses, OUTSIDE, start + 59 * SECOND));
        // The first try is forgotten, the two others are not.
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
    fn loopback_is_left_alone_unless_asked_for() {
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
    fn an_answer_that_nobody_waits_for_is_taken_back() {
        let mut guesses = Guesses::new(GuessLimits {
            per_minute: 0,
            bound_loopback: false,
        });
        let now = Instant::now();
        match guesses.wrong(SOMEBODY, OUTSIDE, now) {
            AnswerTime::Late(ticket) => guesses.withdraw(ticket),
            AnswerTime::AtOnce => panic!("the limit is zero"),
        }
        assert!(guesses.is_empty());
    }
}
