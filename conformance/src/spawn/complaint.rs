//! Says in words why a target did not start, and what to do.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Spawn;
use super::process::End;
use super::start::Placed;
use super::system::{Listener, Named};

/// Maximum number of processes that a sentence names.
const NAMED: usize = 5;

/// Of the first line of a file, at most this number of bytes are read. Linux does not read more either.
const FIRST_LINE: u64 = 256;

/// The exit codes with which a shell says that it could not start a program.
const NO_PROGRAM: [i32; 2] = [126, 127];

/// The directory of `--spawn-dir` does not exist.
pub(super) fn no_directory(spawn: &Spawn, directory: &str) -> String {
    let why = match Path::new(directory).exists() {
        true => "is not a directory",
        false => "does not exist",
    };
    format!(
        "cannot start `{}`: the directory {directory:?} of --spawn-dir {why}",
        spawn.command
    )
}

/// The command ended before the server was ready. `listener` says which process listens at the server's address now.
pub(super) fn ended(placed: &Placed<'_>, end: &End, listener: Option<Listener>) -> String {
    let command = &placed.spawn.command;
    let mut parts = vec![format!("`{command}` ended before it was ready, with {end}")];
    if end.code().is_some_and(|code| NO_PROGRAM.contains(&code)) {
        parts.extend(interpreter(placed));
    }
    parts.extend(background(end));
    if let Some(Listener::Strangers(owners)) = listener {
        let (owner, address) = (owner(&owners), placed.address);
        parts.push(format!(
            "{owner} listens on {address}, but the runner cannot prove that this command started it, and did not end it"
        ));
    }
    parts.join("; ")
}

/// Says that the server may have gone into the background, and which processes the command left behind. Returns no sentence if
/// nothing points to this.
pub(super) fn background(end: &End) -> Vec<String> {
    let mut parts = Vec::new();
    if end.code() == Some(0) {
        parts.push(
            "does it go into the background? The command must run as long as the server: start the server in the \
             foreground, without `&`, `setsid --fork` or an option such as `--daemon`"
                .to_owned(),
        );
    }
    if !end.survivors.is_empty() {
        let named = in_list(&end.survivors);
        parts.push(format!(
            "the command had started {named}, which still ran; the runner ended it"
        ));
    }
    parts
}

/// The command runs, but the server was not ready in time. `was_printed` says whether the line of `--ready-line` was printed;
/// it is `None` without this option.
pub(super) fn not_ready(
    placed: &Placed<'_>,
    listener: Option<Listener>,
    was_printed: Option<bool>,
) -> String {
    let Placed { spawn, address, .. } = placed;
    let (command, bound) = (&spawn.command, spawn.start_bound);
    let text = spawn.ready_line.as_deref().unwrap_or_default();
    let slower = "for a slower start, use a longer --spawn-timeout";
    match (was_printed, listener) {
        (_, Some(Listener::Strangers(owners))) => format!(
            "`{command}` did not listen on {address} within {bound:?}: {} listens there, which this command did not start; \
             end that process, or choose another port; if the command asks another program to start the server (as docker \
             does), start the server yourself, and give its address without --spawn",
            owner(&owners)
        ),
        (Some(false), Some(Listener::Target)) => format!(
            "`{command}` printed no line with {text:?} within {bound:?}, but it already listens on {address}; the line may \
             still be in an output buffer: flush the output after this line (`flush=True` in Python, `fflush(stdout)` in C, \
             `System.out.flush()` in Java), put `stdbuf -oL` before the command, or omit --ready-line"
        ),
        (Some(_), _) => {
            format!("`{command}` printed no line with {text:?} within {bound:?}; {slower}")
        }
        (None, _) => format!("`{command}` did not answer on {address} within {bound:?}; {slower}"),
    }
}

/// Returns the processes as text, such as `process 7 (`server`) and process 8 (`helper`)`. If there are many, the text names only some of them.
pub fn in_list(processes: &[Named]) -> String {
    let mut shown: Vec<String> = processes.iter().take(NAMED).map(Named::to_string).collect();
    if processes.len() > NAMED {
        shown.push(format!("{} more", processes.len() - NAMED));
    }
    match shown.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => shown.concat(),
    }
}

