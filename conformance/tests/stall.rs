//! Tests on a machine that stalls. If the runner itself was stopped during a wait, a timeout does not prove that the target
//! was too slow.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use rustix::process::{Pid, Signal, kill_process};

/// The duration of the stall. It is much longer than the waits of the run, which `--scale` shortens, and much longer than
/// usual delays of the scheduler.
const STALL: Duration = Duration::from_millis(1500);

/// A server that accepts every login whose name is free. When the name is taken, the server sends no answer. Instead, it
/// stops the runner for a while, as a busy machine would.
struct Target {
    names: Mutex<BTreeSet<String>>,
    runner: OnceLock<Pid>,
}

impl Target {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        loop {
            let mut head = [0; 5];
            client.read_exact(&mut head)?;
            let mut name = vec![0; usize::from(head[4])];
            client.read_exact(&mut name)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            if self.names.lock().unwrap().insert(name) {
                client.write_all(&[1])?;
            } else {
                self.stall(&mut client)?;
            }
        }
    }

    fn stall(&self, client: &mut TcpStream) -> io::Result<()> {
        let runner = *self.runner.wait();
        kill_process(runner, Signal::STOP)?;
        // The stopped runner sends nothing, so this read blocks until its timeout. This is how long the stall lasts.
        client.set_read_timeout(Some(STALL))?;
        let _ = client.read(&mut [0]);
        kill_process(runner, Signal::CONT)?;
        client.set_read_timeout(None)
    }
}

#[test]
fn a_timeout_during_a_stall_of_the_machine_is_inconclusive() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let target = Arc::new(Target {
        names: Mutex::default(),
        runner: OnceLock::new(),
    });
    let serving = Arc::clone(&target);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let target = Arc::clone(&serving);
            std::thread::spawn(move || target.serve(client));
        }
    });
    let runner = Command::cargo_bin("conformance")
        .unwrap()
        .args(["run", "chaton", &address, "--only", "login-taken"])
        .args(["--jobs", "1", "--scale", "0.5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    target.runner.set(Pid::from_child(&runner)).unwrap();
    let output = runner.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("because this machine stalled"), "{told}");
    assert_eq!(output.status.code(), Some(4), "{told}");
}
