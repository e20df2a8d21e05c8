//! If a server does not speak the expected protocol, finds out which protocol it speaks: another built-in protocol, or HTTP.
//! The runner tries all protocols at the same time, on new connections. So the search takes only as long as the slowest
//! attempt.

use std::net::SocketAddr;
use std::thread::Builder;
use std::time::Instant;

use crate::grammar::Transport;
use crate::play::lane::Speech;
use crate::play::shared::Shared;
use crate::scenario::Cut;
use crate::suite::Suite;

use super::contact::{self, Met, logins, meet, wires};

const HTTP_REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// Describes why the target cannot be judged, and which other protocol it seems to speak.
pub(crate) fn in_words(shared: &Shared<'_>, target: SocketAddr, met: &Met) -> String {
    let why = contact::in_words(target, met);
    if matches!(met, Met::NoConnection(_) | Met::NoLogin(_)) || contact::is_http(met) {
        return why;
    }
    match recognise(shared, target) {
        Seems::Speaks(known) if !known.is_empty() => {
            let titles: Vec<_> = known.iter().map(|suite| &*suite.grammar.title).collect();
            let commands: Vec<_> = known
                .iter()
                .map(|suite| format!("`conformance run {} {}`", suite.name, target))
                .collect();
            let (titles, commands) = (titles.join(" or "), commands.join(" or "));
            format!("{why}; but it answers a login of the protocol {titles}: try {commands}")
        }
        Seems::Http => format!("{why}; an HTTP server answers at this address: check the port"),
        Seems::Speaks(_) => why,
    }
}

enum Seems {
    /// The built-in protocols whose login the server answers; often the list is empty.
    Speaks(Vec<Suite>),
    /// The server speaks HTTP, and no built-in protocol.
    Http,
}

fn recognise(shared: &Shared<'_>, target: SocketAddr) -> Seems {
    let others = Suite::built_in_names()
        .into_iter()
        .filter(|name| *name != shared.suite.name)
        .filter_map(Suite::built_in);
    std::thread::scope(|scope| {
        let asked: Vec<_> = others
            .map(|suite| {
                // If the thread cannot be started, the only effect is that this protocol is not recognised.
                Builder::new()
                    .name(format!("ask for {}", suite.name))
                    .spawn_scoped(scope, move || {
                        answers(shared, target, &suite).then_some(suite)
                    })
            })
            .collect();
        let is_http = is_http(shared, target);
        let known: Vec<Suite> = asked
            .into_iter()
            .flatten()
            .filter_map(|thread| thread.join().ok().flatten())
            .collect();
        match (known.is_empty(), is_http) {
            (true, true) => Seems::Http,
            _ => Seems::Speaks(known),
        }
    })
}

/// Returns whether the server answers a login of that protocol, with at least one choice of the protocol's readings.
fn answers(shared: &Shared<'_>, target: SocketAddr, suite: &Suite) -> bool {
    let wires = wires(&suite.grammar);
    let speech = match suite.grammar.transport {
        Transport::Tcp => Speech::Plain,
        Transport::Tls => Speech::Tls(&shared.tls),
    };
    logins(shared, &suite.grammar, &wires)
        .into_iter()
        .flatten()
        .any(|login| meet(shared, target, speech, &wires, login) == Met::Protocol)
}

fn is_http(shared: &Shared<'_>, target: SocketAddr) -> bool {
    let Ok((mut connection, bell)) = contact::connect(shared, target, Speech::Plain) else {
        return false;
    };
    connection.send(HTTP_REQUEST.to_vec(), Cut::Whole, None);
    let until = Instant::now() + shared.bounds.wait(None);
    loop {
        let rung = bell.count();
        connection.absorb();
        let received = connection.received();
        if received.len() >= contact::HTTP.len()
            || connection.end().is_some()
            || Instant::now() >= until
        {
            return received.starts_with(contact::HTTP);
        }
        bell.wait(rung, until);
    }
}
