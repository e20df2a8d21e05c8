//! The servers with a secret, by difficulty.

mod easy;
mod hard;
mod medium;

use std::fmt;
use std::str::FromStr;

use matou_laboratory::{Specimen, chaton};

/// A fault that students look for.
pub(crate) struct Secret {
    /// The name of the fault in the laboratory.
    pub(crate) fault: &'static str,
    /// The case of the suite that shows the fault best.
    pub(crate) case: &'static str,
    /// The mistake in a server's code that causes this fault.
    pub(crate) cause: &'static str,
    /// What a student can do to find the fault without the judge (the conformance suite), and where to look.
    pub(crate) search: &'static str,
}

/// The levels of difficulty. The servers are numbered in this order, from 1.
///
/// * easy: students can see the fault with a few clients in terminals
/// * medium: the fault appears in the bytes of a frame, at a limit, or when a client breaks the rules
/// * hard: the fault appears when two frames arrive in one segment, when a connection ends, in a tunnel, or when clients act
///   at the same instant
static LEVELS: [(&str, &[Secret]); 3] = [
    ("easy", easy::SECRETS),
    ("medium", medium::SECRETS),
    ("hard", hard::SECRETS),
];

/// A number for which a server exists.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    number: usize,
    secret: &'static Secret,
}

impl Number {
    /// Returns the numbers of all servers.
    pub(crate) fn all() -> impl Iterator<Item = Number> {
        let secrets = LEVELS.iter().flat_map(|(_, secrets)| secrets.iter());
        let numbered = secrets.zip(1..);
        numbered.map(|(secret, number)| Number { number, secret })
    }

    /// Returns the secret of the server.
    pub(crate) fn secret(self) -> &'static Secret {
        self.secret
    }

    /// Returns the server from the laboratory.
    ///
    /// # Errors
    /// When the laboratory does not have this server.
    pub(crate) fn specimen(self) -> Result<Specimen, NotInLaboratory> {
        let mut faults = chaton::faults().into_iter();
        let found = faults.find(|specimen| specimen.name == self.secret.fault);
        found.ok_or(NotInLaboratory(self))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// Shows only the number, so that debug output does not tell the secret.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", self.number)
    }
}

impl FromStr for Number {
    type Err = NoSuchNumber;

    fn from_str(text: &str) -> Result<Number, NoSuchNumber> {
        let wanted = text.parse();
        let found = Number::all().find(|it| wanted.as_ref() == Ok(&it.number));
        found.ok_or(NoSuchNumber)
    }
}

/// The error for a text that is not the number of a server.
#[derive(Debug)]
pub(crate) struct NoSuchNumber;

impl fmt::Display for NoSuchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the servers have the numbers 1 to {}",
            Number::all().count()
        )
    }
}

impl std::error::Error for NoSuchNumber {}

/// The error for a fault that the laboratory does not have. A test checks that the laboratory has every fault in [`LEVELS`].
#[derive(Debug)]
pub(crate) struct NotInLaboratory(Number);

impl fmt::Display for NotInLaboratory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the laboratory has no server for number {}", self.0)
    }
}

impl std::error::Error for NotInLaboratory {}

/// Returns each level of difficulty with the numbers of its servers, but without their secrets.
pub(crate) fn list() -> String {
    let mut list = String::new();
    let mut last = 0;
    for (level, secrets) in &LEVELS {
        let first = last + 1;
        last += secrets.len();
        list += &format!("{level:<8}{first} to {last}\n");
    }
    list
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use conformance::diagnosis::{Atlas, KnownFault};
    use conformance::suite::{Level, Suite};

    use super::{LEVELS, Number};

    /// What the laboratory recorded about the server with this number.
    fn recorded(number: Number) -> KnownFault {
        let mut faults = Atlas::of("chaton").unwrap().faults.into_iter();
        let found = faults.find(|known| known.does == number.secret().fault);
        found.unwrap_or_else(|| panic!("faults.json does not list the fault of number {number}"))
    }

    #[test]
    fn each_level_has_at_least_seven_servers_and_all_together_at_least_twenty() {
        assert!(LEVELS.iter().all(|(_, secrets)| secrets.len() >= 7));
        assert!(Number::all().count() >= 20);
    }

    /// `tests/laboratory` judges these servers, and compares the verdicts with its record. So this test only reads the
    /// record, and does not judge the servers again.
    #[test]
    fn the_suite_catches_each_server_by_the_case_that_the_answer_names() {
        let suite = Suite::built_in("chaton").unwrap();
        for number in Number::all() {
            let (known, fault) = (recorded(number), number.specimen().unwrap());
            let case = number.secret().case;
            assert_eq!(known.breaks, fault.breaks);
            assert!(known.fails.contains(case), "{number}: {case} does not fail");
            let scenario = suite.scenario(case).unwrap();
            let cites = scenario.checks.contains(&known.breaks);
            assert!(cites, "{number}: {case} does not cite {}", known.breaks);
        }
    }

    #[test]
    fn the_teachers_page_knows_how_many_requirements_are_a_should() {
        let suite = Suite::built_in("chaton").unwrap();
        let levels = Number::all().map(|number| {
            let fault = number.specimen().unwrap();
            suite.requirement(fault.breaks).unwrap().level
        });
        assert_eq!(levels.filter(|level| *level == Level::Should).count(), 2);
        let page = include_str!("../../README.md");
        assert!(page.contains("Two of the servers violate a SHOULD and not a MUST"));
    }

    #[test]
    fn no_two_servers_fail_the_same_cases() {
        let symptoms: BTreeSet<_> = Number::all().map(|number| recorded(number).fails).collect();
        assert_eq!(symptoms.len(), Number::all().count());
    }
}
