//! Tests of the store: it keeps every change that it has acknowledged, only its owner can read its files, and it explains
//! why it cannot use a database.

use std::fs;
use std::path::Path;

use matou_protocols::room::NameRefused;
use matou_server::store::{
    AccountError, Accounts, Existing, Imported, Password, PasswordRefused, Store, StoreError,
    read_lines,
};
use rusqlite::Connection;
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn accounts(directory: &Path) -> Accounts {
    Accounts::new(&Store::open(directory).unwrap())
}

fn password(text: &str) -> Password {
    Password::new(text)
}

/// Opens the database as another program would.
fn database(directory: &Path) -> Connection {
    Connection::open(directory.join("matou.db")).unwrap()
}

#[test]
fn an_account_still_exists_when_the_store_is_opened_again() {
    let directory = directory();
    accounts(directory.path())
        .add("arnaud", &password("townhall"))
        .unwrap();
    let accounts = accounts(directory.path());
    assert!(accounts.contains("arnaud").unwrap());
    assert!(accounts.is_right("arnaud", &password("townhall")).unwrap());
    assert!(!accounts.is_right("arnaud", &password("Townhall")).unwrap());
    assert!(!accounts.contains("Arnaud").unwrap());
    assert!(!accounts.contains("arnaud ").unwrap());
}

#[test]
fn changing_and_removing_an_account_does_not_change_others() {
    let directory = directory();
    let accounts = accounts(directory.path());
    for login in ["zoé", "arnaud"] {
        accounts.add(login, &password("first")).unwrap();
    }
    // A second store that has the same database open sees the change at once.
    let elsewhere = self::accounts(directory.path());
    accounts
        .change_password("arnaud", &password("second"))
        .unwrap();
    assert!(elsewhere.is_right("arnaud", &password("second")).unwrap());
    assert!(!elsewhere.is_right("arnaud", &password("first")).unwrap());
    assert_eq!(elsewhere.logins().unwrap(), ["arnaud", "zoé"]);
    accounts.remove("arnaud").unwrap();
    assert_eq!(elsewhere.logins().unwrap(), ["zoé"]);
    assert!(elsewhere.is_right("zoé", &password("first")).unwrap());
}

#[test]
fn a_refused_change_changes_nothing() {
    let directory = directory();
    let accounts = accounts(directory.path());
    accounts.add("arnaud", &password("townhall")).unwrap();
    let again = accounts.add("arnaud", &password("other"));
    assert!(matches!(again, Err(AccountError::Exists { login }) if login == "arnaud"));
    let unknown = accounts.change_password("unknown", &password("other"));
    assert!(matches!(unknown, Err(AccountError::Unknown { .. })));
    let unknown = accounts.remove("unknown");
    assert!(matches!(unknown, Err(AccountError::Unknown { .. })));
    let unseen = accounts.add("\u{200b}", &password("other"));
    let refused = NameRefused::Invisible('\u{200b}');
    assert!(matches!(unseen, Err(AccountError::Login(why)) if why == refused));
    let empty = accounts.change_password("arnaud", &password(""));
    let refused = PasswordRefused::Empty;
    assert!(matches!(empty, Err(AccountError::Password(why)) if why == refused));
    assert_eq!(accounts.logins().unwrap(), ["arnaud"]);
    assert!(accounts.is_right("arnaud", &password("townhall")).unwrap());
}

#[test]
fn an_unknown_login_costs_one_hash_like_a_wrong_password() {
    let directory = directory();
    let accounts = accounts(directory.path());
    accounts.add("arnaud", &password("townhall")).unwrap();
    let cost = |login: &str, text: &str| {
        let before = accounts.hashes();
        let right = accounts.is_right(login, &password(text)).unwrap();
        (right, accounts.hashes() - before)
    };
    assert_eq!(cost("arnaud", "townhall"), (true, 1));
    assert_eq!(cost("arnaud", "wrong"), (false, 1));
    assert_eq!(cost("unknown", "townhall"), (false, 1));
}

