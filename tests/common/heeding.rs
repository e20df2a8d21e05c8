//! Starts programs to which a test sends signals.

use std::ffi::OsStr;
use std::process::Command;

/// A Python program that replaces itself with the program that its arguments name. The new program does not ignore SIGINT,
/// SIGTERM or SIGHUP.
const HEED_ALL_SIGNALS: &str = "
import os, signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
";

/// Returns a command that runs the program so that it does not ignore these signals. If a test runs in the background or
/// under `nohup`, the test ignores some signals. The programs that the test starts would ignore these signals, too, and the
/// test would wait forever for their end. The program is a path, or a name that the system looks up in `PATH`.
pub(crate) fn heeding_all_signals(program: impl AsRef<OsStr>) -> Command {
    let mut python = Command::new("python3");
    python.args(["-c", HEED_ALL_SIGNALS]).arg(program);
    python
}