fn owner(owners: &[Named]) -> String {
    match owners {
        [] => "another process".to_owned(),
        owners => in_list(owners),
    }
}

/// If a word of the command is a program whose first line names an interpreter that does not exist, returns a sentence about
/// this. It explains why the shell could not start the program. Otherwise returns `None`.
fn interpreter(placed: &Placed<'_>) -> Option<String> {
    let command = placed.fill(&placed.spawn.command);
    let directory = PathBuf::from(placed.directory().unwrap_or_default());
    let words = command.split_whitespace();
    words
        .map(|word| word.trim_matches(['\'', '"', ';', '(', ')']))
        .find_map(|word| wrong_interpreter(word, &first_line(&directory.join(word))?))
}

fn wrong_interpreter(file: &str, first_line: &str) -> Option<String> {
    let line = first_line.strip_prefix("#!")?;
    let line = line.trim_end_matches('\n');
    let mut words = line.split_whitespace();
    let named = words.next()?;
    let is_env = Path::new(named)
        .file_name()
        .is_some_and(|name| name == "env");
    // `env` looks for its first argument in the search path.
    let program = match is_env {
        true => words.find(|word| !word.starts_with('-'))?,
        false => named,
    };
    if line.ends_with('\r') {
        let wanted = format!("{program}\r");
        return Some(format!(
            "the first line of {file} ends with a carriage return (CR LF, as on Windows), so the system looks for an \
             interpreter with the name {wanted:?}; remove the carriage returns: sed -i 's/\\r$//' {file}"
        ));
    }
    let exists = match is_env {
        true => is_in_search_path(program),
        false => Path::new(program).exists(),
    };
    (!exists).then(|| {
        format!("the first line of {file} names the interpreter {program:?}, which does not exist")
    })
}

fn first_line(file: &Path) -> Option<String> {
    if !file.is_file() {
        return None;
    }
    let mut line = Vec::new();
    let mut reader = BufReader::new(File::open(file).ok()?.take(FIRST_LINE));
    reader.read_until(b'\n', &mut line).ok()?;
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn is_in_search_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).exists())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_stranger_at_the_address_is_named_also_if_the_line_was_printed() {
        let spawn = Spawn::new("./server {port}");
        let placed = Placed {
            spawn: &spawn,
            address: SocketAddr::from(([127, 0, 0, 1], 7777)),
            scratch: Path::new("/tmp"),
        };
        let stranger = Named {
            pid: 77,
            command: "other".to_owned(),
        };
        for was_printed in [None, Some(false), Some(true)] {
            let listener = Some(Listener::Strangers(vec![stranger.clone()]));
            let why = not_ready(&placed, listener, was_printed);
            let told =
                "did not listen on 127.0.0.1:7777 within 10s: process 77 (`other`) listens there";
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn the_first_line_of_a_program_must_name_an_interpreter_that_exists() {
        let wrong = |line: &str| wrong_interpreter("./server", line);
        assert_eq!(wrong("#!/usr/bin/env sh\n"), None);
        assert_eq!(wrong("#! /bin/sh -e\n"), None);
        assert_eq!(wrong("print('hello')\r\n"), None);
        let told = |line: &str, part: &str| wrong(line).is_some_and(|why| why.contains(part));
        assert!(told(
            "#!/usr/bin/env python3\r\n",
            "the name \"python3\\r\"; remove"
        ));
        assert!(told("#!/bin/sh\r\n", "\"/bin/sh\\r\""));
        let missing = "\"/no/such/python\", which does not exist";
        assert!(told("#!/no/such/python -u\n", missing));
        assert!(told(
            "#!/usr/bin/env -S no-such-python\n",
            "\"no-such-python\", which"
        ));
    }

    #[test]
    fn a_sentence_names_only_some_of_many_processes() {
        let processes: Vec<Named> = (1..=7)
            .map(|pid| Named {
                pid,
                command: "x".to_owned(),
            })
            .collect();
        assert_eq!(in_list(&processes[..1]), "process 1 (`x`)");
        assert_eq!(
            in_list(&processes[..2]),
            "process 1 (`x`) and process 2 (`x`)"
        );
        assert!(in_list(&processes).ends_with("process 5 (`x`) and 2 more"));
    }
}
