//! Faults that students can see with a few clients in terminals.

use super::Secret;

pub(super) const SECRETS: &[Secret] = &[
    Secret {
        fault: "disconnects a client that sends a private message to an unknown login",
        case: "whisper-to-unknown-name",
        cause: "The server looks up the target in its map of clients, and finds no client. The code handles this as an \
                error (an exception, `unwrap`, `?`), and the error ends the loop that reads from the sender.",
        search: "Send a private message to a login that no client has: `/msg zed hello`. Your own connection ends. In \
                 Wireshark, the server's FIN follows your MESSAGE_PRIVATE (opcode 4).",
    },
    Secret {
        fault: "does not relay a refusal",
        case: "request-refused",
        cause: "The branch for KO_PRIVATE removes the pending request, and does nothing else. The code never writes the \
                frame to the requester.",
        search: "Alice asks with `/private bob`, and bob answers with `/deny alice`. Alice's client shows nothing. In \
                 Wireshark, a KO_PRIVATE (opcode 7) arrives at the server, and the server sends no frame after it.",
    },
    Secret {
        fault: "does not send a message back to its sender",
        case: "probe-echo",
        cause: "The loop over the clients skips the sender. Authors write this when their own client prints each line as \
                soon as it is typed.",
        search: "Log in with only one client, and say something. With `/wire` in the client, or with `conformance tap`, you see that no \
                 MESSAGE (opcode 3) comes back.",
    },
    Secret {
        fault: "sends private messages to all clients",
        case: "whisper",
        cause: "MESSAGE and MESSAGE_PRIVATE share one function that writes to every client. This function does not look at \
                the target.",
        search: "Log in three clients. Alice sends `/msg bob psst`, and carol gets the message too.",
    },
    Secret {
        fault: "closes the connection after it refuses a login",
        case: "login-again-after-refusal",
        cause: "The code handles a refused login as a fatal error: it writes LOGIN_REFUSED, the function returns, and the \
                socket is closed at the end of its scope.",
        search: "Log in as alice from two terminals. The second client gets LOGIN_REFUSED (opcode 2). In Wireshark, the \
                 server's FIN follows at once, so this client cannot propose another login.",
    },
    Secret {
        fault: "accepts a login that is taken",
        case: "login-taken",
        cause: "The server inserts the login into its map and does not ask whether the map contains it already. \
                `HashMap::insert`, `Map.put` and `clients[login] = client` replace the old entry and report no error.",
        search: "Log in as alice from two terminals. The second client gets LOGIN_ACCEPTED (opcode 1) instead of \
                 LOGIN_REFUSED (opcode 2).",
    },
    Secret {
        fault: "relays a message that names another client as its sender",
        case: "broadcast-forged",
        cause: "The server relays the login in the frame unchanged. It does not compare this login with the login that it has stored for the connection.",
        search: "A good client never lies about its name, so write the bytes yourself. Log in as alice with `printf` and \
                 /dev/tcp, as in lesson 3, and send a MESSAGE whose login is bob. Every client shows a message from bob.",
    },
    Secret {
        fault: "never sends messages to the client that connected last",
        // The case `probe-echo` runs alone. If other cases ran at the same time, the client that connected last might belong
        // to one of them.
        case: "probe-echo",
        cause: "The loop over the clients ends one step too early: `for (i = 0; i < n - 1; i++)`.",
        search: "Log in three clients, and let each of them say something. The client that logged in last receives only its \
                 own messages. When a fourth client logs in, the third client receives all messages.",
    },
];