#[test]
fn a_list_is_imported_as_a_whole_or_not_at_all() {
    let directory = directory();
    let accounts = accounts(directory.path());
    accounts.add("arnaud", &password("old")).unwrap();
    let list = read_lines("arnaud$new\nlouis$seashell\npierre-jean$pa$$word\n").unwrap();
    let imported = accounts.import(&list, Existing::Keep).unwrap();
    let (added, changed, kept) = (2, 0, 1);
    let expected = Imported {
        added,
        changed,
        kept,
    };
    assert_eq!(imported, expected);
    assert!(accounts.is_right("arnaud", &password("old")).unwrap());
    assert!(
        accounts
            .is_right("pierre-jean", &password("pa$$word"))
            .unwrap()
    );

    let imported = accounts.import(&list, Existing::Change).unwrap();
    assert_eq!((imported.added, imported.changed, imported.kept), (0, 3, 0));
    assert!(accounts.is_right("arnaud", &password("new")).unwrap());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files_of_the_store() {
    use std::os::unix::fs::PermissionsExt;

    let parent = directory();
    let directory = parent.path().join("not").join("there");
    let accounts = accounts(&directory);
    accounts.add("arnaud", &password("townhall")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(directory.parent().unwrap()), 0o700);
    let mut files = 0;
    for file in fs::read_dir(&directory).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        files += 1;
    }
    // The three files are the database, its write-ahead log, and the index of that log.
    assert_eq!(files, 3);
}

#[test]
fn no_file_of_the_store_contains_a_password() {
    let directory = directory();
    let secret = "a password that is easy to find";
    accounts(directory.path())
        .add("arnaud", &password(secret))
        .unwrap();
    for file in fs::read_dir(directory.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found);
    }
    let kept: String = database(directory.path())
        .query_row("SELECT password FROM accounts", [], |row| row.get(0))
        .unwrap();
    assert!(
        kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{kept}"
    );
}

#[test]
fn several_threads_that_open_a_new_store_at_once_create_it_once() {
    let directory = directory();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = directory.path();
            scope.spawn(move || {
                let login = format!("number {number}");
                accounts(path).add(&login, &password("p")).unwrap();
            });
        }
    });
    assert_eq!(accounts(directory.path()).logins().unwrap().len(), 8);
}

