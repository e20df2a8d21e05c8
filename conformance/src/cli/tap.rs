//! `conformance tap`: a proxy that shows and records the conversation between a client and a server.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use crossbeam_channel::{Receiver, Sender};

use super::interrupt::on_interruption;
use super::output::Stream;
use super::output_file::{OutputFile, all_differ};
use super::target::resolve;
use super::{Outcome, words};
use crate::explain::count;
use crate::grammar::{Choices, Grammar, Transport};
use crate::report::{self, Conversation};
use crate::run::Event;
use crate::source::one_of;
use crate::suite::Suite;
use crate::tap::{self, Moment, Replay, Tap, What, Wires};
use crate::text;

/// Maximum number of lines that wait for the terminal. When this number is reached, further lines are dropped, so that a
/// paused terminal does not delay the connections.
const WAITING_LINES: usize = 10_000;

/// The arguments of `tap`.
#[derive(Debug, Args)]
#[command(after_help = "\
Ctrl-C ends the tap; then it writes the files.

Exit codes:
  0  every frame follows the protocol
  1  some frames violate the protocol
  2  wrong usage, or the tap cannot listen")]
pub(super) struct TapArguments {
    /// A protocol that comes with the program (`conformance list`), or the folder of a suite
    #[arg(add = words::protocol())]
    protocol: String,

    /// Address for clients to connect to, such as 127.0.0.1:7778; with port 0, the system chooses a free port
    listen: String,

    /// Address of the server, such as 127.0.0.1:7777
    target: String,

    /// A question that the document leaves open, and the server's choice, such as long-width=4 [default: the first choice of each question]
    #[arg(long = "reading", value_name = "NAME=CHOICE")]
    readings: Vec<String>,

    /// Also write the conversation: html=FILE (a page) or pcapng=FILE (for Wireshark)
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = tap_report)]
    report: Vec<(Format, PathBuf)>,

    /// Write the conversation as a scenario for `conformance run --scenarios FILE`
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// End the tap after this number of connections have ended
    #[arg(long, value_name = "N")]
    connections: Option<usize>,

    /// Print only violations of the protocol, and the summary
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Html,
    Pcapng,
    Scenario,
}

fn tap_report(text: &str) -> Result<(Format, PathBuf), String> {
    match text.split_once('=') {
        Some(("html", file)) if !file.is_empty() => Ok((Format::Html, file.into())),
        Some(("pcapng", file)) if !file.is_empty() => Ok((Format::Pcapng, file.into())),
        _ => Err("write html=FILE or pcapng=FILE".to_owned()),
    }
}

/// A file that the tap writes when it ends.
type Wanted = (Format, PathBuf, OutputFile);

/// Opens the files that the tap writes when it ends, and checks that no two of them are the same file.
fn wanted(arguments: &TapArguments) -> Result<Vec<Wanted>, String> {
    let scenario = arguments.scenario.iter();
    let scenario = scenario.map(|file| (Format::Scenario, file.clone()));
    let named = arguments.report.iter().cloned().chain(scenario);
    let opened = named.map(|(format, path)| {
        let file = OutputFile::open(&path)?;
        Ok((format, path, file))
    });
    let opened: Vec<Wanted> = opened.collect::<Result<_, String>>()?;
    all_differ(opened.iter().map(|(.., file)| file))?;
    Ok(opened)
}

/// Listens until the user presses Ctrl-C, or until N connections have ended (`--connections N`). Then writes the files.
pub(super) fn tap(arguments: &TapArguments) -> Outcome {
    let suite = match Suite::find(&arguments.protocol) {
        Ok(suite) => suite,
        Err(mistakes) => return Outcome::mistaken(&mistakes),
    };
    listen(arguments, &suite).unwrap_or_else(Outcome::refused)
}

