//! Reads profiles and files of known deviations. Every mistake is reported with its place and with what to write instead.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Profile;
use crate::source::{
    Diagnostics, Findings, Mistake, Node, Shape, SourceFile, Span, one_of, parse, read_text,
};
use crate::suite::Suite;

/// Reads the profile of a target. The profile must be for the protocol of this suite.
///
/// # Errors
///
/// Returns every mistake in the file.
pub fn read_profile(path: &Path, suite: &Suite) -> Result<Profile, Diagnostics> {
    let mut reader = Reader::open(path, suite);
    let mut profile = Profile::default();
    for node in reader.nodes() {
        match node.name.text.as_str() {
            "protocol" => reader.protocol(&node),
            "set" => reader.setting(&node, &mut profile.settings),
            "reading" => reader.reading(&node, &mut profile.readings),
            "unsupported" => reader.unsupported(&node, &mut profile.unsupported),
            "scale" => profile.scale = reader.scale(&node).or(profile.scale),
            word => {
                let known = ["protocol", "set", "reading", "unsupported", "scale"];
                let help = one_of(word, known);
                reader.mistake(
                    &node,
                    &node.name.span,
                    "this word has no meaning in a profile".to_owned(),
                    help,
                );
            }
        }
    }
    reader.finish(profile)
}

/// Reads a file of known deviations: each line has the id of a case, and the reason in quotes.
///
/// # Errors
///
/// Returns every mistake in the file, including the id of a case that the suite does not have.
pub fn read_known(path: &Path, suite: &Suite) -> Result<BTreeMap<String, String>, Diagnostics> {
    const SHAPE: Shape<'static> = Shape {
        arguments: (1, 1),
        properties: &[],
        block: false,
        example: "login-taken \"the server accepts the second client, too; ticket 12\"",
    };
    let mut reader = Reader::open(path, suite);
    let mut known = BTreeMap::new();
    for node in reader.nodes() {
        if SHAPE.check(&node, &mut reader.findings) {
            let name = (node.name.text.clone(), node.name.span.clone());
            reader.case_with_reason(&node, name, 0, &mut known);
        }
    }
    reader.finish(known)
}

struct Reader<'a> {
    suite: &'a Suite,
    file: Arc<SourceFile>,
    findings: Findings,
}

