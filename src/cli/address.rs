//! Reads the addresses to listen on, in the form in which people write them.

use std::net::SocketAddr;

use matou_sockets::{HostPort, addresses};

use super::output;

/// Returns the address for a text such as `127.0.0.1:7777`, `[::1]:7777` or `localhost:7777`. A host name may have several
/// addresses: the server listens on the first one, because each listener has a room of its own. Then this function tells the
/// operator.
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

/// Says that the server does not listen on all addresses of a name; `None` if there is only one.
fn remark_about(host: &str, first: SocketAddr, others: &[SocketAddr]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let others: Vec<_> = others.iter().map(|it| it.ip().to_string()).collect();
    Some(format!(
        "the name {host} has several addresses; listening on {}, not on {}; to choose, write an address instead of the name",
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
            "the name localhost has several addresses; listening on 127.0.0.1, not on ::1, 127.0.0.2; to choose, write an \
             address instead of the name"
        );
    }
}
