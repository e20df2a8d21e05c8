//! Churn: each slot is a thread that connects, logs in and leaves, again and again.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::figures::{ChurnFigures, Flaws, latencies, micros};
use super::talker::Talker;
use super::target::Meter;
use super::tongue::Tongue;
use super::work::{Bounds, End, Teller, Trouble};

/// Number of refused logins in a row after which a slot stops.
const MOST_REFUSALS: usize = 3;

/// The results of one slot.
struct Slot {
    latency: Histogram<u64>,
    flaws: Flaws,
}

/// Runs the churn.
pub(super) fn play(
    tongue: &dyn Tongue,
    target: SocketAddr,
    slots: usize,
    lasts: Duration,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<ChurnFigures, Trouble> {
    let names = tongue.names(slots).map_err(Trouble::Protocol)?;
    drop(Talker::connect(target, None, bounds.patience).map_err(Trouble::CannotConnect)?);
    // Before the slots begin, one client logs in alone. If this login fails, there is nothing to measure.
    if let Some(name) = names.first() {
        let talker = log_in(tongue, target, &tongue.again(name, 0), bounds.patience);
        let talker = talker.map_err(|why| Trouble::NotAllIn {
            known: 0,
            wanted: 1,
            why,
        })?;
        talker.leave();
    }
    let meter = Meter::start(bounds.process);
    let began = Instant::now();
    let end = bounds.end_of(lasts);
    let done: Vec<Slot> = thread::scope(|scope| {
        let slots: Vec<_> = names
            .iter()
            .map(|name| scope.spawn(move || turn_over(tongue, target, name, end, bounds, teller)))
            .collect();
        slots
            .into_iter()
            .filter_map(|slot| slot.join().ok())
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let mut latency = latencies();
    let mut flaws = Flaws::default();
    for slot in done {
        let _ = latency.add(&slot.latency);
        flaws.ends += slot.flaws.ends;
        flaws.first_end = flaws.first_end.or(slot.flaws.first_end);
    }
    Ok(ChurnFigures {
        slots,
        seconds,
        logins: latency.len(),
        per_second: latency.len() as f64 / seconds,
        latency: (&latency).into(),
        server: meter.cost(latency.len(), None),
        flaws,
    })
}

fn turn_over(
    tongue: &dyn Tongue,
    target: SocketAddr,
    name: &str,
    end: End,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Slot {
    let mut slot = Slot {
        latency: latencies(),
        flaws: Flaws::default(),
    };
    let mut refusals = 0;
    let mut turn = 0_u32;
    while !end.is_reached() && refusals < MOST_REFUSALS {
        turn += 1;
        let began = Instant::now();
        let current = tongue.again(name, turn);
        match log_in(tongue, target, &current, bounds.patience) {
            Ok(talker) => {
                refusals = 0;
                slot.latency.saturating_record(micros(began.elapsed()));
                // A client that cannot choose a new name logs in again with its old name. The server refuses this name as
                // long as the old connection is open, so this connection must end first.
                if current == name {
                    talker.leave();
                }
            }
            Err(why) => {
                refusals += 1;
                slot.flaws.ends += 1;
                slot.flaws.first_end.get_or_insert(why);
            }
        }
        teller.tell(|| {
            format!(
                "one of the slots has had {} logins so far",
                slot.latency.len()
            )
        });
    }
    slot
}

fn log_in(
    tongue: &dyn Tongue,
    target: SocketAddr,
    name: &str,
    patience: Duration,
) -> Result<Talker, String> {
    let mut talker = Talker::connect(target, tongue.tls(), patience)?;
    talker.log_in(tongue, name)?;
    Ok(talker)
}
