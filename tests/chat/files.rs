//! Tests of files on private connections. The scripted peer sends the lines of the file protocol literally, as another
//! program would send them.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use rstest::rstest;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::program::{Chat, Peer, Scripted, Server, Talk};

/// Returns bytes that let a test notice if a piece of them was lost, duplicated or moved.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut bytes = Vec::with_capacity(length + 4);
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Alice in line mode, and a scripted server. Alice has a private connection with bob. The script also plays bob.
struct Scene {
    server: Scripted,
    chat: Peer,
    alice: Talk,
    downloads: TempDir,
}

impl Scene {
    fn start(options: &[&str]) -> (Scene, Peer) {
        let downloads = tempfile::tempdir().unwrap();
        let server = Scripted::start();
        let mut all = vec!["--downloads", downloads.path().to_str().unwrap()];
        all.extend(options);
        let alice = Chat::start(&server.address, "alice", &all).lines();
        let chat = server.accept_login("alice");
        alice.expect("-- logged in as alice");
        let mut scene = Scene {
            server,
            chat,
            alice,
            downloads,
        };
        let tunnel = scene.tunnel();
        (scene, tunnel)
    }

    /// Opens another private connection between alice and bob. Returns bob's end.
    fn tunnel(&mut self) -> Peer {
        let alice = &mut self.alice;
        alice.say("/private bob");
        let tunnel = establish(&self.server, &mut self.chat);
        alice.expect("-- opening the private connection with bob");
        alice.expect("-- private connection with bob is open (/tell bob TEXT, /close bob)");
        tunnel
    }

    fn folder(&self) -> &Path {
        self.downloads.path()
    }

