//! Parses the addresses to listen on, as users write them.

use std::net::SocketAddr;

use matou_sockets::{HostPort, addresses};

use super::output;

/// Returns the address for a text such as `127.0.0.1:7777`, `[::1]:7777` or `localhost:7777`. If a host name has several
/// addresses, the server listens only on the first one, because each listener has its own room: clients on different
/// addresses would not see each other. In this case, this function prints a remark for the operator.
///
/// # Errors
/// Returns an explanation that shows the expected form.
pub(super) fn resolve(text: &str) -> Result<SocketAddr, String> {
    let example = "write it as 127.0.0.1:7777, [::]:7777 or localhost:7777";
    let wrong = |why: &dyn std::fmt::Display| format!("invalid address {text:?}: {why}; {example}");
    let HostPort { host, port } = text.parse().map_err(|why| wrong(&why))?;
    let port = port.ok_or_else(|| wrong(&"it has no port"))?;
    let found = addresses(&host, port).map_err(|why| wrong(&why))?;
    let [first, others @ ..] = found.as_slice() else {
        return Err(wrong(&"it has no address"));
    };
    if let Some(remark) = remark_about(&host, *first, others) {
        output::tell(&remark);
    }
    Ok(*first)
}

/// If the name has several addresses, returns a remark that the server listens on only one of them.
fn remark_about(host: &str, first: SocketAddr, others: &[SocketAddr]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let others: Vec<_> = others.iter().map(|it| it.ip().to_string()).collect();
    Some(format!(
        "the name {host} has several addresses; listening on {}, not on {}; to choose another address, write it instead of the name",
        first.ip(),
        others.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_several_addresses_gets_a_remark() {
        let [one, two, three] =
            ["127.0.0.1:7", "[::1]:7", "127.0.0.2:7"].map(|it| it.parse().unwrap());
        assert_eq!(remark_about("localhost", one, &[]), None);
        assert_eq!(
            remark_about("localhost", one, &[two, three]).unwrap(),
            "the name localhost has several addresses; listening on 127.0.0.1, not on ::1, 127.0.0.2; to choose another \
             address, write it instead of the name"
        );
    }
}
