//! Runs one load, from its first connection to its figures.

use std::net::SocketAddr;
use std::time::Instant;

use conformance_suite::suite::Suite;

use super::crowd::gather_crowd;
use super::figures::{Figures, StormFigures};
use super::speech::Speech;
use super::target::Meter;
use super::tongue::Tongue;
use super::work::{Bounds, Language, Teller, Trouble, Work};
use super::{churn, fan_out, idle, peers, tunnel};

/// Runs a load on a server.
///
/// # Errors
///
/// Fails if the load cannot start, or if the protocol does not support this kind of work. A promise that the server breaks
/// during the load is not an error: the figures report it.
pub fn run(
    language: Language<'_>,
    target: SocketAddr,
    work: &Work,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<Figures, Trouble> {
    let tongue: Box<dyn Tongue> = match (language, work) {
        (Language::Suite { suite, .. }, Work::Tunnel(_)) if !relays(suite) => {
            return Err(Trouble::NoSuchWork(
                "a private connection that the server relays",
            ));
        }
        (
            Language::Suite {
                suite,
                choices,
                settings,
            },
            Work::Tunnel(what),
        ) => {
            let speech =
                Speech::new(&suite.grammar, choices, settings).map_err(Trouble::Protocol)?;
            let ends = tunnel::agree(&speech, target, bounds)?;
            return tunnel::play(ends, what, bounds, teller).map(Figures::Tunnel);
        }
        (Language::Proxy(backend), Work::Tunnel(what)) => {
            let ends = tunnel::through_proxy(target, backend, bounds)?;
            return tunnel::play(ends, what, bounds, teller).map(Figures::Tunnel);
        }
        (Language::Proxy(_), _) => return Err(Trouble::NoSuchWork("clients that log in")),
        (
            Language::Suite {
                suite,
                choices,
                settings,
            },
            _,
        ) => Box::new(Speech::new(&suite.grammar, choices, settings).map_err(Trouble::Protocol)?),
        (Language::Peer(name), _) => peers::tongue_of(name).ok_or(Trouble::NoSuchWork("a load"))?,
    };
    let tongue = tongue.as_ref();
    match work {
        Work::FanOut(_) if !tongue.has_messages() => Err(Trouble::NoSuchWork("a broadcast")),
        Work::Storm { clients, at_once } => {
            storm(tongue, target, *clients, *at_once, bounds, teller).map(Figures::Storm)
        }
        Work::FanOut(what) => {
            fan_out::play(tongue, target, what, bounds, teller).map(Figures::FanOut)
        }
        Work::Idle {
            clients,
            at_once,
            lasts,
        } => {
            let crowd = (*clients, *at_once);
            idle::play(tongue, target, crowd, *lasts, bounds, teller).map(Figures::Idle)
        }
        Work::Churn { slots, lasts } => {
            churn::play(tongue, target, *slots, *lasts, bounds, teller).map(Figures::Churn)
        }
        Work::Tunnel(_) => Err(Trouble::NoSuchWork(
            "a private connection that the server relays",
        )),
    }
}

fn relays(suite: &Suite) -> bool {
    let load = suite.grammar.load.as_ref();
    // If wire.kdl has no `load`, the load cannot speak the protocol at all. A later check reports the missing `load`, and
    // that error is more useful than an error about tunnels.
    load.is_none_or(|load| !load.tunnel.is_empty())
}

fn storm(
    tongue: &dyn Tongue,
    target: SocketAddr,
    clients: usize,
    at_once: usize,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<StormFigures, Trouble> {
    let names = tongue.names(clients).map_err(Trouble::Protocol)?;
    let meter = Meter::start(bounds.process);
    let began = Instant::now();
    let crowd = gather_crowd(tongue, target, &names, at_once, bounds, teller)?;
    let took = began.elapsed();
    let resident = meter.resident_per(clients);
    Ok(StormFigures {
        clients,
        seconds: took.as_secs_f64(),
        per_second: clients as f64 / took.as_secs_f64(),
        latency: (&crowd.logins).into(),
        server: meter.cost(clients as u64, resident),
    })
}
