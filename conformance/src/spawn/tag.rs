//! The tag of a start: a variable in the environment of every process that the runner starts.
//!
//! A process inherits the variable from the process that starts it. So a server has the tag even if it goes into the
//! background, where it has left the process group of the command. Other processes that have the same command line do not
//! have the tag.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that contains the tags. If a runner is itself started by a runner, its servers have the tags of both.
pub(super) const VARIABLE: &str = "MATOU_RUN";

/// Separates two tags in the variable.
const SEPARATOR: char = ',';

/// Separates the id of the run from the number of the start, in one tag.
const BEFORE_NUMBER: char = '.';

/// The id of this run: the id of the runner's process and a random number, because another process may get the same id later.
static RUN: LazyLock<String> = LazyLock::new(|| {
    // Without random numbers, the id of the process still distinguishes runs that go on at the same time.
    let random = getrandom::u64().unwrap_or_default();
    format!("{}-{random:016x}", std::process::id())
});

static STARTS: AtomicU64 = AtomicU64::new(1);

/// A tag: identifies the processes of one start, or of all starts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    run: String,
    /// The number of the start; `None` for all starts of the run.
    number: Option<u64>,
}

impl Tag {
    /// Returns the tag of a new start.
    pub(super) fn of_next_start() -> Tag {
        Tag {
            run: RUN.clone(),
            number: Some(STARTS.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Returns the tag of all starts of this run.
    pub(super) fn of_this_run() -> Tag {
        Tag::of_run(&RUN)
    }

    /// Returns the tag of all starts of a run.
    pub(super) fn of_run(run: &str) -> Tag {
        Tag {
            run: run.to_owned(),
            number: None,
        }
    }

    /// Returns the id of the run.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Returns the value of [`VARIABLE`] for a process of this start: the inherited tags, and this tag.
    pub(super) fn value(&self, inherited: Option<&str>) -> String {
        let number = self.number.unwrap_or_default();
        let own = format!("{}{BEFORE_NUMBER}{number}", self.run);
        match inherited.filter(|inherited| !inherited.is_empty()) {
            Some(inherited) => format!("{inherited}{SEPARATOR}{own}"),
            None => own,
        }
    }

    /// Returns whether an environment contains this tag. The environment is a list of `NAME=VALUE`, each with a zero byte
    /// after it.
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "other systems do not report environments")
    )]
    pub(super) fn is_in(&self, environment: &[u8]) -> bool {
        let variables = environment.split(|byte| *byte == 0);
        variables
            .filter_map(|variable| std::str::from_utf8(variable).ok())
            .filter_map(|variable| variable.strip_prefix(VARIABLE)?.strip_prefix('='))
            .flat_map(|value| value.split(SEPARATOR))
            .filter_map(|tag| tag.rsplit_once(BEFORE_NUMBER))
            .any(|(run, number)| {
                let is_number = |wanted: u64| number.parse() == Ok(wanted);
                run == self.run && self.number.is_none_or(is_number)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_the_environment_of_its_own_start_only() {
        let (first, second) = (Tag::of_next_start(), Tag::of_next_start());
        let environment = format!("PATH=/bin\0MATOU_RUN={}\0HOME=/\0", first.value(None));
        assert!(first.is_in(environment.as_bytes()));
        assert!(Tag::of_this_run().is_in(environment.as_bytes()));
        assert!(!second.is_in(environment.as_bytes()));
        assert!(!Tag::of_run("1-00").is_in(environment.as_bytes()));
        let other = environment.replace("MATOU_RUN", "MY_MATOU_RUN");
        assert!(!first.is_in(other.as_bytes()));
    }

    #[test]
    fn a_start_inside_a_start_has_both_tags() {
        let (outer, inner) = (Tag::of_run("1-00"), Tag::of_next_start());
        let environment = format!("MATOU_RUN={}\0", inner.value(Some("1-00.7")));
        assert!(outer.is_in(environment.as_bytes()));
        assert!(inner.is_in(environment.as_bytes()));
    }
}
