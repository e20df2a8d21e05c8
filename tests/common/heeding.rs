//! Starts programs to which a test sends signals.

use std::ffi::OsStr;
use std::process::Command;

/// A Python program that replaces itself by the program that its arguments name, without ignoring any signal.
const HEED_ALL_SIGNALS: &str = "
import os, signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
";

/// Returns the command of a program that ignores no signal. A test that runs in the background or under `nohup` ignores some
/// signals. The programs that the test starts would ignore these signals, too, and wait for an end that never comes.
pub(crate) fn heeding_all_signals(program: impl AsRef<OsStr>) -> Command {
    let mut python = Command::new("python3");
    python.args(["-c", HEED_ALL_SIGNALS]).arg(program);
    python
}