impl<'a> Reader<'a> {
    fn open(path: &Path, suite: &'a Suite) -> Reader<'a> {
        let name = path.display().to_string();
        let mut findings = Findings::default();
        let text = read_text(path).unwrap_or_else(|error| {
            let unread = Arc::new(SourceFile::new(name.clone(), ""));
            let help = "check the path, and check that the file is text in UTF-8";
            let mistake = Mistake::new(format!("cannot read the file: {error}"), help);
            findings.error(&(unread, 0..0), mistake);
            String::new()
        });
        Reader {
            suite,
            file: Arc::new(SourceFile::new(name, text)),
            findings,
        }
    }

    fn nodes(&mut self) -> Vec<Node> {
        parse(&self.file, &mut self.findings).unwrap_or_default()
    }

    fn finish<T>(self, found: T) -> Result<T, Diagnostics> {
        match self.findings.have_errors() {
            true => Err(self.findings.into_diagnostics()),
            false => Ok(found),
        }
    }

    fn mistake(&mut self, node: &Node, span: &Span, message: String, help: String) {
        let mistake = Mistake::new(message, help);
        self.findings.error(&(&node.file, span.clone()), mistake);
    }

    /// Returns the arguments of a node as texts. If the node does not have exactly `COUNT` arguments that are all texts,
    /// reports a mistake and returns `None`.
    fn texts<const COUNT: usize>(&mut self, node: &Node, example: &str) -> Option<[String; COUNT]> {
        let shape = Shape {
            arguments: (COUNT, COUNT),
            properties: &[],
            block: false,
            example,
        };
        if !shape.check(node, &mut self.findings) {
            return None;
        }
        let texts: Vec<String> = node.arguments().filter_map(|entry| entry.name()).collect();
        let texts = texts.try_into().ok();
        if texts.is_none() {
            let message = format!(
                "the arguments of `{}` must be words, or texts in quotes",
                node.name.text
            );
            self.mistake(node, &node.span, message, format!("write: {example}"));
        }
        texts
    }

    fn span(node: &Node, argument: usize) -> Span {
        let entry = node.arguments().nth(argument);
        entry.map_or(node.span.clone(), |entry| entry.span.clone())
    }

    fn first<T>(&mut self, node: &Node, name: String, value: T, into: &mut BTreeMap<String, T>) {
        if into.insert(name.clone(), value).is_some() {
            let message = format!("{name} is given twice");
            let help = "remove one of them".to_owned();
            self.mistake(node, &node.span, message, help);
        }
    }

    fn protocol(&mut self, node: &Node) {
        let own = self.suite.name.clone();
        let Some([name]) = self.texts(node, &format!("protocol {own}")) else {
            return;
        };
        if name != own {
            let message =
                format!("this profile is for the protocol {name}, but the suite is {own}");
            let help = format!("use it with: conformance run {name} --profile ...");
            self.mistake(node, &Reader::span(node, 0), message, help);
        }
    }

    fn setting(&mut self, node: &Node, settings: &mut BTreeMap<String, String>) {
        if let Some([name, value]) = self.texts(node, "set identify-timeout \"60s\"") {
            self.first(node, name, value, settings);
        }
    }

    fn reading(&mut self, node: &Node, readings: &mut BTreeMap<String, String>) {
        let Some([name, choice]) = self.texts(node, "reading long-width \"8\"") else {
            return;
        };
        let suite = self.suite;
        let Some(reading) = suite.grammar.reading_named(&name) else {
            let known = suite.grammar.readings.iter();
            let help = one_of(&name, known.map(|reading| reading.name.as_str()));
            let message = format!("{} has no reading with the name {name}", suite.name);
            return self.mistake(node, &Reader::span(node, 0), message, help);
        };
        if reading.choice_named(&choice).is_none() {
            let known = reading.choices.iter().map(|choice| choice.name.as_str());
            let help = one_of(&choice, known);
            let message = format!("the reading {name} has no choice {choice}");
            return self.mistake(node, &Reader::span(node, 1), message, help);
        }
        self.first(node, name, choice, readings);
    }

    fn unsupported(&mut self, node: &Node, unsupported: &mut BTreeMap<String, String>) {
        let example = "unsupported \"fifty-clients\" \"it serves at most 20 clients\"";
        if let Some([case, _]) = self.texts(node, example) {
            let name = (case, Reader::span(node, 0));
            self.case_with_reason(node, name, 1, unsupported);
        }
    }

    /// Adds a case and its reason to `into`; `reason` is the index of the argument that gives the reason.
    fn case_with_reason(
        &mut self,
        node: &Node,
        (case, span): (String, Span),
        reason: usize,
        into: &mut BTreeMap<String, String>,
    ) {
        if self.suite.scenario(&case).is_none() {
            let suite = self.suite;
            let message = format!("{} has no case {case}", suite.name);
            return self.mistake(node, &span, message, suite.instead_of(&case));
        }
        let why = node.arguments().nth(reason).and_then(|entry| entry.text());
        match why.filter(|why| !why.trim().is_empty()) {
            Some(why) => self.first(node, case, why.to_owned(), into),
            None => {
                let message = "the reason is missing".to_owned();
                let help = "write the reason in quotes".to_owned();
                self.mistake(node, &Reader::span(node, reason), message, help);
            }
        }
    }

    fn scale(&mut self, node: &Node) -> Option<f64> {
        let [text] = self.texts(node, "scale \"2\"")?;
        let factor = text.parse::<f64>().ok();
        let factor = factor.filter(|factor| factor.is_finite() && *factor > 0.0);
        if factor.is_none() {
            let message = format!("{text} is not a factor above 0");
            let help = "write for example: scale \"2\", or scale \"0.5\"".to_owned();
            self.mistake(node, &Reader::span(node, 0), message, help);
        }
        factor
    }
}
