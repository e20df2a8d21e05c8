//! The values that options may have. If an option has a value with which the server cannot work,
//! the server does not start. Without this check, the operator would notice the mistake only when
//! the first client connects.

use std::fmt;
use std::time::Duration;

use matou_protocols::setting::{Setting, Value};

use super::Listen;
use crate::net::ProcessLimits;

/// The error for an option whose value is not allowed, because the server cannot work with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    /// The option's name.
    pub name: &'static str,
    /// The value that the option has.
    pub given: String,
    /// The values that are allowed, as text for a person.
    pub bounds: &'static str,
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongSetting {
            name,
            given,
            bounds,
        } = self;
        write!(f, "{name} must be {bounds}, not {given}")
    }
}

impl std::error::Error for WrongSetting {}

/// The smallest and the largest allowed value of an option: a number, or a time in milliseconds.
struct Bounds {
    names: &'static [&'static str],
    least: u128,
    most: u128,
    words: &'static str,
}

/// Ten years, in milliseconds. The server adds such a time to the current time, and this sum must
/// not overflow.
const LONGEST: u128 = 3650 * 24 * 3600 * 1000;

/// The options that need bounds of their own, with these bounds.
const BOUNDS: [Bounds; 9] = [
    // If one of these times were zero, every connection would end as soon as it begins.
    Bounds {
        names: &[
            "handshake-timeout",
            "first-byte-timeout",
            "identify-timeout",
            "frame-timeout",
            "stall-timeout",
            "ping-interval",
        ],
        least: 1,
        most: LONGEST,
        words: "1ms to 3650days",
    },
    // The next three entries have the bounds of Linux: for TCP_KEEPIDLE and TCP_KEEPINTVL, for
    // TCP_KEEPCNT, and for TCP_USER_TIMEOUT.
    Bounds {
        names: &["keepalive-idle", "keepalive-interval"],
        least: 1000,
        most: 32_767_000,
        words: "1s to 32767s",
    },
    Bounds {
        names: &["keepalive-probes"],
        least: 1,
        most: 127,
        words: "1 to 127",
    },
    Bounds {
        names: &["unacknowledged-timeout"],
        least: 0,
        most: i32::MAX as u128,
        words: "0s to 24days",
    },
    Bounds {
        names: &["connections-per-address", "connections"],
        least: 1,
        most: 1_000_000,
        words: "1 to 1000000",
    },
    // The longest frame of every protocol must fit into an outbox. Otherwise the server would cut a
    // client as soon as such a frame must wait in its outbox.
    Bounds {
        names: &["outbox-bytes"],
        least: 4 << 10,
        most: 1 << 30,
        words: "4096 to 1073741824",
    },
    Bounds {
        names: &["outbox-total"],
        least: 4 << 10,
        most: 1 << 40,
        words: "4096 to 1099511627776",
    },
    Bounds {
        names: &["talk-rate"],
        least: 0,
        most: 1 << 40,
        words: "0 to 1099511627776",
    },
    // Each of these options is a number of threads.
    Bounds {
        names: &["writers", "workers"],
        least: 1,
        most: 256,
        words: "1 to 256",
    },
];

/// The bounds of every time option that is not in [`BOUNDS`].
const ANY_TIME: Bounds = Bounds {
    names: &[],
    least: 0,
    most: LONGEST,
    words: "0s to 3650days",
};

/// The bounds of every number that is not in [`BOUNDS`]. No machine needs a number above `most`.
const ANY_NUMBER: Bounds = Bounds {
    names: &[],
    least: 0,
    most: 1_000_000_000,
    words: "0 to 1000000000",
};

/// Returns, as text, the values that the number option with this name may have.
pub fn allowed_numbers(name: &str) -> &'static str {
    bounds(name).unwrap_or(&ANY_NUMBER).words
}

fn bounds(name: &str) -> Option<&'static Bounds> {
    BOUNDS.iter().find(|bounds| bounds.names.contains(&name))
}

impl Bounds {
    fn check(&self, name: &'static str, value: u128, given: String) -> Result<(), WrongSetting> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(WrongSetting {
            name,
            given,
            bounds: self.words,
        })
    }
}

