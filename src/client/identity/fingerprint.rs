use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate or of a public key in DER: short enough for people to compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of these bytes.
    pub fn of(der: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(der).into())
    }
}

/// Writes pairs of digits with colons between them, as OpenSSL does.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 32 bytes in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FingerprintError;

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
    }
}

impl std::error::Error for FingerprintError {}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Parses a fingerprint with or without colons, with or without a leading `sha256:`, in upper or lower case.
    fn from_str(text: &str) -> Result<Fingerprint, FingerprintError> {
        let text = text.trim();
        let digits = match text.get(..7) {
            Some(prefix) if prefix.eq_ignore_ascii_case("sha256:") => &text[7..],
            _ => text,
        };
        let nibbles: Option<Vec<u8>> = digits
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let nibbles = nibbles.ok_or(FingerprintError)?;
        let (pairs, []) = nibbles.as_chunks::<2>() else {
            return Err(FingerprintError);
        };
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        bytes
            .try_into()
            .map(Fingerprint)
            .map_err(|_| FingerprintError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The SHA-256 of `abc`, from the examples of FIPS 180-4.
    const ABC: &str = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

    #[test]
    fn it_is_written_as_openssl_writes_it() {
        assert_eq!(Fingerprint::of(b"abc").to_string(), ABC);
    }

    #[rstest]
    #[case(ABC.to_owned())]
    #[case(ABC.to_lowercase())]
    #[case(ABC.replace(':', ""))]
    #[case(format!("sha256:{}", ABC.replace(':', "").to_lowercase()))]
    #[case(format!(" SHA256:{ABC}\n"))]
    fn it_is_read_in_any_form(#[case] text: String) {
        assert_eq!(text.parse(), Ok(Fingerprint::of(b"abc")));
    }

    #[rstest]
    #[case("")]
    #[case("BA:78")]
    #[case("sha256:é")]
    #[case(
        "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:A"
    )]
    #[case(
        "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD:00"
    )]
    #[case(
        "XA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
    )]
    fn anything_else_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError));
    }
}
