//! The lower floors of the server stay what they are: values without a socket, a thread, a lock or a clock, and none of
//! them looks upstairs.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `src/`, and the folders that it may import from.
struct Floor {
    folder: &'static str,
    may_import: &'static [&'static str],
}

const FLOORS: &[Floor] = &[
    Floor {
        folder: "wire",
        may_import: &["wire"],
    },
    Floor {
        folder: "room",
        may_import: &["room", "wire"],
    },
    Floor {
        folder: "chathack",
        may_import: &["chathack", "room", "wire"],
    },
    Floor {
        folder: "chaton",
        may_import: &["chaton", "room", "wire"],
    },
    Floor {
        folder: "chatos_1_0",
        may_import: &["chatos_1_0", "room", "wire"],
    },
    Floor {
        folder: "chatr",
        may_import: &["chatr", "room", "wire"],
    },
    // The one step sideways: its document is Chaton's text plus two commands.
    Floor {
        folder: "chatos_groupe2",
        may_import: &["chatos_groupe2", "chaton", "room", "wire"],
    },
];

/// It has a lock and the disk, and still knows neither a protocol nor a socket.
const STORE: Floor = Floor {
    folder: "store",
    may_import: &["store", "room"],
};

/// What belongs to the engine. The types `Instant` and `SocketAddr` are not here: time and addresses may be arguments.
const OF_THE_ENGINE: [&str; 22] = [
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "socket2",
    "rustix",
    "std::io",
    "std::thread",
    "thread::spawn",
    "crossbeam",
    "mpsc",
    "Instant::now",
    "SystemTime",
    ".elapsed()",
    "sleep(",
    "parking_lot",
    "Mutex",
    "RwLock",
    "Condvar",
    "sync::atomic",
    "getrandom",
    "static mut",
];

#[test]
fn the_lower_floors_name_no_socket_thread_lock_or_clock() {
    let mut found = Vec::new();
    for floor in FLOORS {
        for (path, code) in sources(floor.folder) {
            let names = OF_THE_ENGINE.iter().filter(|name| code.contains(**name));
            found.extend(names.map(|name| format!("{} names {name}", path.display())));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_floor_imports_from_a_higher_one() {
    let mut found = Vec::new();
    for floor in FLOORS.iter().chain([&STORE]) {
        for (path, code) in sources(floor.folder) {
            if code.contains("super::super") {
                found.push(format!(
                    "{} climbs: write the path from crate::",
                    path.display()
                ));
            }
            for imported in imports(&code) {
                if !floor.may_import.contains(&imported.as_str()) {
                    found.push(format!("{} imports crate::{imported}", path.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_folder_of_a_protocol_is_watched() {
    // A protocol is a folder with a codec and a room.
    let folders = fs::read_dir(source()).expect("src/ can be read");
    for folder in folders.map(|entry| entry.expect("src/ can be read").path()) {
        if folder.join("codec.rs").exists() && folder.join("room.rs").exists() {
            let name = folder
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a plain name");
            let is_watched = FLOORS.iter().any(|floor| floor.folder == name);
            assert!(is_watched, "add src/{name} to the floors of this test");
        }
    }
}

#[test]
fn this_test_sees_what_it_forbids() {
    let code = without_tests_and_comments(
        "use crate::net::Hub; // Mutex\nlet a: Mutex<crate::chaton::Room>;\n#[cfg(test)]\nmod tests { Condvar }",
    );
    assert!(code.contains("Mutex<") && !code.contains("// Mutex") && !code.contains("Condvar"));
    assert_eq!(imports(&code), ["net", "chaton"]);
}

/// The code of a folder, file by file, without tests (which may ask a clock for a first instant) and comments.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![source().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path).expect("sources are text");
                sources.push((path, without_tests_and_comments(&code)));
            }
        }
    }
    assert!(!sources.is_empty(), "src/{folder} has no code");
    sources
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Tests stand last in a file.
fn without_tests_and_comments(code: &str) -> String {
    let code = code
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first step of every path that begins at the root of the crate.
fn imports(code: &str) -> Vec<String> {
    let behind = code.split("crate::").skip(1);
    let first_step = |path: &str| {
        path.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    behind.map(first_step).collect()
}