fn listen(arguments: &TapArguments, suite: &Suite) -> Result<Outcome, String> {
    let grammar = &suite.grammar;
    if grammar.transport == Transport::Tls {
        return Err(format!(
            "{} runs inside TLS, and a tap cannot read encrypted data; use a protocol that runs over plain TCP\n",
            grammar.title
        ));
    }
    let choices = choices(grammar, &arguments.readings)?;
    let listen = resolve(&arguments.listen).map_err(|why| format!("{why}\n"))?;
    let target = resolve(&arguments.target).map_err(|why| format!("{why}\n"))?;
    let files = wanted(arguments).map_err(|why| format!("{why}\n"))?;
    let (lines, shown) = crossbeam_channel::bounded(WAITING_LINES);
    let tap = Tap::start(
        grammar,
        &choices,
        listen,
        target,
        teller(grammar, &choices, lines, arguments.quiet),
    )
    .map_err(|error| format!("cannot listen on {listen}: {error}\n"))?;
    let greeting = greeting(grammar, &choices, tap.address(), target);
    // An error is ignored here: the summary at the end goes to the same stream, so printing it fails too and reports the
    // error.
    let _ = Stream::Output.print(&format!("{}\n", text::line(&greeting)));
    show_until_the_end(&tap, &shown, arguments.connections)?;
    Ok(report(files, suite, target, &tap))
}

fn choices(grammar: &Grammar, readings: &[String]) -> Result<Choices, String> {
    let mut choices = Choices::new();
    for written in readings {
        let (name, choice) = written
            .split_once('=')
            .ok_or("write NAME=CHOICE, such as long-width=4\n")?;
        let names = grammar.readings.iter().map(|reading| reading.name.as_str());
        let reading = grammar.reading_named(name).ok_or_else(|| {
            format!(
                "{} has no reading with the name {name}: {}\n",
                grammar.title,
                one_of(name, names)
            )
        })?;
        if reading.choice_named(choice).is_none() {
            let known = reading.choices.iter().map(|choice| choice.name.as_str());
            let help = one_of(choice, known);
            return Err(format!(
                "the reading {name} has no choice {choice}: {help}\n"
            ));
        }
        choices.insert(name.to_owned(), choice.to_owned());
    }
    Ok(choices)
}

fn greeting(
    grammar: &Grammar,
    choices: &Choices,
    address: SocketAddr,
    target: SocketAddr,
) -> String {
    let mut text = format!("{} on {address}, relayed to {target}", grammar.title);
    for reading in &grammar.readings {
        let first = reading.choices.first().map(|choice| choice.name.as_str());
        let taken = choices.get(&reading.name).map(String::as_str).or(first);
        text.push_str(&format!(
            ", {} = {}",
            reading.name,
            taken.unwrap_or_default()
        ));
    }
    text
}

/// Returns the function that turns each moment (an event on a connection) into a line. Bytes that are not frames get a line
/// only when their total number has doubled since the last such line.
fn teller(
    grammar: &Grammar,
    choices: &Choices,
    lines: Sender<Event>,
    quiet: bool,
) -> tap::Listener {
    let grammar = grammar.clone();
    let wires = Wires::new(&grammar, choices);
    let raw = parking_lot::Mutex::new(BTreeMap::<(usize, bool), (usize, usize)>::new());
    Box::new(move |moment: &Moment| {
        let lane = format!("client{}", moment.connection + 1);
        let mut event = tap::event(&grammar, wires.strict(), moment, &lane);
        if let What::Said(side, tap::Heard::Raw(bytes)) = &moment.what {
            let key = (moment.connection, *side == crate::grammar::Side::Client);
            let mut raw = raw.lock();
            let (total, told) = raw.entry(key).or_default();
            *total += bytes.len();
            if *total < *told * 2 {
                return;
            }
            *told = *total;
            event.text = format!("{} bytes so far", *total);
        }
        if !quiet || event.unexpected {
            // If a paused terminal has filled the queue, the line is dropped. The files still contain the event.
            let _ = lines.try_send(event);
        }
    })
}

