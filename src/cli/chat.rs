//! `matou chat`: its options, its help text, and how the arguments become a chat.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use installed::{ArgValueCandidates, CompletionCandidate};
use matou_protocols::ProtocolName;

use super::chatr_args::ChatrArgs;
use super::password::PasswordArgs;
use matou_client::{
    Address, ChatOptions, DirectOptions, Ending, Face, Form, HELP, Ports, TunnelWish,
};

/// Chat with the users of a server
///
/// On a terminal, messages appear above the line that you are typing. In a pipe or a script, each line of standard input is
/// a message or a command, and each event is a line on standard output. The commands are the same as on a terminal.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub(super) struct ChatArgs {
    /// Server address and login: PROTOCOL://LOGIN@HOST:PORT, or chatr://HOST:PORT
    ///
    /// Protocols and their default ports: chaton (7777), chatos-groupe2 (7778), chatos-1.0 (7779), chathack (7780), chatr
    /// (7781). Add ?long=4 to a chaton or chatos-groupe2 address if the server writes a LONG in 4 bytes instead of 8. Write
    /// an IPv6 address in brackets. In the login, write each special byte as % and two hexadecimal digits, such as %20 for a
    /// space.
    #[arg(value_name = "ADDRESS", add = ArgValueCandidates::new(addresses))]
    address: Address,

    /// Write each event as a JSON object, on a line of its own
    #[arg(long)]
    json: bool,

    /// Print plain lines on a terminal: no colours, no line editing, no status line
    ///
    /// Plain lines are the default on a dumb terminal. Set the environment variable NO_COLOR to switch off only the colours.
    #[arg(long)]
    plain: bool,

    /// Ring the terminal's bell when a private message arrives
    #[arg(long)]
    bell: bool,

    /// Append to FILE every frame that the client sends or receives, byte by byte, with the meaning of the bytes
    ///
    /// The file contains your private conversations and the ids that open private connections. Keep it to yourself.
    #[arg(long, value_name = "FILE")]
    wire_log: Option<PathBuf>,

    /// Directory for received files; existing files are never replaced
    #[arg(long, value_name = "DIR", default_value = ".")]
    downloads: PathBuf,

    /// Maximum size of a file to accept, such as 500k, 100M or 4G [default: 1G; 1024 bytes in chathack]
    ///
    /// The client denies larger files. In chathack, files are sent without an offer, so this is also the maximum size of a
    /// file to send.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_file: Option<u64>,

    /// Maximum total size of all received files (chathack)
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    max_received: u64,

    /// After the end of standard input, stay connected until the server closes the connection or you press Ctrl-C
    #[arg(long, conflicts_with = "tunnel")]
    stay: bool,

    /// Reconnect after a lost connection, as the client always does on a terminal
    ///
    /// After the client has reconnected, it sends the unsent lines in their original order. If the client does not know
    /// whether some lines have arrived, it lists these lines. In a pipe or a script, the exit code is then 2.
    #[arg(long, conflicts_with = "tunnel")]
    reconnect: bool,

    /// After a lost connection, retry a refused login until this time is over, then ask for another login
    ///
    /// A server may take minutes to notice that a connection is lost. Until then, it refuses the login, because the lost
    /// connection still uses this login.
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = positive_time)]
    retry_login: Duration,

    /// Connect standard input and output to a private connection with NAME
    ///
    /// The client asks NAME for a private connection. The client passes on all bytes unchanged. One direction can end while
    /// the other direction stays open. Events go to standard error. Requests from other users are denied. If you and NAME
    /// ask each other at the same time, only one connection is opened.
    #[arg(long, value_name = "NAME")]
    tunnel: Option<String>,

    /// With --tunnel, wait until NAME asks for the private connection, and accept the request
    #[arg(long, requires = "tunnel")]
    wait: bool,

    /// Time limit for connecting to the server; after that, the client waits at most the same time for the answer to the
    /// login
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = positive_time)]
    connect_timeout: Duration,

    /// Close a connection if data waits to be sent, but the server or the peer accepts no data for this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = positive_time)]
    stall_timeout: Duration,

    // These options come last, because their help headings apply to every option that follows.
    #[command(flatten)]
    password: PasswordArgs,

    #[command(flatten)]
    direct: DirectArgs,

    #[command(flatten)]
    chatr: ChatrArgs,
}