    fn path(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    fn quit(mut self, mut tunnel: Peer) {
        self.alice.say("/quit");
        assert_eq!(tunnel.rest(), b"");
        drop(tunnel);
        assert_eq!(self.chat.rest(), b"");
        drop(self.chat);
        assert_eq!(self.alice.ended().1, 0);
    }
}

/// Opens the private connection for which alice's client has asked bob.
fn establish(server: &Scripted, chat: &mut Peer) -> Peer {
    let (requester, target) = ("alice", "bob");
    chat.expect(&ClientFrame::RequestPrivate { requester, target });
    let connect_id = 42;
    chat.send(&ServerFrame::IdPrivate {
        requester,
        target,
        connect_id,
    });
    let mut tunnel = server.accept();
    tunnel.expect(&ClientFrame::LoginPrivate { connect_id });
    tunnel.send(&ServerFrame::Established);
    tunnel
}

fn offer(tunnel: &mut Peer, id: u32, file: &[u8], name: &str) {
    let line = format!(
        "::matou/1 offer {id} {} {} {name}\n",
        file.len(),
        hash(file)
    );
    tunnel.send_bytes(line.as_bytes());
}

fn data(tunnel: &mut Peer, id: u32, bytes: &[u8]) {
    for piece in bytes.chunks(65_536) {
        let line = format!("::matou/1 data {id} {}\n", piece.len());
        tunnel.send_bytes(line.as_bytes());
        tunnel.send_bytes(piece);
    }
}

fn expect_line(tunnel: &mut Peer, line: &str) {
    let mut came = vec![0; line.len() + 1];
    tunnel.stream.read_exact(&mut came).unwrap();
    assert_eq!(String::from_utf8_lossy(&came), format!("{line}\n"));
}

#[rstest]
#[case::chaton("chaton")]
#[case::groupe_2("chatos-groupe2")]
#[case::version_1_0("chatos-1.0")]
fn a_file_goes_from_one_terminal_to_another(#[case] protocol: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = bytes(3_000_000);
    let source = folder.path().join("cat pictures.bin");
    fs::write(&source, &file).unwrap();
    let downloads = folder.path().join("downloads");
    let server = Server::speaking(protocol);
    let options = ["--downloads", downloads.to_str().unwrap()];
    let mut alice = server.wide_terminal("alice", &[], (24, 120));
    alice.expect("logged in as alice");
    let mut bob = server.wide_terminal("bob", &options, (24, 120));
    bob.expect("logged in as bob");
    alice.say("/private bob");
    bob.expect("alice asks for a private connection");
    bob.say("/accept alice");
    alice.expect("private connection with bob is open");
    alice.expect("[bob up]");
    bob.expect("private connection with alice is open");
    alice.say(&format!("/send bob {}", source.display()));
    bob.expect("alice offers the file \"cat pictures.bin\", 3.0 MB");
    bob.say("/accept alice");
    alice.expect("bob received \"cat pictures.bin\", 3.0 MB");
    bob.expect("received \"cat pictures.bin\", 3.0 MB, from alice, SHA-256 correct");
    assert!(fs::read(downloads.join("cat pictures.bin")).unwrap() == file);
    // When the transfer is complete, the progress rows disappear.
    alice.wait("no bar", |screen| !screen.contents().contains('%'));
    bob.wait("no bar", |screen| !screen.contents().contains('%'));
    assert!(alice.raw().contains("0%") && bob.raw().contains("0%"));
    alice.say("/tell bob was it what you wanted?");
    bob.expect("[alice] was it what you wanted?");
    alice.say("/close bob");
    bob.expect("private connection with alice is closed");
    alice.expect("private connection with bob is closed");
    alice.quit();
    bob.quit();
}

#[test]
fn the_bar_moves_with_the_file() {
    let downloads = tempfile::tempdir().unwrap();
    let server = Scripted::start();
    let options = ["--downloads", downloads.path().to_str().unwrap()];
    let mut alice = server.terminal(&options, (24, 120));
    let mut chat = server.accept_login("alice");
    alice.expect("logged in as alice");
    alice.say("/private bob");
    let mut tunnel = establish(&server, &mut chat);
    let file = bytes(1_000_000);
    offer(&mut tunnel, 1, &file, "cat.png");
    alice.expect("bob offers the file cat.png, 1.0 MB");
    alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 1 0");
    alice.expect("[                    ]   0%");
    alice.press("typing goes on");
    data(&mut tunnel, 1, &file[..500_000]);
    alice.expect("[##########          ]  50%");
    data(&mut tunnel, 1, &file[500_000..750_000]);
    alice.expect("[###############     ]  75%");
    alice.expect("bob <- cat.png  750.0 kB of 1.0 MB");
    alice.expect_typed("> typing goes on");
    data(&mut tunnel, 1, &file[750_000..]);
    expect_line(&mut tunnel, "::matou/1 done 1");
    alice.wait("no bar", |screen| !screen.contents().contains('%'));
    assert!(fs::read(downloads.path().join("cat.png")).unwrap() == file);
    alice.press("\x03");
    alice.say("/quit");
    assert_eq!(tunnel.rest(), b"");
    drop(tunnel);
    assert_eq!(chat.rest(), b"");
    drop(chat);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn an_interrupted_transfer_resumes_with_the_same_offer() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    let file = bytes(300_000);
    offer(&mut tunnel, 1, &file, "cat.png");
    scene
        .alice
        .expect("-- bob offers the file cat.png, 300.0 kB (/accept bob or /deny bob)");
    scene.alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 1 0");
    scene
        .alice
        .expect("-- receiving cat.png, 300.0 kB, from bob");
    data(&mut tunnel, 1, &file[..200_000]);
    // This line announces 50,000 bytes of the file, but the connection ends before they have arrived.
    tunnel.send_bytes(b"::matou/1 data 1 50000\n");
    tunnel.send_bytes(&file[200_000..210_000]);
    drop(tunnel);
    scene.alice.expect(
        "-- cat.png from bob was not received: the private connection closed too early; the transfer resumes when the file is offered again",
    );
    scene
        .alice
        .expect("-- bob has stopped sending on the private connection (/close bob closes it)");
    assert!(names(scene.folder())[0].ends_with(".part"));

    let mut tunnel = scene.tunnel();
    offer(&mut tunnel, 7, &file, "the same cat.png");
    scene
        .alice
        .expect("-- bob offers the file \"the same cat.png\", 300.0 kB (/accept bob or /deny bob)");
    scene.alice.say("/deny bob");
    expect_line(&mut tunnel, "::matou/1 deny 7");
    offer(&mut tunnel, 8, &file, "cat.png");
    scene
        .alice
        .expect("-- bob offers the file cat.png, 300.0 kB (/accept bob or /deny bob)");
    scene.alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 8 210000");
    scene
        .alice
        .expect("-- receiving cat.png, 300.0 kB, from bob; resuming after 210.0 kB");
    data(&mut tunnel, 8, &file[210_000..]);
    expect_line(&mut tunnel, "::matou/1 done 8");
    assert_eq!(names(scene.folder()), ["cat.png"]);
    assert!(fs::read(scene.path("cat.png")).unwrap() == file);
    scene.quit(tunnel);
}

#[rstest]
#[case::a_path("../../cat.png", "cat.png")]
#[case::hidden(".profile", "profile")]
#[case::a_device("NUL", "_NUL")]
#[case::control("a\u{1b}[2J.png", "a_[2J.png")]
#[case::one_that_is_there("mine.png", "mine (1).png")]
fn existing_files_are_kept_and_names_stay_in_the_directory(
    #[case] offered: &str,
    #[case] safe: &str,
) {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    fs::write(scene.path("mine.png"), "mine").unwrap();
    offer(&mut tunnel, 1, b"hello", offered);
    let line = scene.alice.next();
    assert!(
        line.starts_with("-- bob offers the file ") && !line.contains('\u{1b}'),
        "{line}"
    );
    scene.alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 1 0");
    data(&mut tunnel, 1, b"hello");
    expect_line(&mut tunnel, "::matou/1 done 1");
    let mut there = vec!["mine.png".to_owned(), safe.to_owned()];
    there.sort();
    assert_eq!(names(scene.folder()), there);
    assert_eq!(fs::read(scene.path(safe)).unwrap(), b"hello");
    assert_eq!(fs::read(scene.path("mine.png")).unwrap(), b"mine");
    scene.quit(tunnel);
}

#[test]
fn a_file_with_a_wrong_hash_is_deleted() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    offer(&mut tunnel, 1, b"hello", "cat.png");
    scene.alice.next();
    scene.alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 1 0");
    scene.alice.next();
    data(&mut tunnel, 1, b"hullo");
    expect_line(&mut tunnel, "::matou/1 bad 1");
    scene
        .alice
        .expect("-- cat.png from bob was not received: its SHA-256 is wrong; the file was deleted");
    assert!(names(scene.folder()).is_empty());
    scene.quit(tunnel);
}

