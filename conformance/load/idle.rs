//! Idle clients. The load measures what they cost the server, and checks that the server sends them no unexpected frames and
//! closes no connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::client::ClientId;
use super::crowd::{Listener, gather_crowd};
use super::figures::{Flaws, IdleFigures};
use super::target::Meter;
use super::tongue::{Heard, Tongue};
use super::work::{Bounds, Teller, Trouble};

/// Runs the load with `clients` clients. At most `at_once` logins run at the same time.
pub(super) fn play(
    tongue: &dyn Tongue,
    target: SocketAddr,
    (clients, at_once): (usize, usize),
    lasts: Duration,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<IdleFigures, Trouble> {
    let names = tongue.names(clients).map_err(Trouble::Protocol)?;
    let mut meter = Meter::start(bounds.process);
    let mut crowd = gather_crowd(tongue, target, &names, at_once, bounds, teller)?;
    let resident = meter.resident_per(clients);
    let mut ears = Ears {
        tongue,
        answered: 0,
        flaws: Flaws::default(),
    };
    meter.restart();
    let began = Instant::now();
    let end = bounds.end_of(lasts);
    while !end.is_reached() && crowd.losses == 0 {
        crowd.turn(Duration::from_millis(20), &mut ears)?;
        teller.tell(|| {
            format!(
                "{clients} clients are logged in; they have answered {} pings",
                ears.answered
            )
        });
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(IdleFigures {
        clients,
        seconds,
        answered: ears.answered,
        server: meter.cost_of(seconds, resident),
        flaws: Flaws {
            ends: crowd.losses,
            first_end: crowd.first_loss.clone(),
            ..ears.flaws
        },
    })
}

struct Ears<'a> {
    tongue: &'a dyn Tongue,
    answered: u64,
    flaws: Flaws,
}

impl Listener for Ears<'_> {
    fn hear(&mut self, _: ClientId, front: &[u8]) -> Heard {
        let heard = self.tongue.hear(front);
        match &heard {
            Heard::Answer(..) => self.answered += 1,
            Heard::Unexpected(_, words) => self.flaws.came_unexpectedly(words),
            _ => {}
        }
        heard
    }
}
