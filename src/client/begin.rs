//! The beginning of a chat: opens the connection to the server, but sends nothing on it yet.

use std::time::Duration;

use crate::ending::Ending;
use crate::reach::address::Address;
use crate::reach::connect::LocalEnd;
use crate::reach::{Reached, Route};
use matou_protocols::dialogue::{Action, Dialogue, Intent, Refusal};

/// A chat that can begin: the connection to the server is open, and nothing has been sent yet.
pub(crate) struct Begun {
    pub(crate) dialogue: Box<dyn Dialogue>,
    /// The first actions, which log in.
    pub(crate) hello: Vec<Action>,
    pub(crate) route: Route,
    pub(crate) reached: Reached,
    /// Names that are known at the start, from the address book.
    pub(crate) names: Vec<String>,
    /// A remark for the user.
    pub(crate) remark: Option<String>,
}

/// Connects to the server. If the login is invalid, returns the error without connecting.
///
/// `wish` is the peer that `--tunnel` names.
///
/// # Errors
/// Fails if the chat cannot begin. The error is the ending of the chat.
pub(crate) fn begin(
    address: &Address,
    password: Option<&str>,
    wish: Option<&str>,
    limit: Duration,
) -> Result<Begun, Ending> {
    let Address {
        protocol,
        login,
        host,
        port,
    } = address;
    let mut dialogue = protocol.dialogue(login, password).map_err(Ending::Usage)?;
    let hello = dialogue.intend(Intent::LogIn { login });
    let hello = hello.map_err(|refusal| Ending::Usage(refusal.to_string()))?;
    if wish == Some(login) {
        return Err(Ending::Usage(Refusal::Oneself.to_string()));
    }
    let route = Route {
        host: host.clone(),
        port: *port,
        from: LocalEnd::default(),
        tls: None,
        limit,
    };
    let reached = route.connect().map_err(|error| route.failed(&error))?;
    Ok(Begun {
        dialogue,
        hello,
        route,
        reached,
        names: Vec::new(),
        remark: None,
    })
}
