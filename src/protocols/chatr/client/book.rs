//! The address book: the names that a user gives to other clients. The protocol identifies clients only by their UUIDs,
//! which are hard to remember.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use crate::room::{NameRefused, check_name};

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Names for UUIDs. A UUID has at most one name, and two UUIDs never have the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book(BTreeMap<Uuid, String>);

/// Why a name cannot be given, or why a book cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookError {
    /// The name breaks the rules for names.
    Name(NameRefused),
    /// The name looks like a UUID.
    IsUuid,
    /// Another UUID has this name.
    Taken(Uuid),
    /// The line with this number is not valid: it has no UUID, or no name, or a name that this UUID cannot have.
    Line(usize),
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BookError::Name(refused) => refused.fmt(f),
            BookError::IsUuid => f.write_str("a name must not look like a UUID"),
            BookError::Taken(uuid) => write!(f, "this name belongs to {uuid}"),
            BookError::Line(line) => {
                write!(
                    f,
                    "line {line} must be a UUID, a space and a valid name that no other UUID has"
                )
            }
        }
    }
}

impl std::error::Error for BookError {}

impl Book {
    /// Reads a book: on each line a UUID, a space and a name. Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    ///
    /// Fails when a line has another form, or when a UUID cannot have the name on its line.
    pub fn parse(text: &str) -> Result<Book, BookError> {
        let mut book = Book::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || BookError::Line(index + 1);
            let (uuid, name) = line.split_once(' ').ok_or_else(wrong)?;
            let uuid = Uuid::try_parse(uuid).map_err(|_| wrong())?;
            book.name(uuid, name.trim()).map_err(|_| wrong())?;
        }
        Ok(book)
    }

    /// Gives a UUID a name. If the UUID already has a name, replaces it.
    ///
    /// # Errors
    ///
    /// Fails when the name breaks the rules for names or looks like a UUID, or when another UUID has this name.
    pub fn name(&mut self, uuid: Uuid, name: &str) -> Result<(), BookError> {
        check_name(name, MAX_NAME_BYTES).map_err(BookError::Name)?;
        if Uuid::try_parse(name).is_ok() {
            return Err(BookError::IsUuid);
        }
        match self.uuid_of(name) {
            Some(other) if other != uuid => Err(BookError::Taken(other)),
            _ => {
                self.0.insert(uuid, name.to_owned());
                Ok(())
            }
        }
    }

    /// Returns the name of a UUID, or the UUID itself when it has no name.
    pub fn name_of(&self, uuid: Uuid) -> String {
        self.0
            .get(&uuid)
            .cloned()
            .unwrap_or_else(|| uuid.to_string())
    }

    /// Returns the UUID that has this text as its name. If the text is itself a UUID, returns this UUID.
    pub fn find(&self, text: &str) -> Option<Uuid> {
        self.uuid_of(text).or_else(|| Uuid::try_parse(text).ok())
    }

    fn uuid_of(&self, name: &str) -> Option<Uuid> {
        let mut entries = self.0.iter();
        let found = entries.find(|(_, known)| *known == name);
        found.map(|(uuid, _)| *uuid)
    }

    /// Returns all names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// Writes the book in the form that [`Book::parse`] reads.
impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (uuid, name) in &self.0 {
            writeln!(f, "{uuid} {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Uuid = Uuid::from_u128(1);
    const BOB: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_book_is_read_as_it_is_written() {
        let mut book = Book::default();
        book.name(ALICE, "alice").unwrap();
        book.name(BOB, "bob the builder").unwrap();
        let text = format!("# mine\n\n{book}");
        assert_eq!(Book::parse(&text), Ok(book));
        assert_eq!(Book::parse(""), Ok(Book::default()));
    }

    #[test]
    fn a_uuid_is_found_by_its_name_or_itself() {
        let mut book = Book::default();
        book.name(ALICE, "alice").unwrap();
        assert_eq!(book.find("alice"), Some(ALICE));
        assert_eq!(book.find(&ALICE.to_string()), Some(ALICE));
        assert_eq!(book.find(&BOB.to_string().to_uppercase()), Some(BOB));
        assert_eq!(book.find("bob"), None);
        assert_eq!(book.name_of(ALICE), "alice");
        assert_eq!(book.name_of(BOB), BOB.to_string());
    }

    #[test]
    fn each_uuid_has_one_name_and_no_two_have_the_same() {
        let mut book = Book::default();
        book.name(ALICE, "alice").unwrap();
        book.name(ALICE, "alice").unwrap();
        assert_eq!(book.name(BOB, "alice"), Err(BookError::Taken(ALICE)));
        book.name(ALICE, "lady").unwrap();
        book.name(BOB, "alice").unwrap();
        assert_eq!(book.find("alice"), Some(BOB));
        assert_eq!(book.names().count(), 2);
    }

    #[test]
    fn a_name_must_be_visible_and_must_not_be_a_uuid() {
        let mut book = Book::default();
        for name in ["", " alice", "al\u{202e}ice", &"x".repeat(65)] {
            assert!(matches!(book.name(ALICE, name), Err(BookError::Name(_))));
        }
        assert_eq!(book.name(ALICE, &BOB.to_string()), Err(BookError::IsUuid));
    }

    #[test]
    fn an_error_names_the_wrong_line() {
        for wrong in [
            "alice",
            "1 alice",
            &format!("{ALICE}"),
            &format!("{ALICE} a\n{BOB} a"),
        ] {
            let line = wrong.lines().count();
            assert_eq!(Book::parse(wrong), Err(BookError::Line(line)), "{wrong}");
        }
    }
}
