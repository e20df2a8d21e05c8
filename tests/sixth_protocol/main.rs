//! A sixth protocol, the noticeboard of `conformance/EXAMPLE.md`. Its code uses only the public parts of the protocol crate
//! and of the server crate. The engine serves it like the other five protocols, and the server passes the suite of the
//! noticeboard.
//!
//! This folder is the example for the section "Write a protocol" of the README: `frames.rs` defines the packets and their
//! bytes, `room.rs` defines what each packet does, and the test below serves the protocol and judges the server.

mod frames;
mod room;

use std::path::Path;

use conformance::run::{Options, Verdict, run_suite};
use conformance::suite::Suite;
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits};

use room::Noticeboard;

#[test]
fn the_engine_serves_a_new_protocol_and_the_server_passes_its_suite() {
    let engine = Engine::start(&ProcessLimits::default());
    let address = "127.0.0.1:0".parse().unwrap();
    let service = engine
        .listen(
            Noticeboard::default(),
            (),
            address,
            ConnectionLimits::default(),
        )
        .unwrap();

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/tests/data/noticeboard");
    let suite = Suite::read_folder(&folder).unwrap();
    let report = run_suite(&suite, service.address(), &Options::default()).unwrap();

    for case in &report.cases {
        assert_eq!(case.verdict, Verdict::Pass, "{case:#?}");
    }
    assert!(!report.cases.is_empty(), "the suite has cases");
    service.join();
    engine.stop();
}
