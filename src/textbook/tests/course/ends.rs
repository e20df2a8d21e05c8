//! Tests of what the lessons say about threads, and about the stop of step 7.

use std::io::Read;

use crate::step::{STEPS, start};

/// For each step: the number of the server's own threads, and the number of threads per client.
#[cfg(target_os = "linux")]
const THREADS: [(usize, usize); 8] = [
    (1, 0),
    (1, 1),
    (1, 2),
    (1, 2),
    (1, 1),
    (1, 1),
    (3, 1),
    (1, 0),
];

#[cfg(target_os = "linux")]
#[test]
fn a_client_costs_as_many_threads_as_its_lesson_says() {
    for ((name, _), (own, each)) in STEPS.into_iter().zip(THREADS) {
        let server = start(name);
        let number = if name == "one-client" { 1 } else { 10 };
        let clients: Vec<_> = (0..number)
            .map(|number| server.login(&format!("client-{number}")))
            .collect();
        let folder = format!("/proc/{}/task", server.process.id());
        let threads = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(threads, own + each * clients.len(), "{name}");
    }
}

#[test]
fn step_7_ends_in_order_after_sigterm() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut server = start("orderly-end");
    let mut client = server.login("alice");
    let pid = Pid::from_child(&server.process);
    kill_process(pid, Signal::TERM).unwrap();
    // The server must send FIN and not RST: after a FIN, this read returns 0 and not an error.
    assert_eq!(client.read(&mut [0; 10]).unwrap(), 0);
    drop(client);
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn the_other_steps_are_killed_by_sigterm() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt;
    for (name, _) in &STEPS[..6] {
        let mut server = start(name);
        kill_process(Pid::from_child(&server.process), Signal::TERM).unwrap();
        assert_eq!(server.process.wait().unwrap().signal(), Some(15), "{name}");
    }
}