/// Returns the beginning of an address for each protocol, such as `chaton://`, so that a shell can complete it.
fn addresses() -> Vec<CompletionCandidate> {
    let names = ProtocolName::ALL.map(ProtocolName::name);
    names
        .map(|name| CompletionCandidate::new(format!("{name}://")))
        .into()
}

/// How peers connect to this client, in protocols where private connections do not pass through the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Direct connections (chathack)")]
struct DirectArgs {
    /// Address for a peer to connect to after you accept its request [default: the local address of the connection to the
    /// server]
    ///
    /// The address may belong to another machine that forwards connections to this machine. If you give 0.0.0.0 or ::, the
    /// server may replace it with the address from which your connection comes. If the server does not replace it, the peer
    /// cannot connect.
    #[arg(long, value_name = "IP")]
    direct_address: Option<IpAddr>,

    /// Port or range of ports for peers to connect to, such as 40000 or 40000-40100 [default: any free port]
    #[arg(
        long,
        value_name = "PORTS",
        default_value = "0",
        hide_default_value = true
    )]
    direct_ports: Ports,

    /// Time limit for a peer to connect after you accept its request
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = positive_time)]
    direct_wait: Duration,
}

impl From<DirectArgs> for DirectOptions {
    fn from(args: DirectArgs) -> DirectOptions {
        DirectOptions {
            address: args.direct_address,
            ports: args.direct_ports,
            wait: args.direct_wait,
        }
    }
}

/// Runs the chat, and returns an exit code that says how the chat ended.
pub(super) fn run(args: ChatArgs) -> ExitCode {
    let face = face(&args);
    let password = match args.password.read(face) {
        Ok(password) => password,
        Err(reason) => return tell(&Ending::Usage(reason)),
    };
    let chatr = args
        .chatr
        .options(args.address.protocol, args.connect_timeout);
    let chatr = match chatr {
        Ok(chatr) => chatr,
        Err(reason) => return tell(&Ending::Usage(reason)),
    };
    let max_file = args.max_file.unwrap_or(args.address.protocol.max_file());
    let ending = matou_client::run(ChatOptions {
        address: args.address,
        chatr,
        password,
        face,
        stay: args.stay,
        reconnect: args.reconnect,
        retry_login: args.retry_login,
        tunnel: args.tunnel.map(|peer| TunnelWish {
            peer,
            wait: args.wait,
        }),
        connect_timeout: args.connect_timeout,
        stall_timeout: args.stall_timeout,
        script: !io::stdin().is_terminal(),
        bell: args.bell,
        wire_log: args.wire_log,
        downloads: args.downloads,
        max_file,
        max_received: args.max_received,
        direct: args.direct.into(),
    });
    tell(&ending)
}

fn tell(ending: &Ending) -> ExitCode {
    if !matches!(ending, Ending::InOrder | Ending::OutputClosed) {
        // If standard error is closed, this message is lost, and only the exit code says how the chat ended.
        let _ = writeln!(io::stderr(), "matou: {ending}");
    }
    ending.exit_code()
}

/// Chooses how the chat is shown. If standard input and standard output are both terminals, the program assumes that a
/// person uses it. Otherwise it assumes that a script uses it.
fn face(args: &ChatArgs) -> Face {
    let form = if args.json { Form::Json } else { Form::Plain };
    let person = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !person || args.json || args.tunnel.is_some() {
        return Face::Script(form);
    }
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = !is_set("TERM") || env::var_os("TERM").is_some_and(|term| term == "dumb");
    if args.plain || dumb || cfg!(not(unix)) {
        return Face::Plain;
    }
    Face::Terminal {
        colours: !is_set("NO_COLOR"),
    }
}

