//! Faults that appear in the bytes of a frame, at a limit, or when a client breaks the rules.

use super::Secret;

pub(super) const SECRETS: &[Secret] = &[
    Secret {
        fault: "writes the length of a text in characters instead of bytes",
        case: "broadcast-byte-for-byte",
        cause: "The code takes the length of the string (`text.length()` in Java, `len(text)` in Python) before it encodes \
                the text, and sends this length. Encode the text first, then count the bytes.",
        search: "Everything works until a text contains `é` or an emoji. Then the length in the MESSAGE is too small. The \
                 receiver finds half a character at the end of the text, or reads the rest of the text as the next opcode. \
                 In Wireshark, compare the four bytes before the text with the number of bytes that follow.",
    },
    Secret {
        fault: "drops a message if the whole command does not fit into a buffer of 1024 bytes",
        case: "broadcast-of-1024-bytes",
        cause: "The document limits msg to 1024 bytes. The code uses this limit as the size of the buffer for the whole \
                command, which also contains an opcode, a login and two lengths.",
        search: "Send longer and longer messages. A message of 1000 bytes arrives, and a message of 1024 bytes does not. \
                 Find the exact limit by halving the interval, then do it again with a longer login: the limit is smaller.",
    },
    Secret {
        fault: "sends the connect_id only to the target",
        case: "request-accepted",
        cause: "The server writes ID_PRIVATE as an answer to the connection that sent OK_PRIVATE. The requester has another \
                connection, and the code does not look it up.",
        search: "Alice types `/private bob`, and bob types `/accept alice`. The private connection never opens. In \
                 Wireshark, or with a `conformance tap` between each client and the server, an ID_PRIVATE (opcode 8) goes \
                 to bob and to no other client.",
    },
    Secret {
        fault: "writes the lengths of texts in little-endian order",
        case: "cut-inside-a-length",
        cause: "The server copies an int from memory to the socket, or uses a function with the wrong byte order: \
                `to_le_bytes`, `struct.pack('<i', n)`, `ByteOrder.LITTLE_ENDIAN`.",
        search: "Logins work, because LOGIN_ACCEPTED contains no number. But the first MESSAGE is invalid for every client. \
                 In Wireshark, the length of the login bob is 03 00 00 00 instead of 00 00 00 03.",
    },
    Secret {
        fault: "accepts an OK_PRIVATE from any client as if the target had sent it",
        case: "ok-from-a-third",
        cause: "The server finds the pending request by the two logins in the frame. It does not check that the connection \
                that sent the OK_PRIVATE has the login of the target.",
        search: "You need three clients, and the third one must lie. Alice asks bob, and carol sends an OK_PRIVATE with the \
                 requester alice and the target bob. Alice and bob get an ID_PRIVATE, although bob has not answered.",
    },
    Secret {
        fault: "counts the four bytes of the length prefix towards the limit of 30 bytes for a login",
        case: "login-of-30-bytes",
        cause: "The code compares the limit with the size of the whole field, which is the INT and the text, instead of the \
                size of the text.",
        search: "Log in with longer and longer logins. A login of 26 bytes is accepted, and a login of 27 bytes is refused. \
                 The missing four bytes are the size of an INT.",
    },
    Secret {
        fault: "relays messages from clients that are not identified",
        case: "early-message",
        cause: "The server handles every command with one function. This function does not ask whether the connection has a \
                login already.",
        search: "Write the bytes yourself, with `printf` and /dev/tcp: connect, and send a MESSAGE without a LOGIN before \
                 it. The clients that are logged in receive the message.",
    },
    Secret {
        fault: "gives every private connection the same connect_id",
        case: "connect-ids-differ",
        cause: "The connect_id is a constant, a counter that is never increased, or the first number of a random generator \
                that starts with the same seed each time.",
        search: "Alice asks bob and then carol for a private connection, and both accept. No private connection opens. \
                 Compare the connect_id in the two ID_PRIVATE frames (opcode 8) with `/wire` or in Wireshark.",
    },
];
