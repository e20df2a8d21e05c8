//! Tests of the writer. Each test writes its files in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::*;

const TEXT: &[u8] = b"all of the file";

fn start(folder: &Path, name: &str) -> Writer {
    let sha256 = Digest(Sha256::digest(TEXT).into());
    Writer::start(&Disk::new(), folder, name, TEXT.len() as u64, Some(sha256)).unwrap()
}

fn opened(writer: &Writer) -> u64 {
    match writer.reports.recv() {
        Ok(Written::Opened(here)) => here,
        other => panic!("{other:?}"),
    }
}

fn finished(writer: &Writer) -> PathBuf {
    match writer.reports.recv() {
        Ok(Written::Finished(path)) => path,
        other => panic!("{other:?}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_when_it_is_complete_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cat.png"), "mine").unwrap();
    let mut writer = start(folder.path(), "../cat.png");
    assert_eq!(opened(&writer), 0);
    writer.write(TEXT.to_vec());
    assert_eq!(finished(&writer), folder.path().join("cat (1).png"));
    assert_eq!(names(folder.path()), ["cat (1).png", "cat.png"]);
    assert_eq!(fs::read(folder.path().join("cat.png")).unwrap(), b"mine");
    assert_eq!(fs::read(folder.path().join("cat (1).png")).unwrap(), TEXT);
}

#[test]
fn an_interrupted_file_is_kept_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = start(folder.path(), "cat.png");
    assert_eq!(opened(&writer), 0);
    writer.write(TEXT[..4].to_vec());
    let reports = writer.reports.clone();
    drop(writer);
    // The thread has ended.
    assert!(reports.recv().is_err());
    assert!(names(folder.path())[0].ends_with(".part"));
    let mut writer = start(folder.path(), "cat.png");
    assert_eq!(opened(&writer), 4);
    writer.write(TEXT[4..].to_vec());
    finished(&writer);
    assert_eq!(names(folder.path()), ["cat.png"]);
}

#[test]
fn a_wrong_or_unwanted_file_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = start(folder.path(), "cat.png");
    opened(&writer);
    writer.write(vec![b'x'; TEXT.len()]);
    assert!(matches!(writer.reports.recv(), Ok(Written::Wrong)));
    assert!(names(folder.path()).is_empty());
    let mut writer = start(folder.path(), "cat.png");
    opened(&writer);
    writer.write(TEXT[..4].to_vec());
    let reports = writer.reports.clone();
    writer.forget();
    assert!(reports.recv().is_err());
    assert!(names(folder.path()).is_empty());
}

#[test]
fn the_same_file_is_not_written_twice_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path(), "cat.png");
    opened(&first);
    let second = start(folder.path(), "cat.png");
    assert!(matches!(second.reports.recv(), Ok(Written::Failed(_))));
}

/// Receives a file under exactly this name, without making the name safe.
fn receive(folder: &Path, name: &str, pieces: &[&[u8]]) -> io::Result<Option<Written>> {
    let (chunks, received) = bounded(CHUNKS_AHEAD);
    let (report, _reports) = bounded(2);
    pieces
        .iter()
        .for_each(|piece| chunks.send(piece.to_vec()).unwrap());
    drop(chunks);
    let mut target = Target {
        folder: folder.to_owned(),
        name: name.to_owned(),
        size: TEXT.len() as u64,
        sha256: Some(Digest(Sha256::digest(TEXT).into())),
        unwanted: Arc::default(),
    };
    target.receive(&received, &report)
}

#[test]
fn a_name_that_is_too_long_for_the_file_system_is_shortened() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.png", "x".repeat(300));
    let received = receive(folder.path(), &name, &[TEXT]).unwrap();
    let Some(Written::Finished(path)) = received else {
        panic!("{received:?}");
    };
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.len() < 143 && name.ends_with("x.png"), "{name}");
    assert_eq!(fs::read(path).unwrap(), TEXT);
}

#[cfg(unix)]
#[rstest::rstest]
#[case::a_symbolic_link(|other: &Path, part: &Path| std::os::unix::fs::symlink(other, part))]
#[case::a_hard_link(|other: &Path, part: &Path| fs::hard_link(other, part))]
fn a_link_in_the_place_of_the_incomplete_file_is_noticed(
    #[case] link: fn(&Path, &Path) -> io::Result<()>,
) {
    let folder = tempfile::tempdir().unwrap();
    receive(folder.path(), "cat.png", &[&TEXT[..4]]).unwrap();
    let part = folder.path().join(&names(folder.path())[0]);
    let other = folder.path().join("other");
    fs::rename(&part, &other).unwrap();
    link(&other, &part).unwrap();
    assert!(receive(folder.path(), "cat.png", &[&TEXT[4..]]).is_err());
    assert_eq!(fs::read(&other).unwrap(), &TEXT[..4]);
}

#[cfg(unix)]
#[test]
fn a_link_that_replaces_the_incomplete_file_while_it_is_received_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = start(folder.path(), "cat.png");
    opened(&writer);
    let part = folder.path().join(&names(folder.path())[0]);
    fs::remove_file(&part).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &part).unwrap();
    writer.write(TEXT.to_vec());
    let failed = writer.reports.recv();
    let Ok(Written::Failed(error)) = failed else {
        panic!("{failed:?}");
    };
    assert!(error.to_string().contains("has replaced"), "{error}");
    assert!(!folder.path().join("cat.png").exists());
}

#[test]
fn an_empty_file_is_complete_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sha256 = Digest(Sha256::digest(b"").into());
    let writer = Writer::start(&Disk::new(), folder.path(), "empty", 0, Some(sha256)).unwrap();
    assert_eq!(opened(&writer), 0);
    finished(&writer);
    assert_eq!(names(folder.path()), ["empty"]);
}
