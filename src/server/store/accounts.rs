use std::fmt;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::password::Hasher;
use super::{AccountLine, Password, PasswordRefused, Store, StoreError};
use matou_protocols::room::{NameRefused, check_name};

/// The login of an account takes at most this many bytes.
pub const MAX_LOGIN_BYTES: usize = 255;

/// Who may log in with which password.
///
/// Everything here may take long, for a hash or for the disk: it is for workers and for the command line.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Store,
    hasher: Arc<Hasher>,
}

/// Why an account stays as it is.
#[derive(Debug)]
pub enum AccountError {
    /// The login may not be one.
    Login(NameRefused),
    /// The password may not be one.
    Password(PasswordRefused),
    /// There is one already.
    Exists {
        /// Its login.
        login: String,
    },
    /// There is none.
    Unknown {
        /// The login that was named.
        login: String,
    },
    /// The system cannot make hashes, for lack of memory or of random numbers.
    Hash(String),
    /// The database.
    Store(StoreError),
}

/// What becomes of accounts that an imported list names, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They keep their passwords.
    Keep,
    /// They get the passwords of the list.
    Change,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Accounts that are new.
    pub added: usize,
    /// Accounts that have another password now.
    pub changed: usize,
    /// Accounts that were there and are as they were.
    pub kept: usize,
}

impl Accounts {
    /// The accounts of a store.
    pub fn new(store: &Store) -> Accounts {
        Accounts {
            store: store.clone(),
            hasher: Arc::default(),
        }
    }

    /// Whether an account of this login could be made now: for whoever would like to know before a password is chosen.
    ///
    /// # Errors
    /// When the login may not be one, when there is such an account, or when the database cannot be read.
    pub fn check_new(&self, login: &str) -> Result<(), AccountError> {
        check_name(login, MAX_LOGIN_BYTES).map_err(AccountError::Login)?;
        match self.contains(login)? {
            true => Err(AccountError::exists(login)),
            false => Ok(()),
        }
    }

    /// Whether there is an account of this login now.
    ///
    /// # Errors
    /// When there is none, or when the database cannot be read.
    pub fn check_known(&self, login: &str) -> Result<(), AccountError> {
        match self.contains(login)? {
            true => Ok(()),
            false => Err(AccountError::unknown(login)),
        }
    }

    /// Makes an account.
    ///
    /// # Errors
    /// When the login or the password may not be one, when there is such an account, or when it cannot be written.
    pub fn add(&self, login: &str, password: &Password) -> Result<(), AccountError> {
        check_name(login, MAX_LOGIN_BYTES).map_err(AccountError::Login)?;
        let kept = self.hash(password)?;
        match self.store.with(|database| insert(database, login, &kept))? {
            1 => Ok(()),
            _ => Err(AccountError::exists(login)),
        }
    }

    /// Gives an account another password.
    ///
    /// # Errors
    /// When the password may not be one, when there is no such account, or when it cannot be written.
    pub fn change_password(&self, login: &str, password: &Password) -> Result<(), AccountError> {
        let kept = self.hash(password)?;
        match self.store.with(|database| update(database, login, &kept))? {
            0 => Err(AccountError::unknown(login)),
            _ => Ok(()),
        }
    }

    /// Ends an account. Whoever is logged in under it stays until they leave.
    ///
    /// # Errors
    /// When there is no such account, or when it cannot be written.
    pub fn remove(&self, login: &str) -> Result<(), AccountError> {
        let removed = self
            .store
            .with(|database| database.execute("DELETE FROM accounts WHERE login = ?1", [login]))?;
        match removed {
            0 => Err(AccountError::unknown(login)),
            _ => Ok(()),
        }
    }

    /// The logins of all accounts, sorted by their bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn logins(&self) -> Result<Vec<String>, StoreError> {
        self.store.with(|database| {
            let mut statement = database.prepare("SELECT login FROM accounts ORDER BY login")?;
            let logins = statement.query_map([], |row| row.get(0))?;
            logins.collect()
        })
    }

    /// Whether there is an account of this login.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn contains(&self, login: &str) -> Result<bool, StoreError> {
        Ok(self.kept(login)?.is_some())
    }

    /// Whether this is the password of this login's account. For a login without account it is not, and to find that out takes
    /// as long.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_right(&self, login: &str, password: &Password) -> Result<bool, StoreError> {
        let kept = self.kept(login)?;
        Ok(self.hasher.verify(password, kept.as_deref()))
    }

    /// Makes the accounts of a list: all of them, or none.
    ///
    /// # Errors
    /// When they cannot be written.
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

    /// How many password hashes were computed, by any handle on these accounts.
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

    /// On all cores, and before the database is locked: a list of a thousand takes half a minute of one.
    fn hash_all(&self, list: &[AccountLine]) -> Result<Vec<String>, AccountError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = list.len().div_ceil(cores).max(1);
        let hash_share = |share: &[AccountLine]| -> Result<Vec<String>, AccountError> {
            share.iter().map(|line| self.hash(&line.password)).collect()
        };
        thread::scope(|scope| {
            let shares: Vec<_> = list
                .chunks(share)
                .map(|share| scope.spawn(move || hash_share(share)))
                .collect();
            let mut hashes = Vec::with_capacity(list.len());
            for share in shares {
                let failed = |_| AccountError::Hash("a thread failed".to_owned());
                hashes.extend(share.join().map_err(failed)??);
            }
            Ok(hashes)
        })
    }
}

/// One when it is new, zero when it was there.
fn insert(database: &Connection, login: &str, kept: &str) -> rusqlite::Result<usize> {
    let insert = "INSERT INTO accounts (login, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    database.execute(insert, params![login, kept])
}

/// One when it was there.
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
                "there is an account {login:?} already; matou account passwd changes its password"
            ),
            AccountError::Unknown { login } => write!(
                f,
                "there is no account {login:?}; matou account list shows those there are"
            ),
            AccountError::Hash(why) => f.write_str(why),
            AccountError::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AccountError {}