#[test]
fn both_sides_can_cancel_a_transfer() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    let file = bytes(100_000);
    offer(&mut tunnel, 1, &file, "cat.png");
    scene.alice.next();
    scene.alice.say("/accept bob");
    expect_line(&mut tunnel, "::matou/1 accept 1 0");
    scene.alice.next();
    data(&mut tunnel, 1, &file[..50_000]);
    scene.alice.say("/cancel bob");
    expect_line(&mut tunnel, "::matou/1 stop 1");
    scene
        .alice
        .expect("-- cat.png from bob was not received: you cancelled it");
    // If the peer has sent file data before it reads the `stop`, the client skips this data. But the client still shows
    // messages.
    data(&mut tunnel, 1, &file[50_000..]);
    tunnel.send_bytes(b"as you like\n");
    scene.alice.expect("[bob] as you like");

    fs::write(scene.path("mine.bin"), &file).unwrap();
    let path = scene.path("mine.bin");
    scene.alice.say(&format!("/send bob {path}"));
    let offered = format!("::matou/1 offer 1 100000 {} mine.bin", hash(&file));
    expect_line(&mut tunnel, &offered);
    tunnel.send_bytes(b"::matou/1 accept 1 99990\n");
    scene
        .alice
        .expect("-- sending mine.bin, 100.0 kB, to bob; resuming after 99.9 kB");
    expect_line(&mut tunnel, "::matou/1 data 1 10");
    let mut rest = [0; 10];
    tunnel.stream.read_exact(&mut rest).unwrap();
    assert_eq!(rest, file[99_990..]);
    tunnel.send_bytes(b"::matou/1 stop 1\n");
    scene
        .alice
        .expect("-- mine.bin was not sent to bob: the receiver cancelled it");
    scene.alice.say(&format!("/send bob {path}"));
    expect_line(&mut tunnel, &offered.replace("offer 1", "offer 2"));
    scene.alice.say("/cancel bob");
    expect_line(&mut tunnel, "::matou/1 withdraw 2");
    scene
        .alice
        .expect("-- mine.bin was not sent to bob: you cancelled it");
    scene.quit(tunnel);
}

