//! The processes of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::spawn::system::Named;

/// Maximum length of a command line that is shown, in characters.
const SHOWN: usize = 80;

/// The fields of /proc/PID/stat that are needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    pub(super) pid: u32,
    /// Whether the process has ended, but its parent has not called `wait` for it yet.
    pub(super) is_zombie: bool,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// Processor time, in hundredths of a second.
    pub(super) processor: u64,
    pub(super) threads: usize,
    /// When the process was started. Together with the id, this identifies a process.
    pub(super) started: u64,
}

impl Stat {
    /// Reads the fields of a process. Returns `None` if the folder is not that of a living process or of a zombie.
    pub(super) fn read(process: &Path) -> Option<Stat> {
        // Skip the other entries of /proc: the folder of a process has a number as its name.
        let pid = process.file_name()?.to_str()?.parse().ok()?;
        let text = fs::read_to_string(process.join("stat")).ok()?;
        // The second field is the name in parentheses. The name may contain any character, so the third field begins
        // after the last `)`.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |of: usize| fields.get(of - 3)?.parse::<u64>().ok();
        let small = |of: usize| u32::try_from(number(of)?).ok();
        Some(Stat {
            pid,
            is_zombie: matches!(*fields.first()?, "Z" | "X"),
            parent: small(4)?,
            group: small(5)?,
            session: small(6)?,
            processor: number(14)? + number(15)?,
            threads: usize::try_from(number(20)?).ok()?,
            started: number(22)?,
        })
    }

    /// Returns the fields of the process with this id.
    pub(super) fn of(pid: u32) -> Option<Stat> {
        Stat::read(&folder(pid))
    }
}

/// Returns the folders of all processes of the machine, and other entries of /proc.
pub(super) fn folders() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Returns all processes of the machine, without zombies.
pub(super) fn processes() -> impl Iterator<Item = Stat> {
    let all = folders().filter_map(|folder| Stat::read(&folder));
    all.filter(|stat| !stat.is_zombie)
}

/// Returns the folder of a process.
pub(super) fn folder(pid: u32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

/// Returns the process with its command line.
pub(super) fn named(pid: u32) -> Named {
    let words = fs::read(folder(pid).join("cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let line = words.trim_end_matches('\0').replace(['\0', '\n'], " ");
    let command = match line.chars().count() > SHOWN {
        true => line.chars().take(SHOWN).chain("...".chars()).collect(),
        false => line,
    };
    Named { pid, command }
}
