//! Faults that appear when two frames arrive in one segment, when a connection ends, in a tunnel, or when clients act at the
//! same instant.

use super::Secret;

pub(super) const SECRETS: &[Secret] = &[
    Secret {
        fault: "closes both directions of a tunnel when one end closes its direction",
        case: "tunnel-half-close",
        cause: "When `read` returns 0, the code closes both sockets (`close`, or `shutdown(Both)`). It should call \
                `shutdown(Write)` on the other end's socket, and let the other direction go on.",
        search: "Open a private connection, and let alice close her direction with `/close bob`. Bob's direction ends too. \
                 In Wireshark, alice sends a FIN, and the server sends a FIN to both ends.",
    },
    Secret {
        fault: "handles only one command per read and discards the bytes after it",
        case: "forty-commands-in-one-segment",
        cause: "The code reads into a buffer, decodes one frame from its beginning, and clears the buffer. The bytes after \
                the frame are lost.",
        search: "A person types too slowly to see this fault. Send two commands with one `printf`, such as a LOGIN and a MESSAGE: \
                 only the first one has an effect. In Wireshark, both are in one segment, and the server acknowledges it.",
    },
    Secret {
        fault: "changes a byte in the tunnel after the first 64 KiB",
        case: "tunnel-relays-a-mebibyte",
        cause: "A counter or an index has 16 bits and is 0 again after 65,535, or a ring buffer of 64 KiB overwrites a byte \
                that is not relayed yet.",
        search: "Short texts arrive unchanged. Pipe a file of a mebibyte through a private connection (`matou chat \
                 --tunnel`), and compare the two files with `cmp -l`: only byte number 65,537 differs. First \
                 start the client with the option `--wait`, then the other client.",
    },
    Secret {
        fault: "forgets to free the login of a connection that was reset",
        case: "login-free-after-reset",
        cause: "The code removes the login where `read` returns 0. After a reset `read` does not return 0: it fails with \
                ECONNRESET (in Java, an exception), and the code leaves the loop on a path that does not \
                remove the login.",
        search: "Log in, leave with `/quit`, and log in again: that works. Then end a client with a RST (set SO_LINGER to 0 \
                 seconds and close the socket). Its login is refused from then on. In Wireshark, the two ways to leave differ in one packet: FIN or RST.",
    },
    Secret {
        fault: "loses the bytes that arrive in the same read as a LOGIN_PRIVATE",
        case: "tunnel-bytes-too-early",
        cause: "When a connection becomes a tunnel end, the buffer for frames may still contain bytes. The code that relays begins with a new `read` and a new buffer, and forgets the bytes in the old buffer.",
        search: "Send a LOGIN_PRIVATE and the first bytes for the other end with one `printf`. These bytes never arrive. If \
                 you wait for ESTABLISHED before you send, all bytes arrive.",
    },
    Secret {
        fault: "does not tell an end of a tunnel that the other end has closed its direction",
        case: "tunnel-half-close",
        cause: "The loop that relays one direction ends when `read` returns 0, and does nothing else. It should call \
                `shutdown(Write)` on the other end's socket.",
        search: "Open a private connection, and let alice close her direction with `/close bob`. Bob's client shows \
                 nothing. In Wireshark, alice's FIN arrives at the server, and no FIN goes to bob.",
    },
    Secret {
        fault: "checks a login first and registers it later, so that two clients can have the same login",
        case: "login-race",
        cause: "The code releases the lock after it has seen that the login is free, and takes the lock again to register \
                the login. Between these two steps, another thread sees the same free login. One lock must cover both steps.",
        search: "If clients log in one after the other, the server refuses a taken login. Start ten clients at the same \
                 instant with the same login: the server accepts more than one.",
    },
    Secret {
        fault: "removes bytes from a tunnel if they look like a command",
        case: "tunnel-is-not-interpreted",
        cause: "The bytes of the tunnel still go through the decoder of commands, and the server handles or drops what the \
                decoder finds. After LOGIN_PRIVATE, the decoder must not see any byte of this connection.",
        search: "Ordinary text arrives unchanged on a private connection. But bytes that begin with 03, the opcode of MESSAGE, do not arrive.",
    },
];
