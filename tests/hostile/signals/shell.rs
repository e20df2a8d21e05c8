//! A very small shell with job control. The shell is the leader of a session that has a terminal. It runs the program in a
//! process group of its own. The shell itself is the executable of these tests, started a second time.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, getpgrp, ioctl_tiocsctty, kill_process,
    kill_process_group, setrlimit, setsid, waitpid,
};
use rustix::termios::tcsetpgrp;

use super::HANG;
use super::pty::Pty;

const TERMINAL: &str = "MATOU_TEST_TERMINAL";
const ARGUMENTS: &str = "MATOU_TEST_ARGUMENTS";
const FOREGROUND: &str = "MATOU_TEST_FOREGROUND";

/// `matou`, which runs as a job of a shell.
pub(crate) struct Job {
    shell: Child,
    orders: ChildStdin,
    changes: Receiver<Change>,
    pid: Pid,
}

/// A change of a job's state, as the system reports it to a shell. The number is the process id in `Started`, the exit code
/// in `Exited`, and the number of a signal in `Stopped` and `EndedBy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Started(i32),
    Stopped(i32),
    EndedBy(i32),
    Exited(i32),
}

impl Job {
    /// Starts `matou` in the foreground.
    pub(crate) fn start(pty: &Pty, arguments: &[&str]) -> Job {
        let mut shell = itself("shell");
        shell
            .env(TERMINAL, &pty.path)
            .env(ARGUMENTS, arguments.join("\n"));
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(shell.stderr.take().unwrap()).lines();
        let (tell, changes) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                match Change::parse(&line) {
                    Some(change) => drop(tell.send(change)),
                    None => eprintln!("the shell says: {line}"),
                }
            }
        });
        let Ok(Change::Started(pid)) = changes.recv_timeout(HANG) else {
            panic!("the shell did not start the program");
        };
        Job {
            orders: shell.stdin.take().unwrap(),
            shell,
            changes,
            pid: Pid::from_raw(pid).unwrap(),
        }
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Sends a signal and lets the job continue, as `kill %1` does with a stopped job.
    pub(crate) fn send_and_continue(&self, signal: Signal) {
        kill_process_group(self.pid, signal).unwrap();
        kill_process_group(self.pid, Signal::CONT).unwrap();
    }

    pub(crate) fn next(&self) -> Change {
        self.changes.recv_timeout(HANG).unwrap()
    }

    /// Lets the shell take the terminal from the program.
    pub(crate) fn put_in_background(&mut self) {
        self.order("background");
    }

    /// Lets the shell give the terminal to the program and continue the program, as `fg` does.
    pub(crate) fn put_in_foreground(&mut self) {
        self.order("foreground");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
        assert_eq!(self.next(), Change::Started(self.pid.as_raw_pid()));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // If a test has failed, the program and the shell may still be running.
        let _ = kill_process_group(self.pid, Signal::KILL);
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

impl Change {
    fn parse(line: &str) -> Option<Change> {
        let (what, number) = line.split_once(' ')?;
        let number = number.parse().ok()?;
        Some(match what {
            "started" => Change::Started(number),
            "stopped" => Change::Stopped(number),
            "ended-by" => Change::EndedBy(number),
            "exited" => Change::Exited(number),
            _ => return None,
        })
    }
}

/// Returns a command that runs this executable again. The new process runs only the test with this name.
fn itself(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "--test-threads=1"]);
    command.arg(format!("signals::shell::{name}"));
    command
}

/// This function is not a test. A test starts it as the shell.
#[test]
fn shell() {
    let (Some(path), Ok(arguments)) = (env::var_os(TERMINAL), env::var(ARGUMENTS)) else {
        return;
    };
    setsid().unwrap();
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    ioctl_tiocsctty(&terminal).unwrap();
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).unwrap();
    // The tests may have been started in the background or under `nohup`. Then they ignore some signals, and the program
    // would inherit this. So the shell installs a handler for each of these signals. The program does not inherit handlers:
    // after `exec`, these signals have their default effect.
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).unwrap();
    }
    // The program first stops itself. The shell gives it the terminal, and then continues it.
    let mut program = Command::new("/bin/sh");
    let stream = || Stdio::from(terminal.try_clone().unwrap());
    program
        .args(["-c", "kill -STOP $$; exec \"$@\"", "sh"])
        .arg(assert_cmd::cargo::cargo_bin!("matou"))
        .args(arguments.split('\n'))
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .process_group(0)
        .stdin(stream())
        .stdout(stream())
        .stderr(stream());
    let program = Pid::from_child(&program.spawn().unwrap());
    assert!(wait_for(program).starts_with("stopped"));
    tcsetpgrp(&terminal, program).unwrap();
    kill_process_group(program, Signal::CONT).unwrap();
    eprintln!("started {}", program.as_raw_pid());
    thread::spawn(move || obey(program));
    loop {
        let change = wait_for(program);
        eprintln!("{change}");
        if !change.starts_with("stopped") {
            return;
        }
    }
}

fn wait_for(program: Pid) -> String {
    let (_, status) = waitpid(Some(program), WaitOptions::UNTRACED)
        .unwrap()
        .unwrap();
    if let Some(signal) = status.stopping_signal() {
        format!("stopped {signal}")
    } else if let Some(signal) = status.terminating_signal() {
        format!("ended-by {signal}")
    } else {
        format!("exited {}", status.exit_status().unwrap())
    }
}

/// Carries out the orders of [`Job`].
fn obey(program: Pid) {
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let goes_on = order == "foreground";
        let group = if goes_on { program } else { getpgrp() };
        // A background process that gives the terminal to another process group must ignore SIGTTOU.
        let given = Command::new("/bin/sh")
            .args(["-c", "trap '' TTOU; exec \"$@\"", "sh"])
            .arg(env::current_exe().unwrap())
            .args(itself("give_the_terminal").get_args())
            .env(FOREGROUND, group.as_raw_pid().to_string())
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(given.success());
        if goes_on {
            kill_process_group(program, Signal::CONT).unwrap();
        }
        eprintln!("started {}", program.as_raw_pid());
    }
}

/// This function is not a test. The shell starts it to give the terminal to a process group.
#[test]
fn give_the_terminal() {
    let (Some(path), Ok(group)) = (env::var_os(TERMINAL), env::var(FOREGROUND)) else {
        return;
    };
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    tcsetpgrp(&terminal, Pid::from_raw(group.parse().unwrap()).unwrap()).unwrap();
}
