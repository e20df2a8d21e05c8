//! The points of a case, and the share of them that each verdict earns.
//!
//! A score is the share of the possible points that a team earned, from 0 to 100. A case is worth the points that the user
//! has set for it. Without such a setting, it is worth the points of the highest level among its requirements. The verdict
//! on the case decides which share of these points the team earns. Cases with the verdict unsupported or error do not count.

use std::collections::BTreeMap;

use crate::run::Verdict;

use super::run::CaseOfRun;

/// The levels and verdicts whose weights the user can change, with their default weights.
const USUAL: [(&str, f64); 7] = [
    ("must", 3.0),
    ("should", 1.0),
    ("may", 0.0),
    ("note", 1.0),
    ("non-strict", 0.5),
    ("inconclusive", 0.0),
    ("fail", 0.0),
];

/// The points of levels and cases, and the share of them that each verdict earns.
#[derive(Debug, Clone)]
pub struct Weights {
    words: BTreeMap<&'static str, f64>,
    cases: BTreeMap<String, f64>,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            words: BTreeMap::from(USUAL),
            cases: BTreeMap::new(),
        }
    }
}

impl Weights {
    /// Reads lines such as `must = 3`, `non-strict = 0.5` or `case whisper = 10`; `//` begins a remark.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the wrong line.
    pub fn read(&mut self, text: &str) -> Result<(), String> {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split("//").next().unwrap_or_default().trim();
            if !line.is_empty() {
                self.set(line)
                    .map_err(|why| format!("line {number}: {why}"))?;
            }
        }
        Ok(())
    }

    /// Reads one such line.
    ///
    /// # Errors
    ///
    /// Returns a sentence that says what to write instead.
    pub fn set(&mut self, written: &str) -> Result<(), String> {
        let usage = || {
            let words: Vec<&str> = USUAL.iter().map(|(word, _)| *word).collect();
            format!(
                "{written:?} is not a weight; write must=3, or \"case whisper=10\"; known words: {}",
                words.join(", ")
            )
        };
        let (name, number) = written.split_once('=').ok_or_else(usage)?;
        let number: f64 = number.trim().parse().map_err(|_| usage())?;
        if !number.is_finite() || number < 0.0 {
            return Err(format!("{written:?}: a weight must be a number, 0 or more"));
        }
        let name = name.trim();
        if let Some(case) = name.strip_prefix("case ") {
            self.cases.insert(case.trim().to_owned(), number);
            return Ok(());
        }
        let (word, _) = USUAL
            .iter()
            .find(|(word, _)| *word == name)
            .ok_or_else(usage)?;
        self.words.insert(word, number);
        Ok(())
    }

    /// Returns the ids of the cases for which points were set.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        self.cases.keys().map(String::as_str)
    }

    /// Returns all weights in one line. This line explains the scores to the people who read them.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words: Vec<String> = USUAL
            .iter()
            .map(|(word, _)| format!("{word} {}", self.word(word)))
            .collect();
        words.extend(
            self.cases
                .iter()
                .map(|(case, weight)| format!("case {case} {weight}")),
        );
        words.join(", ")
    }

    /// Returns the points of a case.
    #[must_use]
    pub fn of_case(&self, case: &CaseOfRun) -> f64 {
        let own = self.cases.get(&case.id).copied();
        own.unwrap_or_else(|| self.word(case.level()))
    }

    /// Returns a score from 0 to 100, or `None` if there are no points to earn.
    pub(super) fn score(&self, cases: &[CaseOfRun]) -> Option<f64> {
        let (mut earned, mut possible) = (0.0, 0.0);
        for case in cases {
            let part = match case.verdict {
                Verdict::Unsupported | Verdict::Error => continue,
                Verdict::Pass => 1.0,
                other => self.word(other.word()),
            };
            earned += self.of_case(case) * part;
            possible += self.of_case(case);
        }
        (possible > 0.0).then(|| earned / possible * 100.0)
    }

    fn word(&self, word: &str) -> f64 {
        self.words.get(word).copied().unwrap_or_default()
    }
}
