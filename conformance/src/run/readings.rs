//! Finds out which choice of each reading the target follows. For this, the runner plays the probes before all other cases.

use crate::grammar::{Choice, Choices, Reading, Worth};
use crate::judge::{Finding, SettledReading};
use crate::play::shared::Patience;
use crate::scenario::Scenario;

use super::bench::Bench;

/// The choice that the run uses for each reading, and the findings of the probes.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) choices: Choices,
    pub(crate) readings: Vec<SettledReading>,
    pub(crate) probes: Vec<(String, Finding)>,
}

/// Runs the probes among these scenarios. Each probe runs alone. It is played with the first choice of its reading, then
/// with the next choice, until it passes.
pub(crate) fn settle(bench: &Bench<'_>, scenarios: &[&Scenario]) -> Settled {
    let mut settled = Settled::default();
    for reading in &bench.shared.suite.grammar.readings {
        settled.choices.extend(
            reading
                .choices
                .first()
                .map(|first| (reading.name.clone(), first.name.clone())),
        );
        let known = bench.options.readings.get(&reading.name);
        settled
            .choices
            .extend(known.map(|choice| (reading.name.clone(), choice.clone())));
    }
    let readings = &bench.shared.suite.grammar.readings;
    for reading in readings.iter().filter(|reading| !reading.settled) {
        let probe = scenarios
            .iter()
            .find(|scenario| scenario.probes.as_deref() == Some(&reading.name));
        let has_probe = bench
            .shared
            .suite
            .scenarios
            .iter()
            .any(|scenario| scenario.probes.as_deref() == Some(&reading.name));
        if has_probe && probe.is_none() {
            // No selected scenario depends on this reading.
            continue;
        }
        let proved = probe.is_some_and(|probe| settle_one(bench, reading, probe, &mut settled));
        settled.readings.push(SettledReading {
            name: reading.name.clone(),
            title: reading.title.clone(),
            choice: settled
                .choices
                .get(&reading.name)
                .cloned()
                .unwrap_or_default(),
            proved,
        });
    }
    settled
}

/// Returns whether the probe passes with one of the choices. If it does, the run uses that choice.
fn settle_one(
    bench: &Bench<'_>,
    reading: &Reading,
    probe: &Scenario,
    settled: &mut Settled,
) -> bool {
    let mut in_first_choice = None;
    let known = bench.options.readings.get(&reading.name);
    let possible = |choice: &&Choice| known.is_none_or(|known| *known == choice.name);
    for choice in reading.choices.iter().filter(possible) {
        let mut choices = settled.choices.clone();
        choices.insert(reading.name.clone(), choice.name.clone());
        let mut finding = bench.play(probe, &choices, Patience::Patient);
        if let Finding::Played(played) = &mut finding
            && played.failure.is_none()
        {
            if choice.verdict != Worth::Pass {
                played.worth = played.worth.max(choice.verdict);
                played
                    .notes
                    .push(format!("{}: {}", reading.title, choice.name));
            }
            settled.probes.push((probe.id.clone(), finding));
            settled.choices = choices;
            return true;
        }
        in_first_choice.get_or_insert(finding);
    }
    settled
        .probes
        .extend(in_first_choice.map(|finding| (probe.id.clone(), finding)));
    false
}
