//! UUIDs: 16 bytes on the wire, and a text for people.

use uuid::Uuid;

/// The number of bytes of a UUID.
pub(super) const UUID_BYTES: usize = 16;

/// Returns the text of a UUID of version 4 that is made from these bits.
#[must_use]
pub fn uuid_of(bits: u128) -> String {
    let builder = uuid::Builder::from_random_bytes(bits.to_be_bytes());
    builder.into_uuid().to_string()
}

/// Returns whether the text has the canonical form, such as `6ba7b810-9dad-11d1-80b4-00c04fd430c8`. In this form, equal
/// UUIDs are always equal texts.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

/// Returns the bytes of a UUID; `None` if the text is not a UUID.
pub(super) fn bytes_of_uuid(text: &str) -> Option<[u8; UUID_BYTES]> {
    Uuid::try_parse(text).ok().map(Uuid::into_bytes)
}

/// Returns the text of the UUID with these bytes.
pub(super) fn uuid_in_words(bytes: &[u8]) -> String {
    Uuid::from_slice(bytes).unwrap_or_default().to_string()
}