fn positive_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if !time.is_zero() && time <= MAX_TIME => Ok(time),
        Ok(_) => Err("a time must be more than 0 and at most 1h, such as 10s".into()),
        Err(error) => Err(format!("{error}; write a time such as 10s")),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'M')) => (&text[..at], 1_000_000),
        Some((at, 'G')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    bytes.ok_or_else(|| "write a number of bytes, such as 5000, 500k, 100M or 4G".into())
}

/// Maximum value of every option that is a time. With this maximum, the computation of deadlines cannot overflow.
const MAX_TIME: Duration = Duration::from_secs(3600);

fn after_help() -> String {
    format!(
        "What to type, on each line:\n{HELP}\n\n\
         Keys on a terminal:\n{KEYS}\n\n\
         Events on standard output:\n{EVENTS}\n\n\
         Events with --json: the value of the field \"event\", and the other fields:\n{JSON_EVENTS}\n\n\
         Exit codes:\n{EXIT_CODES}"
    )
}

const KEYS: &str = "\
Tab                 complete a command or a name; the client knows the names that it has seen
Up, Down            recall earlier lines
Ctrl-X              switch to the next private connection; after the last one, switch to everyone
Ctrl-C              clear the line; on an empty line, leave
Ctrl-D              leave, on an empty line
Ctrl-Z              suspend
Alt-B, Alt-F        move by words
Ctrl-A, Ctrl-E, Ctrl-K, Ctrl-U, Ctrl-W, Ctrl-Y and Ctrl-L work as in a shell.
Messages stay in the terminal's scrollback: scroll, search and copy as usual.
A long paste is sent as fast as the server reads it; /quit waits until all of it is sent.
A second /quit or Ctrl-C leaves at once.
After a lost connection the client reconnects, with longer and longer pauses.
Bytes that are not UTF-8 are shown as \u{fffd}; the line is sent only after you have replaced them.";

const EVENTS: &str = "\
<alice> hi          a message to everyone
*alice* hi          a private message to you
[alice] hi          a line on the private connection with alice
-- ...              anything else
Control characters, direction marks and invisible characters are shown escaped.";

const JSON_EVENTS: &str = "\
logged_in, login_refused              login, and the reason for a refusal if the server gives one
message, whisper                      from, text
private_asked, private_denied         peer
private_withdrawn                     peer: withdrew its request
private_agreed, private_up            peer
private_awaited, private_address      peer, address where this client or the peer listens (chathack)
private_text                          peer, text (hex if not UTF-8), complete (false: no line feed)
private_eof                           peer: has stopped sending
private_closed                        peer, and the reason if the connection failed
file_offered, file_sent               peer, name, size
file_denied                           peer, name, size, limit: the file is larger than the limit
file_begun                            peer, way (in or out), name, size, offset
file_received                         peer, name, size, path
file_failed                           peer, way, name, reason
refused                               what: the request that the server refused, and why
unexpected                            what: a frame from the server that the client ignored
Later versions may add fields. The fields listed here keep their meaning.";

const EXIT_CODES: &str = "\
0  normal end, or standard output was closed
1  cannot connect to the server, the connection was lost, or the server does not speak the protocol
2  wrong usage: an invalid argument, or a line of a script that could not be sent or may be lost
3  the server refused the login
4  the private connection of --tunnel was declined or interrupted
After SIGINT, SIGTERM or SIGHUP the client sends what is queued, then leaves.
After a second SIGINT or SIGTERM it leaves at once, even if its output is blocked.
If the output accepts nothing for 5 s after the first signal, the client ends.
Any other fatal signal ends the client after it has restored the terminal.";
