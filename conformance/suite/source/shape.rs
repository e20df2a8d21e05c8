//! Checks that every reader of a tree needs: known properties, the number of arguments, and blocks in the right places.

use super::{Entry, Findings, Node, Span, Word, nearest};

/// The allowed parts of a node.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// The minimum and the maximum number of arguments.
    pub arguments: (usize, usize),
    /// The properties that it may have.
    pub properties: &'a [&'a str],
    /// Whether it may have a block.
    pub block: bool,
    /// An example, for the remedy.
    pub example: &'a str,
}

impl Shape<'_> {
    /// Reports everything that does not belong to the node; returns whether the node is right.
    pub fn check(&self, node: &Node, findings: &mut Findings) -> bool {
        let (least, most) = self.arguments;
        let help = format!("write: {}", self.example);
        let arguments: Vec<&Entry> = node.arguments().collect();
        let mut fine = true;
        if arguments.len() < least {
            findings.error(
                &node.file,
                node.name.span.clone(),
                format!("`{}` is not complete", node.name.text),
                &help,
            );
            fine = false;
        }
        if let Some(extra) = arguments.get(most) {
            findings.error(
                &node.file,
                extra.span.clone(),
                format!("`{extra}` does not belong here"),
                &help,
            );
            fine = false;
        }
        for (key, _) in node.properties() {
            if !self.properties.contains(&key.text.as_str()) {
                let message = format!("`{}` has no {}", node.name.text, key.text);
                findings.error(
                    &node.file,
                    key.span.clone(),
                    message,
                    self.known_properties(key),
                );
                fine = false;
            }
        }
        if !self.block && node.children.is_some() {
            findings.error(
                &node.file,
                node.name.span.clone(),
                format!("`{}` has no block", node.name.text),
                &help,
            );
            fine = false;
        }
        fine
    }

    fn known_properties(&self, written: &Word) -> String {
        did_you_mean(&written.text, self.properties.iter().copied())
            .unwrap_or_else(|| format!("write: {}", self.example))
    }
}

/// Returns `did you mean X?`, if one of the known names is similar.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|name| format!("did you mean {name}?"))
}

/// Returns `did you mean X?`, or the whole list.
#[must_use]
pub fn one_of<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    did_you_mean(written, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
        [] => "there are none yet".to_owned(),
        [only] => format!("there is only {only}"),
        _ => format!("there are: {}", known.join(", ")),
    })
}

/// Reports a second thing with the same name; returns whether it is the first.
pub fn is_first(
    seen: &mut std::collections::BTreeSet<String>,
    name: &str,
    what: &str,
    node: &Node,
    span: &Span,
    findings: &mut Findings,
) -> bool {
    if seen.insert(name.to_owned()) {
        return true;
    }
    findings.error(
        &node.file,
        span.clone(),
        format!("there is a second {what} {name}"),
        "give one of them another name, or remove it",
    );
    false
}
