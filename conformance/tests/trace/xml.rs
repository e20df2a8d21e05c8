//! A small check that a document is well-formed XML: tags are correctly nested, attributes are in quotes, and text has no
//! bare `<`, `&` or control character.

/// Checks a document.
///
/// # Panics
///
/// Panics if the document is not well-formed.
pub(crate) fn assert_well_formed(document: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document;
    let mut roots = 0;
    while let Some((text, after)) = rest.split_once('<') {
        assert_text(text, document);
        assert!(
            !open.is_empty() || text.trim().is_empty(),
            "text outside the root"
        );
        let (tag, after) = after.split_once('>').expect("each tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "a tag closes the last one that is open"
            );
            continue;
        }
        let is_empty = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(
            name.chars().all(|each| each.is_ascii_alphabetic()),
            "{name}"
        );
        assert_attributes(attributes, document);
        roots += usize::from(open.is_empty());
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    assert_eq!(roots, 1, "a document has one root");
}

fn assert_attributes(attributes: &str, document: &str) {
    let mut rest = attributes.trim();
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("each attribute has a value");
        let (value, after) = after.split_once('"').expect("each value ends");
        assert!(!names.contains(&name), "{name} occurs twice");
        names.push(name);
        assert_text(value, document);
        rest = after.trim_start();
    }
}

fn assert_text(text: &str, document: &str) {
    let forbidden = |each: char| each.is_control() && !matches!(each, '\n' | '\t');
    assert!(
        !text.contains(forbidden) && !text.contains('<'),
        "{text:?} in {document}"
    );
    for reference in text.split('&').skip(1) {
        let (name, _) = reference.split_once(';').expect("each reference ends");
        let is_number = name.starts_with('#');
        let is_known = ["amp", "lt", "gt", "quot", "apos"].contains(&name);
        assert!(is_number || is_known, "&{name}; is not known");
    }
}
