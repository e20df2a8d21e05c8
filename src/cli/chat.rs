//! `matou chat`.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::chatr_args::ChatrArgs;
use super::password::PasswordArgs;
use matou_client::{Address, DirectOptions, Ending, Face, Form, HELP, Options, Ports, TunnelWish};

/// Chat: on a terminal with a line to type in below what is said, elsewhere line by line
///
/// In a pipe or a script each line of standard input is a message or a command, and each event is a line on standard output.
/// The commands are the same.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub(super) struct ChatArgs {
    /// Whom to talk to, and as whom: PROTOCOL://LOGIN@HOST:PORT, or chatr://HOST:PORT
    ///
    /// The protocol is chaton (port 7777 unless given), chatos-groupe2 (7778), chatos-1.0 (7779), chathack (7780) or chatr (7781); the first
    /// two take ?long=4 for servers whose LONG has 4 bytes. An IPv6 address stands in brackets, special bytes of the login are
    /// written as % and two hexadecimal digits.
    #[arg(value_name = "ADDRESS")]
    address: Address,

    /// Write each event as a JSON object on a line of its own
    #[arg(long)]
    json: bool,

    /// On a terminal: no colours, no editing, nothing that moves; one line after the other
    ///
    /// A dumb terminal gets the same. With NO_COLOR in the environment only the colours go.
    #[arg(long)]
    plain: bool,

    /// Ring the terminal's bell when somebody tells you alone
    #[arg(long)]
    bell: bool,

    /// Append every frame that is sent and received to FILE, byte by byte, with what the bytes mean
    ///
    /// What is said on private connections is there too, and the ids that open them: the file is for your eyes.
    #[arg(long, value_name = "FILE")]
    wire_log: Option<PathBuf>,

    /// Where received files go; nothing that is there is ever replaced
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    downloads: PathBuf,

    /// The largest file that is taken, as in 500k, 100M or 4G; larger ones are denied [default: 1G]
    ///
    /// In chathack, where files come and go unasked, it is the largest that is sent, too, and 1024 bytes unless given.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_file: Option<u64>,

    /// In chathack: how much all files together may take that come unasked
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    max_received: u64,

    /// At the end of standard input go on listening, until the server closes or Ctrl-C
    #[arg(long, conflicts_with = "tunnel")]
    stay: bool,

    /// Ask NAME for a private connection and make it standard input and output
    ///
    /// Bytes are passed as they are, and each direction ends on its own. Events go to standard error, everybody else who
    /// asks is denied. NAME may ask as well: if both do, there is still one connection.
    #[arg(long, value_name = "NAME")]
    tunnel: Option<String>,

    /// With --tunnel: wait for NAME to ask, and accept
    #[arg(long, requires = "tunnel")]
    wait: bool,

    /// Longest time to connect, and then for the answer to the login
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = positive_time)]
    connect_timeout: Duration,

    /// Longest time for which the server or a peer may take nothing of what is sent, before its connection is given up
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = positive_time)]
    stall_timeout: Duration,

    // Behind the others: their headings hold for everything that follows.
    #[command(flatten)]
    password: PasswordArgs,

    #[command(flatten)]
    direct: DirectArgs,

    #[command(flatten)]
    chatr: ChatrArgs,
}

/// How others connect to us, where private connections do not go through the server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Direct connections (chathack)")]
struct DirectArgs {
    /// The address that those are told whose request you accept; that by which the server is reached unless given
    ///
    /// It may be one that is not this machine's, where something passes on what comes to it. 0.0.0.0 or :: leaves it to the
    /// server, if that is one that puts in what it sees.
    #[arg(long, value_name = "IP")]
    direct_address: Option<IpAddr>,

    /// Where they may connect: a port, or a range as in 40000-40100; any free one unless given
    #[arg(
        long,
        value_name = "PORTS",
        default_value = "0",
        hide_default_value = true
    )]
    direct_ports: Ports,

    /// How long they may take to do so
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

/// Chats; the exit code says how it ended.
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
    let ending = matou_client::run(Options {
        address: args.address,
        chatr,
        password,
        face,
        stay: args.stay,
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
        // With standard error closed there is nobody to tell; the exit code remains.
        let _ = writeln!(io::stderr(), "matou: {ending}");
    }
    ending.exit_code()
}

/// A person is there when both standard input and standard output are a terminal's.
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
        Ok(_) => Err("give a time above zero and up to 1h, such as 10s".into()),
        Err(error) => Err(format!("{error}; give a time such as 10s")),
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
    bytes.ok_or_else(|| "give a number of bytes, such as 5000, 500k, 100M or 4G".into())
}

/// Nobody waits longer for a connection, and no clock overflows.
const MAX_TIME: Duration = Duration::from_secs(3600);

fn after_help() -> String {
    format!(
        "Each line:\n{HELP}\n\n\
         On a terminal:\n{KEYS}\n\n\
         Each event on standard output:\n{EVENTS}\n\n\
         With --json, the field \"event\" and others:\n{JSON_EVENTS}\n\n\
         Exit codes:\n{EXIT_CODES}"
    )
}

const KEYS: &str = "\
Tab                 the next command or name that fits; names are learned from what is said
Up, Down            lines that were typed before
Ctrl-X              type to the next private connection, and behind the last to everybody
Ctrl-C              throw away what is typed; with nothing typed, leave
Ctrl-D, Ctrl-Z      leave; suspend
Alt-B, Alt-F        by words; Ctrl-A, Ctrl-E, Ctrl-K, Ctrl-U, Ctrl-W, Ctrl-Y and Ctrl-L as in a shell
What is said scrolls by as everywhere: scroll back, search and copy with the terminal's own means.
A long paste is sent as fast as the server takes it; /quit waits for it, another /quit or Ctrl-C leaves at once.
A lost connection is made again, with longer and longer pauses.";

const EVENTS: &str = "\
<alice> hi          a message for everybody
*alice* hi          a message for you alone
[alice] hi          a line on the private connection with alice
-- ...              anything else
Control, direction and invisible characters of others are shown escaped.";

const JSON_EVENTS: &str = "\
logged_in, login_refused              login, and reason if there is one
message, whisper                      from, text
private_asked, private_denied         peer
private_withdrawn                     peer: no longer asks
private_agreed, private_up            peer
private_awaited, private_address      peer, address: where we listen, or the peer does (chathack)
private_text                          peer, complete (false: no line feed yet), text, or hex when it is not UTF-8
private_eof                           peer: sends no more
private_closed                        peer, and reason unless in order
file_offered, file_sent               peer, name, size
file_denied                           peer, name, size, limit: larger than what is taken
file_begun                            peer, way (in or out), name, size, offset
file_received                         peer, name, size, path
file_failed                           peer, way, name, reason
refused                               what: the server did not do it, and why
unexpected                            what: a frame of the server that was ignored
Fields may be added; those that are here keep their meaning.";

const EXIT_CODES: &str = "\
0  ended in order, or nobody reads the output any more
1  the server was not reached, was lost, or does not speak the protocol
2  wrong usage: an argument, or a line of a script that could not be sent
3  the server refuses the login
4  the private connection of --tunnel was declined or cut
SIGINT, SIGTERM and SIGHUP make it leave in order; a second SIGINT or SIGTERM makes it leave at once. Any other signal that
ends a program ends it, after the terminal is given back.";
