//! Tests of Chatr Connect: two clients with new identities find each other through the server and talk over UDP. Each client
//! has an address of its own.

mod identities;
mod nat;
mod peers;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use matou_client::Fingerprint;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use super::program::{Chat, matou};
use super::screen::{Screen, USUAL};

/// A server with its registry of identities, and a directory for the clients' files.
struct Server {
    process: Child,
    address: String,
    rest: String,
    pin: String,
    folder: TempDir,
}

/// A client's identity.
struct Person {
    uuid: String,
    identity: PathBuf,
    book: PathBuf,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut process = matou()
            .args(["serve", "--listen", "chatr=127.0.0.1:0"])
            .args(["--rest", "127.0.0.1:0", "--log", "off", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut listening = |protocol: &str| {
            let line = lines.next().unwrap().unwrap();
            let address = line.strip_prefix("listening ").unwrap();
            address.strip_prefix(protocol).unwrap().trim().to_owned()
        };
        let address = listening("chatr ");
        let rest = listening("chatr-rest ");
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let certificate = CertificateDer::from_pem_file(data.join("tls.pem")).unwrap();
        Server {
            process,
            address,
            rest: format!("https://{rest}"),
            pin: Fingerprint::of(&certificate).to_string(),
            folder,
        }
    }

    /// Creates a person with a new, registered identity.
    fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        let identity = person.identity.to_str().unwrap();
        let published = run(&[
            "identity",
            "publish",
            &self.rest,
            "--identity",
            identity,
            "--pin",
            &self.pin,
        ]);
        assert!(published.status.success(), "{published:?}");
        person
    }

    /// Creates a person with a new identity that is not registered.
    fn stranger(&self, name: &str) -> Person {
        let identity = self.folder.path().join(name).with_extension("pem");
        let path = identity.to_str().unwrap();
        let made = run(&["identity", "new", "--bits", "2048", "--identity", path]);
        assert!(made.status.success(), "{made:?}");
        Person {
            uuid: String::from_utf8(made.stdout).unwrap().trim().to_owned(),
            book: identity.with_extension("names"),
            identity,
        }
    }

    /// Starts a chat of this person. The chat connects to `address`: the address of the server, or of a NAT between the
    /// person and the server.
    fn chat_at(&self, address: &str, person: &Person, options: &[&str]) -> Chat {
        let all = self.options(person, options);
        Chat::start_with_url(&format!("chatr://{address}"), &all)
    }

    fn options<'a>(&'a self, person: &'a Person, more: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--identity", text(&person.identity), "--pin", &self.pin];
        all.extend(["--rest", &self.rest, "--book", text(&person.book)]);
        all.extend(more);
        all
    }

    /// Starts a chat of this person in a terminal.
    fn terminal(&self, person: &Person, options: &[&str]) -> Screen {
        let all = self.options(person, options);
        Screen::with(&format!("chatr://{}", self.address), &all, USUAL, |_| {})
    }

    fn chat(&self, person: &Person, options: &[&str]) -> Chat {
        self.chat_at(&self.address, person, options)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may already have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Person {
    /// Writes the UUIDs and names of these people into the file from which the client reads its contacts.
    fn knows(&self, people: &[(&Person, &str)]) {
        let lines = people
            .iter()
            .map(|(person, name)| format!("{} {name}\n", person.uuid));
        fs::write(&self.book, lines.collect::<String>()).unwrap();
    }
}

fn run(arguments: &[&str]) -> Output {
    matou().args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
