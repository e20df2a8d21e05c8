use std::fmt;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::password::Hasher;
use super::{AccountLine, Password, PasswordRefused, Store, StoreError};
use matou_protocols::room::{NameRefused, check_name};

/// Maximum length of an account's login in bytes.
pub const MAX_LOGIN_BYTES: usize = 255;

/// The accounts: logins and their passwords.
///
/// Every method may block, because it waits for the disk or computes a hash. So only workers and
/// the command line may call them, and never a thread that holds a lock of the engine.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Store,
    hasher: Arc<Hasher>,
}

/// Why an account was not changed.
#[derive(Debug)]
pub enum AccountError {
    /// The login is not allowed.
    Login(NameRefused),
    /// The password is not allowed.
    Password(PasswordRefused),
    /// An account with this login exists already.
    Exists {
        /// The login.
        login: String,
    },
    /// No account has this login.
    Unknown {
        /// The login.
        login: String,
    },
    /// The password cannot be hashed, for example because the system has no memory or no random
    /// numbers.
    Hash(String),
    /// The database cannot be used.
    Store(StoreError),
}

/// What an import does with an account that already exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The import keeps its password.
    Keep,
    /// The import replaces its password with the password in the list.
    Change,
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Number of new accounts.
    pub added: usize,
    /// Number of accounts whose password was changed.
    pub changed: usize,
    /// Number of accounts that already existed and were not changed.
    pub kept: usize,
}

impl Accounts {
    /// Returns the accounts of a store.
    pub fn new(store: &Store) -> Accounts {
        Accounts {
            store: store.clone(),
            hasher: Arc::default(),
        }
    }

    /// Checks that an account with this login could be added now. The program calls this method
    /// before it asks for a password, so the user learns of an error before typing one.
    ///
    /// # Errors
    /// Fails when the login is not allowed, when the account exists, or when the database cannot be
    /// read.
    pub fn check_new(&self, login: &str) -> Result<(), AccountError> {
        check_name(login, MAX_LOGIN_BYTES).map_err(AccountError::Login)?;
        match self.contains(login)? {
            true => Err(AccountError::exists(login)),
            false => Ok(()),
        }
    }

    /// Checks that an account with this login exists now.
    ///
    /// # Errors
    /// Fails when the account does not exist, or when the database cannot be read.
    pub fn check_known(&self, login: &str) -> Result<(), AccountError> {
        match self.contains(login)? {
            true => Ok(()),
            false => Err(AccountError::unknown(login)),
        }
    }

    /// Adds an account.
    ///
    /// # Errors
    /// Fails when the login or the password is not allowed, when the account exists, or when the
    /// database cannot be written.
    pub fn add(&self, login: &str, password: &Password) -> Result<(), AccountError> {
        check_name(login, MAX_LOGIN_BYTES).map_err(AccountError::Login)?;
        let kept = self.hash(password)?;
        match self.store.with(|database| insert(database, login, &kept))? {
            1 => Ok(()),
            _ => Err(AccountError::exists(login)),
        }
    }

    /// Changes the password of an account.
    ///
    /// # Errors
    /// Fails when the password is not allowed, when the account does not exist, or when the
    /// database cannot be written.
    pub fn change_password(&self, login: &str, password: &Password) -> Result<(), AccountError> {
        let kept = self.hash(password)?;
        match self.store.with(|database| update(database, login, &kept))? {
            0 => Err(AccountError::unknown(login)),
            _ => Ok(()),
        }
    }

    /// Removes an account. A client that is logged in with this account stays connected.
    ///
    /// # Errors
    /// Fails when the account does not exist, or when the database cannot be written.
    pub fn remove(&self, login: &str) -> Result<(), AccountError> {
        let removed = self
            .store
            .with(|database| database.execute("DELETE FROM accounts WHERE login = ?1", [login]))?;
        match removed {
            0 => Err(AccountError::unknown(login)),
            _ => Ok(()),
        }
    }