#[test]
fn both_sides_learn_that_a_file_became_shorter_while_it_was_sent() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    let file = bytes(100);
    let path = scene.path("mine.bin");
    fs::write(&path, &file).unwrap();
    scene.alice.say(&format!("/send bob {path}"));
    let offered = format!("::matou/1 offer 1 100 {} mine.bin", hash(&file));
    expect_line(&mut tunnel, &offered);
    fs::write(&path, &file[..40]).unwrap();
    tunnel.send_bytes(b"::matou/1 accept 1 0\n");
    scene.alice.expect("-- sending mine.bin, 100 bytes, to bob");
    expect_line(&mut tunnel, "::matou/1 data 1 40");
    let mut rest = [0; 40];
    tunnel.stream.read_exact(&mut rest).unwrap();
    let reason = "cannot read the file: the file became shorter during the transfer";
    expect_line(&mut tunnel, &format!("::matou/1 withdraw 1 {reason}"));
    scene
        .alice
        .expect(&format!("-- mine.bin was not sent to bob: {reason}"));
    // Now alice is the receiver. Bob's client withdraws its offer and gives the same reason as alice's client gave above.
    // Alice's client shows this reason.
    offer(&mut tunnel, 1, &file, "cat.png");
    scene.alice.next();
    tunnel.send_bytes(format!("::matou/1 withdraw 1 {reason}\n").as_bytes());
    scene.alice.expect(&format!(
        "-- cat.png from bob was not received: the sender: {reason}"
    ));
    scene.quit(tunnel);
}

#[test]
fn of_a_file_that_grows_what_was_offered_arrives() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    let file = bytes(100);
    let path = scene.path("mine.bin");
    fs::write(&path, &file[..60]).unwrap();
    scene.alice.say(&format!("/send bob {path}"));
    let offered = format!("::matou/1 offer 1 60 {} mine.bin", hash(&file[..60]));
    expect_line(&mut tunnel, &offered);
    fs::write(&path, &file).unwrap();
    tunnel.send_bytes(b"::matou/1 accept 1 0\n");
    scene.alice.expect("-- sending mine.bin, 60 bytes, to bob");
    expect_line(&mut tunnel, "::matou/1 data 1 60");
    let mut came = [0; 60];
    tunnel.stream.read_exact(&mut came).unwrap();
    assert_eq!(came, file[..60]);
    tunnel.send_bytes(b"::matou/1 done 1\n");
    scene
        .alice
        .expect("-- bob received mine.bin, 60 bytes; its SHA-256 is correct");
    scene.quit(tunnel);
}

#[test]
fn a_file_that_is_too_large_is_denied_without_a_question() {
    let (scene, mut tunnel) = Scene::start(&["--max-file", "1k"]);
    offer(&mut tunnel, 1, &bytes(1001), "cat.png");
    expect_line(&mut tunnel, "::matou/1 deny 1");
    scene.alice.expect(
        "-- the file cat.png, 1.0 kB, from bob was not accepted: it is larger than 1.0 kB (--max-file)",
    );
    scene.quit(tunnel);
}

#[test]
fn a_peer_that_only_knows_text_is_readable_and_can_read() {
    let (mut scene, mut tunnel) = Scene::start(&[]);
    tunnel.send_bytes(b"hello\r\n::matou/2 what is this\n::matou/1 nonsense\n");
    scene.alice.expect("[bob] hello");
    scene.alice.expect("[bob] ::matou/2 what is this");
    scene.alice.expect("[bob] ::matou/1 nonsense");
    scene.alice.say("/tell bob hello to you");
    expect_line(&mut tunnel, "hello to you");
    scene.alice.say("/tell bob ::matou/1 deny 1");
    expect_line(&mut tunnel, "::matou/1 text ::matou/1 deny 1");
    scene.quit(tunnel);
}

#[test]
fn the_sender_is_told_when_the_peer_dies_during_a_transfer() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("cat.bin");
    // The file is larger than all buffers between the two programs together.
    fs::File::create(&source)
        .unwrap()
        .write_all(&bytes(30_000_000))
        .unwrap();
    let (mut scene, mut tunnel) = Scene::start(&[]);
    scene.alice.say(&format!("/send bob {}", source.display()));
    let mut offered = [0; 11];
    tunnel.stream.read_exact(&mut offered).unwrap();
    tunnel.send_bytes(b"::matou/1 accept 1 0\n");
    scene.alice.expect("-- sending cat.bin, 30.0 MB, to bob");
    let mut some = vec![0; 1_000_000];
    tunnel.stream.read_exact(&mut some).unwrap();
    // If the user types a line during the transfer, the client sends it at once, before the rest of the file.
    scene.alice.say("still talking to everybody");
    scene.chat.expect(&ClientFrame::Message {
        login: "alice",
        msg: "still talking to everybody",
    });
    drop(tunnel);
    scene.alice.expect(
        "-- cat.bin was not sent to bob: the private connection closed too early; the transfer resumes when the file is offered again",
    );
    assert!(
        scene
            .alice
            .next()
            .starts_with("-- private connection with bob is closed: ")
    );
    scene.alice.say("/quit");
    assert_eq!(scene.chat.rest(), b"");
    drop(scene.chat);
    assert_eq!(scene.alice.ended().1, 0);
}
