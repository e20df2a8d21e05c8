//! Servers with a secret: each is the correct Chaton server, to which one hidden fault was added.
//!
//! `mystery N` runs server number N. A student finds out what the server does wrong, and names the requirement that it
//! violates. `mystery --reveal N` prints the answer. The teacher's page, `../README.md`, says how to use the servers.
//!
//! The servers come from the crate `matou-laboratory`. The tests of the conformance suite use the same servers, so the code
//! of each fault exists only once.
//!
//! | file | what it contains |
//! |---|---|
//! | `secrets/` | which faults are offered, and what a student should know about each of them |
//! | `answer.rs` | the text of `--reveal` |

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod answer;
mod secrets;

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::{error, thread};

use clap::Parser;
use matou_server::net::{Engine, ProcessLimits};

use secrets::Number;

/// Run a Chaton server that has one hidden fault
#[derive(Debug, Parser)]
#[command(
    name = "mystery",
    arg_required_else_help = true,
    after_help = "\
Find out what the server does wrong, and which requirement it violates. The server runs until you press Ctrl-C.

Exit codes:
  1  the server cannot listen on the address
  2  wrong usage"
)]
struct Arguments {
    /// Number of the server to run; --list shows the numbers
    #[arg(value_name = "N", required_unless_present_any = ["reveal", "list"])]
    number: Option<Number>,

    /// Address to listen on; port 0 lets the system choose a port
    #[arg(value_name = "ADDRESS", default_value = "127.0.0.1:7777", value_parser = resolve)]
    address: SocketAddr,

    /// Tell what the server with this number does wrong, and how to find it
    #[arg(long, value_name = "N", exclusive = true)]
    reveal: Option<Number>,

    /// List the numbers of the servers by difficulty
    #[arg(long, exclusive = true)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn error::Error>> {
    if let Some(number) = arguments.reveal {
        print(&answer::of(number)?)?;
    } else if let Some(number) = arguments.number {
        serve(number, arguments.address)?;
    } else {
        print(&secrets::list())?;
    }
    Ok(())
}

/// Serves until the process is killed. Prints only the address, because any other line could give away the secret.
fn serve(number: Number, address: SocketAddr) -> Result<(), Box<dyn error::Error>> {
    let engine = Engine::start(&ProcessLimits::default());
    let server = number.specimen()?.start(&engine, address)?;
    print(&format!("listening chaton {}\n", server.address))?;
    loop {
        // Blocks for ever. `park` may return although no thread has called `unpark`, so it is called in a loop.
        thread::park();
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Reads an address, such as 127.0.0.1:7777 or localhost:7777.
fn resolve(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok();
    let first = found.and_then(|mut addresses| addresses.next());
    first.ok_or_else(|| "write it as 127.0.0.1:7777".to_owned())
}
