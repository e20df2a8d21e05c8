//! The shape of a failure: what was expected and what arrived, without the values of one run.

use crate::run::Failure;

/// Returns, for example, `LOGIN_ACCEPTED nothing` or `MESSAGE MESSAGE.msg`: the expected packet, and the packet that arrived,
/// with the first field that differs.
pub(super) fn of(failure: &Failure) -> String {
    let expected = head(&failure.expected);
    let got = head(&failure.got);
    let mut fields = failure.fields.iter();
    match fields.find(|field| field.differs) {
        Some(field) if expected == got => format!("{expected} {got}.{}", field.name),
        _ => format!("{expected} {got}"),
    }
}

/// Returns the packet at the beginning of a sentence, or one word for what the sentence says.
fn head(sentence: &str) -> &str {
    let first = sentence.split([' ', ',', ';']).next().unwrap_or_default();
    let is_packet = first
        .chars()
        .all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_');
    if is_packet && first.chars().any(|each| each.is_ascii_uppercase()) {
        return first;
    }
    let kinds = [
        ("bytes that are not a frame", "garbage"),
        ("one of ", "one-of"),
        ("nothing", "nothing"),
        ("no bytes", "nothing"),
        ("the connection was", "end"),
        ("the end of the connection", "end"),
    ];
    let known = kinds.iter().find(|(start, _)| sentence.starts_with(start));
    match known {
        Some((_, kind)) => kind,
        None if sentence.contains("incomplete frame") => "half",
        None if first.chars().all(|each| each.is_ascii_digit()) => "bytes",
        None => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn a_head_names_the_packet_or_what_arrived() {
        for (sentence, wanted) in [
            ("MESSAGE login=\"ada\"", "MESSAGE"),
            ("MESSAGE_PRIVATE, a packet of a fence", "MESSAGE_PRIVATE"),
            ("no bytes, and no end of the connection", "nothing"),
            ("nothing within the time limit", "nothing"),
            ("the connection was closed (FIN)", "end"),
            ("5 bytes of an incomplete frame, then nothing", "half"),
            ("64 bytes: 00 01", "bytes"),
            ("one of \"refuses it\": LOGIN_REFUSED", "one-of"),
            ("bytes that are not a frame: opcode 9 is unknown", "garbage"),
            ("a target that continues to serve other clients", "other"),
        ] {
            assert_eq!(head(sentence), wanted, "{sentence}");
        }
    }
}