#[test]
fn an_older_database_is_upgraded() {
    let directory = directory();
    let old = database(directory.path());
    old.execute_batch(
        "CREATE TABLE accounts (login TEXT NOT NULL PRIMARY KEY, password TEXT NOT NULL) STRICT, WITHOUT ROWID;
         INSERT INTO accounts VALUES ('arnaud', 'unreadable');
         PRAGMA application_id = 0x6d61746f;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    let version = || -> i64 {
        let query = old.pragma_query_value(None, "user_version", |row| row.get(0));
        query.unwrap()
    };
    assert_eq!(version(), 1);
    assert_eq!(accounts(directory.path()).logins().unwrap(), ["arnaud"]);
    assert!(version() > 1);
}

/// Returns the error with which the store refuses a directory. Checks that the database did not change.
fn refused(directory: &Path) -> StoreError {
    let path = directory.join("matou.db");
    let before = fs::read(&path).ok();
    let error = Store::open(directory).expect_err("it cannot be used");
    assert_eq!(fs::read(&path).ok(), before);
    let told = error.to_string();
    assert!(told.contains(&*directory.to_string_lossy()), "{told}");
    error
}

#[test]
fn a_file_that_is_no_database_is_reported_as_damaged() {
    let directory = directory();
    let path = directory.path().join("matou.db");
    fs::write(&path, "This is a poem about a cat.\n".repeat(200)).unwrap();
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_folder_or_a_fifo_is_no_database() {
    let make_folder = |path: &Path| fs::create_dir(path).unwrap();
    let make_fifo = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    for make in [&make_folder as &dyn Fn(&Path), &make_fifo] {
        let data = directory();
        make(&data.path().join("matou.db"));
        for open in [Store::open, Store::open_existing, Store::open_to_read] {
            let told = open(data.path()).unwrap_err().to_string();
            assert!(
                told.contains("matou.db: it is not a regular file"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_database_that_was_cut_off_is_not_taken_for_a_new_one() {
    let directory = directory();
    drop(accounts(directory.path()));
    let file = fs::OpenOptions::new()
        .write(true)
        .open(directory.path().join("matou.db"))
        .unwrap();
    for length in [0, 1, 511] {
        file.set_len(length).unwrap();
        let error = refused(directory.path());
        let told = error.to_string();
        assert!(matches!(error, StoreError::Damaged { .. }), "{told}");
        assert!(told.contains(&format!("only {length} bytes")), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn accounts_can_be_read_where_nothing_can_be_written() {
    use std::os::unix::fs::PermissionsExt;

    let directory = directory();
    let accounts = accounts(directory.path());
    accounts.add("arnaud", &password("townhall")).unwrap();
    drop(accounts);
    let path = directory.path().join("matou.db");
    let before = fs::read(&path).unwrap();
    let set =
        |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    // If root runs this test, these file modes have no effect. Even then, the test checks that the store can be opened for
    // reading.
    set(&path, 0o400);
    set(directory.path(), 0o500);
    let store = Store::open_to_read(directory.path()).unwrap();
    assert_eq!(Accounts::new(&store).logins().unwrap(), ["arnaud"]);
    assert!(Accounts::new(&store).remove("arnaud").is_err());
    drop(store);
    set(directory.path(), 0o700);
    assert_eq!(fs::read(&path).unwrap(), before);
    let nowhere = Store::open_to_read(&directory.path().join("none")).unwrap_err();
    assert!(matches!(nowhere, StoreError::Missing { .. }), "{nowhere}");
}

#[cfg(unix)]
#[test]
fn data_that_others_may_change_is_told_and_no_key_is_kept_there() {
    use matou_server::net::Certificate;
    use matou_server::store::exposed;
    use std::os::unix::fs::PermissionsExt;

    let directory = directory();
    drop(accounts(directory.path()));
    let database = directory.path().join("matou.db");
    let key = directory.path().join("tls.pem");
    Certificate::kept_in(directory.path()).unwrap();
    let set =
        |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    for (path, open, shut, is_told, keeps) in [
        (directory.path(), 0o777, 0o700, true, false),
        (directory.path(), 0o755, 0o700, false, true),
        (&*database, 0o660, 0o600, true, true),
        (&*key, 0o644, 0o600, false, false),
    ] {
        set(path, open);
        let told = exposed(directory.path());
        assert_eq!(told.is_some(), is_told, "{told:?}");
        assert_eq!(Certificate::kept_in(directory.path()).is_ok(), keeps);
        set(path, shut);
    }
}

#[test]
fn an_obstacle_to_writing_is_told_with_what_to_do() {
    use std::io::ErrorKind;

    for (kind, says) in [
        (ErrorKind::StorageFull, "free some space"),
        (
            ErrorKind::PermissionDenied,
            "run matou as the user that owns this path",
        ),
        (ErrorKind::ReadOnlyFilesystem, "--data DIR"),
    ] {
        let (path, cause) = ("matou.db".into(), kind.into());
        let told = StoreError::Unwritable { path, cause }.to_string();
        assert!(told.starts_with("cannot write matou.db: "), "{told}");
        assert!(told.contains(says), "{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_keeps_the_database_from_being_written_is_told_in_the_words_of_the_system() {
    let directory = directory();
    drop(accounts(directory.path()));
    // The link points to a place where no user can create a file, not even root.
    let link = directory.path().join("matou.db-wal");
    std::os::unix::fs::symlink("/proc/none/wal", &link).unwrap();
    let error = Store::open(directory.path()).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains(&*directory.path().to_string_lossy()),
        "{told}"
    );
    // `/proc` is a file system in which no program can create a file.
    let told = Store::open(Path::new("/proc/self"))
        .unwrap_err()
        .to_string();
    assert!(told.contains("/proc/self"), "{told}");
}

#[test]
fn a_database_with_a_hole_is_reported_as_damaged() {
    let directory = directory();
    accounts(directory.path())
        .add("arnaud", &password("townhall"))
        .unwrap();
    let path = directory.path().join("matou.db");
    // The test first merges the write-ahead log into the database. Then it damages the file, but not the file's header.
    database(directory.path())
        .execute_batch("PRAGMA journal_mode = DELETE")
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    for byte in &mut bytes[4096..] {
        *byte = 0xa5;
    }
    fs::write(&path, bytes).unwrap();
    let error = Store::open(directory.path()).expect_err("its tables are gone");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_database_of_a_newer_version_is_not_changed() {
    let directory = directory();
    drop(accounts(directory.path()));
    let newer = database(directory.path());
    newer.execute_batch("PRAGMA user_version = 1000").unwrap();
    drop(newer);
    let error = refused(directory.path());
    assert!(
        matches!(error, StoreError::Newer { found: 1000, .. }),
        "{error}"
    );
}

#[test]
fn the_database_of_another_program_is_not_changed() {
    let directory = directory();
    let theirs = database(directory.path());
    theirs
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE cats (name TEXT)")
        .unwrap();
    drop(theirs);
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

#[test]
fn a_database_that_another_program_has_locked_is_reported_as_locked() {
    let directory = directory();
    drop(accounts(directory.path()));
    let holder = database(directory.path());
    holder
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let error = refused(directory.path());
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(holder);
    accounts(directory.path());
}

#[test]
fn a_file_in_the_place_of_the_directory_is_reported() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refused(&file);
    assert!(matches!(error, StoreError::Directory { .. }), "{error}");
}
