//! `matou account`: manages the accounts of ChatHack. If the server is running, a change takes effect at the next login.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::data::DataArgs;
use super::output::{failed, print};
use super::password::first_line;
use super::{WRONG_USAGE, complain};
use matou_protocols::room::Visible;
use matou_server::store::{Accounts, Existing, Imported, Password, read_lines};

/// Manage the accounts of ChatHack
///
/// The server may be running. A change takes effect at the next login.
#[derive(Debug, Args)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Add an account; the program asks for its password on the terminal
    Add(OneAccount),
    /// Change the password of an account
    Passwd(OneAccount),
    /// Remove an account; a client that is logged in with this account stays connected until it leaves
    Remove {
        /// Login of the account
        login: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List the logins of all accounts, one per line, sorted
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Add the accounts of a file in which each line is login$password; if a line has an error, no account is added
    Import {
        /// File to import, in UTF-8
        file: PathBuf,
        /// Replace the passwords of existing accounts; without this option the old passwords are kept
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Debug, Args)]
struct OneAccount {
    /// Login of the account: at most 255 bytes, only visible characters
    login: String,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn run(arguments: AccountArgs) -> ExitCode {
    match obey(arguments.command) {
        // The change is saved on the disk before this line is printed.
        Ok(done) => match print(&done) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => failed(&why, WRONG_USAGE),
        },
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn obey(command: AccountCommand) -> Result<String, String> {
    match command {
        AccountCommand::Add(one) => {
            let (login, accounts) = (one.login, accounts(one.data)?);
            accounts.check_new(&login).map_err(as_sentence)?;
            let password = new_password(one.password_stdin)?;
            accounts.add(&login, &password).map_err(as_sentence)?;
            Ok(format!("added {login}\n"))
        }
        AccountCommand::Passwd(one) => {
            let (login, accounts) = (one.login, existing(one.data)?);
            accounts.check_known(&login).map_err(as_sentence)?;
            let password = new_password(one.password_stdin)?;
            let changed = accounts.change_password(&login, &password);
            changed.map_err(as_sentence)?;
            Ok(format!("changed the password of {login}\n"))
        }
        AccountCommand::Remove { login, data } => {
            existing(data)?.remove(&login).map_err(as_sentence)?;
            Ok(format!("removed {login}\n"))
        }
        AccountCommand::List { data } => {
            let store = data.store_to_read().map_err(as_sentence)?;
            let logins = Accounts::new(&store).logins().map_err(as_sentence)?;
            let shown = |login: &String| format!("{}\n", Visible(login));
            Ok(logins.iter().map(shown).collect())
        }
        AccountCommand::Import {
            file,
            replace,
            data,
        } => import(&file, replace, data),
    }
}

fn import(file: &PathBuf, replace: bool, data: DataArgs) -> Result<String, String> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let list = read_lines(&text).map_err(|mistakes| {
        let mistakes: Vec<_> = mistakes.iter().map(|bad| format!("\n  {bad}")).collect();
        format!("nothing was imported from {shown}:{}", mistakes.concat())
    })?;
    let existing = if replace {
        Existing::Change
    } else {
        Existing::Keep
    };
    let imported = accounts(data)?.import(&list, existing);
    let Imported {
        added,
        changed,
        kept,
    } = imported.map_err(as_sentence)?;
    Ok(match (replace, kept) {
        (true, _) => format!("added {added}, changed {changed}\n"),
        (false, 0) => format!("added {added}\n"),
        (false, _) => {
            format!(
                "added {added}, kept {kept} that already existed (to change existing passwords, use --replace)\n"
            )
        }
    })
}

fn accounts(data: DataArgs) -> Result<Accounts, String> {
    let store = data.store().map_err(as_sentence)?;
    Ok(Accounts::new(&store))
}

/// Opens the accounts of an existing database.
fn existing(data: DataArgs) -> Result<Accounts, String> {
    let store = data.existing_store().map_err(as_sentence)?;
    Ok(Accounts::new(&store))
}

fn new_password(from_stdin: bool) -> Result<Password, String> {
    if from_stdin {
        return password_line(io::stdin().lock());
    }
    if !io::stdin().is_terminal() {
        return Err(
            "cannot ask for the password: standard input is not a terminal; use --password-stdin"
                .to_owned(),
        );
    }
    let ask = |prompt| {
        super::password::ask(prompt)
            .map(Password::new)
            .map_err(|error| format!("cannot ask for the password: {error}"))
    };
    let password = ask("Password: ")?;
    password.check().map_err(as_sentence)?;
    if ask("Again: ")? != password {
        return Err("the two passwords are different; nothing was changed".to_owned());
    }
    Ok(password)
}

fn password_line(mut input: impl BufRead) -> Result<Password, String> {
    let line = first_line(&mut input)
        .map_err(|error| format!("cannot read the password from standard input: {error}"))?;
    let password = Password::new(line);
    password.check().map_err(as_sentence)?;
    Ok(password)
}

fn as_sentence(error: impl std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use matou_server::store::MAX_PASSWORD_BYTES;

    #[test]
    fn a_password_is_the_first_line_without_its_end() {
        for input in [
            "pa$$ word\n",
            "pa$$ word\r\n",
            "pa$$ word",
            "pa$$ word\nrest\n",
        ] {
            let read = password_line(input.as_bytes());
            assert_eq!(read, Ok(Password::new("pa$$ word")), "{input:?}");
        }
        assert!(password_line(&b"\n"[..]).is_err());
        assert!(password_line(&b"\xff\n"[..]).is_err());
        let longest = "p".repeat(MAX_PASSWORD_BYTES);
        assert!(password_line(format!("{longest}\r\n").as_bytes()).is_ok());
        assert!(password_line(format!("{longest}p\n").as_bytes()).is_err());
    }
}