fn show_until_the_end(
    tap: &Tap,
    shown: &Receiver<Event>,
    connections: Option<usize>,
) -> Result<(), String> {
    let paint = Stream::Output.paint();
    let (interrupt, interrupted) = crossbeam_channel::bounded(1);
    on_interruption(move |_| {
        // This send cannot fail: the channel has room for one message, and no other message is ever sent.
        let _ = interrupt.try_send(());
    })
    .map_err(|error| format!("cannot install the handler for Ctrl-C: {error}\n"))?;
    let mut left = connections.unwrap_or(usize::MAX);
    let show = |event: &Event| {
        // An error is ignored: the reader may have closed its end (`| head`), but the clients still need the tap.
        let _ = writeln!(io::stdout(), "{}", report::live(event, paint));
    };
    while left > 0 {
        crossbeam_channel::select! {
            recv(shown) -> event => event.iter().for_each(show),
            recv(tap.ended()) -> _ => left -= 1,
            recv(interrupted) -> _ => break,
        }
    }
    shown.try_iter().for_each(|event| show(&event));
    Ok(())
}

/// Writes the files, and returns the outcome with the summary.
fn report(files: Vec<Wanted>, suite: &Suite, target: SocketAddr, tap: &Tap) -> Outcome {
    let moments = tap.heard();
    let names = tap::lane_names(&suite.grammar, &moments);
    let events = tap::events(&suite.grammar, tap.wires().strict(), &moments, &names);
    let sum = sum(&moments);
    let mut outcome = Outcome::said(format!("{}\n", sum.text));
    outcome.code = u8::from(sum.wrong > 0);
    let title = format!("{} for {target}", suite.grammar.title);
    for (format, path, mut file) in files {
        let bytes = match format {
            Format::Html => report::ladder_page(&title, &sum.text, &events).into_bytes(),
            Format::Pcapng => {
                let conversation = Conversation {
                    name: "tap",
                    title: &title,
                    began: tap.began(),
                    events: &events,
                };
                report::to_pcapng(target, [conversation])
            }
            Format::Scenario => scenario(suite, &path, &moments).into_bytes(),
        };
        if let Err(why) = file.write(&bytes) {
            outcome.complain(&format!("{why}\n"));
        }
    }
    outcome
}

/// Returns the conversation as a scenario. Every scenario must name a requirement that it checks. The tap cannot know the
/// right one, so it takes the first requirement of the suite.
fn scenario(suite: &Suite, file: &std::path::Path, moments: &[Moment]) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let allowed = |each: &char| each.is_ascii_alphanumeric() || "-_.".contains(*each);
    let id: String = stem.to_ascii_lowercase().chars().filter(allowed).collect();
    let id = if id.is_empty() {
        "heard".to_owned()
    } else {
        id
    };
    let first = suite.requirements.first();
    let checks: Vec<String> = first
        .map(|requirement| requirement.id.clone())
        .into_iter()
        .collect();
    let head = Replay {
        id: &id,
        title: "the server answers as in the recorded conversation",
        checks: &checks,
    };
    tap::scenario(&suite.grammar, moments, &head)
}

struct Sum {
    text: String,
    wrong: usize,
}

fn sum(moments: &[Moment]) -> Sum {
    let (mut connections, mut frames, mut wrong, mut bytes) = (0, 0, 0, 0);
    for moment in moments {
        match &moment.what {
            What::Opened { .. } => connections += 1,
            What::Refused { .. } => {}
            What::Said(_, heard) => {
                wrong += usize::from(heard.wrong().is_some());
                match heard {
                    tap::Heard::Frame { .. } => frames += 1,
                    tap::Heard::Raw(raw) => bytes += raw.len(),
                    _ => {}
                }
            }
        }
    }
    Sum {
        text: format!(
            "{}, {}, {}, {} of the protocol",
            count(connections, "connection"),
            count(frames, "frame"),
            count(bytes, "raw byte"),
            count(wrong, "violation")
        ),
        wrong,
    }
}