fn check_setting(Setting { name, value, .. }: Setting<'_>) -> Result<(), WrongSetting> {
    let number = match value {
        Value::Time(time) => {
            let bounds = bounds(name).unwrap_or(&ANY_TIME);
            return bounds.check(name, time.as_millis(), written(*time));
        }
        Value::Usize(number) => *number as u128,
        Value::U32(number) => u128::from(*number),
        Value::U64(number) => u128::from(*number),
        Value::Flag(_) | Value::Word(_) | Value::Path(_) => return Ok(()),
    };
    let bounds = bounds(name).unwrap_or(&ANY_NUMBER);
    bounds.check(name, number, number.to_string())
}

/// Formats a time as an operator writes it.
fn written(time: Duration) -> String {
    match time.is_zero() {
        true => "0s".to_owned(),
        false => format!("{time:?}"),
    }
}

impl Listen {
    /// Checks that a listener with these options can work.
    ///
    /// # Errors
    /// Fails when an option has a value that is not allowed. The error names the first one.
    pub fn check(&mut self) -> Result<(), WrongSetting> {
        self.settings().into_iter().try_for_each(check_setting)
    }
}

/// Checks that a process with these limits can work.
///
/// # Errors
/// Fails when a limit has a value that is not allowed. The error names the first one.
pub fn check_process(limits: &ProcessLimits) -> Result<(), WrongSetting> {
    let given = [
        ("connections", limits.connections),
        ("writers", Some(limits.writers)),
        ("workers", Some(limits.workers)),
        ("outbox-total", Some(limits.outbox_total)),
    ];
    for (name, value) in given {
        if let (Some(value), Some(bounds)) = (value, bounds(name)) {
            bounds.check(name, value as u128, value.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use matou_protocols::ProtocolName;

    use super::*;

    #[test]
    fn the_defaults_of_every_protocol_can_work() {
        for protocol in ProtocolName::ALL {
            let mut listen = Listen::new(protocol, ([127, 0, 0, 1], 0).into());
            assert_eq!(listen.check(), Ok(()), "{protocol}");
        }
        assert_eq!(check_process(&ProcessLimits::default()), Ok(()));
    }

    #[test]
    fn no_time_of_any_protocol_may_be_endless() {
        for protocol in ProtocolName::ALL {
            let mut listen = Listen::new(protocol, ([127, 0, 0, 1], 0).into());
            let count = listen.settings().len();
            for at in 0..count {
                let mut settings = listen.settings();
                let Value::Time(time) = &mut settings[at].value else {
                    continue;
                };
                let before = std::mem::replace(*time, Duration::MAX);
                let name = settings[at].name;
                assert_eq!(listen.check().unwrap_err().name, name, "{protocol}");
                let mut settings = listen.settings();
                if let Value::Time(time) = &mut settings[at].value {
                    **time = before;
                }
            }
        }
    }

    #[test]
    fn no_number_of_any_protocol_may_be_endless() {
        for protocol in ProtocolName::ALL {
            let count = Listen::new(protocol, ([127, 0, 0, 1], 0).into())
                .settings()
                .len();
            for at in 0..count {
                let mut listen = Listen::new(protocol, ([127, 0, 0, 1], 0).into());
                let mut settings = listen.settings();
                match &mut settings[at].value {
                    Value::Usize(number) => **number = usize::MAX,
                    Value::U32(number) => **number = u32::MAX,
                    Value::U64(number) => **number = u64::MAX,
                    _ => continue,
                }
                let name = settings[at].name;
                assert_eq!(listen.check().unwrap_err().name, name, "{protocol}");
            }
        }
    }

    #[test]
    fn an_option_that_cannot_work_is_named_with_its_bounds() {
        let mut listen = Listen::new(ProtocolName::Chaton, ([127, 0, 0, 1], 0).into());
        listen.limits.keepalive.idle = Duration::ZERO;
        let told = listen.check().unwrap_err().to_string();
        assert_eq!(told, "keepalive-idle must be 1s to 32767s, not 0s");
        let limits = ProcessLimits {
            workers: 100_000,
            ..ProcessLimits::default()
        };
        let told = check_process(&limits).unwrap_err().to_string();
        assert_eq!(told, "workers must be 1 to 256, not 100000");
        let limits = ProcessLimits {
            connections: Some(0),
            ..ProcessLimits::default()
        };
        let told = check_process(&limits).unwrap_err().to_string();
        assert_eq!(told, "connections must be 1 to 1000000, not 0");
    }
}