    /// Returns the logins of all accounts, sorted by their bytes.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn logins(&self) -> Result<Vec<String>, StoreError> {
        self.store.with(|database| {
            let mut statement = database.prepare("SELECT login FROM accounts ORDER BY login")?;
            let logins = statement.query_map([], |row| row.get(0))?;
            logins.collect()
        })
    }

    /// Returns true when an account with this login exists.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn contains(&self, login: &str) -> Result<bool, StoreError> {
        Ok(self.kept(login)?.is_some())
    }

    /// Returns true when this is the password of this login's account. If the login has no account,
    /// returns false, but takes the same time as a real check. So a client cannot learn from this
    /// time which accounts exist.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn is_right(&self, login: &str, password: &Password) -> Result<bool, StoreError> {
        let kept = self.kept(login)?;
        Ok(self.hasher.verify(password, kept.as_deref()))
    }

    /// Adds all accounts of a list. If an error occurs, adds none of them.
    ///
    /// # Errors
    /// Fails when a password cannot be hashed, or when the database cannot be written.
    pub fn import(
        &self,
        list: &[AccountLine],
        existing: Existing,
    ) -> Result<Imported, AccountError> {
        let hashes = self.hash_all(list)?;
        let imported = self.store.with(|database| {
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut imported = Imported::default();
            for (AccountLine { login, .. }, kept) in list.iter().zip(&hashes) {
                if insert(&transaction, login, kept)? == 1 {
                    imported.added += 1;
                } else if existing == Existing::Change {
                    imported.changed += update(&transaction, login, kept)?;
                } else {
                    imported.kept += 1;
                }
            }
            transaction.commit()?;
            Ok(imported)
        });
        Ok(imported?)
    }

    /// Returns how many password hashes this value and all its clones have computed.
    pub fn hashes(&self) -> u64 {
        self.hasher.count()
    }

    fn kept(&self, login: &str) -> Result<Option<String>, StoreError> {
        self.store.with(|database| {
            let query = "SELECT password FROM accounts WHERE login = ?1";
            let mut statement = database.prepare_cached(query)?;
            statement.query_row([login], |row| row.get(0)).optional()
        })
    }

    fn hash(&self, password: &Password) -> Result<String, AccountError> {
        password.check().map_err(AccountError::Password)?;
        self.hasher.hash(password).map_err(AccountError::Hash)
    }

    /// Hashes the passwords of a list on all cores. A thousand hashes take about half a minute on
    /// one core, so all hashes are computed before the database is locked. Blocks until the threads
    /// of this call have ended.
    fn hash_all(&self, list: &[AccountLine]) -> Result<Vec<String>, AccountError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = list.len().div_ceil(cores).max(1);
        let hash_share = |share: &[AccountLine]| -> Result<Vec<String>, AccountError> {
            share.iter().map(|line| self.hash(&line.password)).collect()
        };
        thread::scope(|scope| {
            let shares: Vec<_> = list
                .chunks(share)
                .map(|share| {
                    thread::Builder::new()
                        .name("matou-import".to_owned())
                        .spawn_scoped(scope, move || hash_share(share))
                })
                .collect();
            let mut hashes = Vec::with_capacity(list.len());
            for share in shares {
                let not_started =
                    |error| AccountError::Hash(format!("cannot start a thread: {error}"));
                let failed = |_| {
                    AccountError::Hash(
                        "a thread that computes password hashes has failed".to_owned(),
                    )
                };
                hashes.extend(share.map_err(not_started)?.join().map_err(failed)??);
            }
            Ok(hashes)
        })
    }
}

/// Adds an account. Returns one when the account is new, and zero when it already exists.
fn insert(database: &Connection, login: &str, kept: &str) -> rusqlite::Result<usize> {
    let insert = "INSERT INTO accounts (login, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    database.execute(insert, params![login, kept])
}

/// Changes the password of an account. Returns one when the account exists, and zero when it does
/// not.
fn update(database: &Connection, login: &str, kept: &str) -> rusqlite::Result<usize> {
    let update = "UPDATE accounts SET password = ?2 WHERE login = ?1";
    database.execute(update, params![login, kept])
}

impl AccountError {
    fn exists(login: &str) -> AccountError {
        let login = login.to_owned();
        AccountError::Exists { login }
    }

    fn unknown(login: &str) -> AccountError {
        let login = login.to_owned();
        AccountError::Unknown { login }
    }
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> AccountError {
        AccountError::Store(error)
    }
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountError::Login(refused) => refused.fmt(f),
            AccountError::Password(refused) => refused.fmt(f),
            AccountError::Exists { login } => write!(
                f,
                "account {login:?} exists already; change its password with matou account passwd"
            ),
            AccountError::Unknown { login } => write!(
                f,
                "no account {login:?} exists; list all accounts with matou account list"
            ),
            AccountError::Hash(why) => f.write_str(why),
            AccountError::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AccountError {}
