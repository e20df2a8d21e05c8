//! The check of the bare text before a parser sees it.
//!
//! It knows only as much of KDL as it needs to tell words from texts and comments. It limits what a recursive parser
//! cannot handle (depth, a `/-` inside a `/-`), finds texts and braces that are not closed, and passes every bare word
//! to [`super::trap`].

mod text;

use std::sync::Arc;

use super::{Findings, SourceFile, Span, trap};

/// Maximum nesting of braces and comments. Scenarios need six.
pub const MAX_DEPTH: usize = 32;

/// Reports what would overload the parser, or give an obscure message.
pub(super) fn scan(file: &Arc<SourceFile>, findings: &mut Findings) {
    let mut scanner = Scanner {
        file,
        text: &file.text,
        at: 0,
        braces: Vec::new(),
        switched_off: None,
        findings,
    };
    scanner.run();
}

struct Scanner<'a> {
    file: &'a Arc<SourceFile>,
    text: &'a str,
    at: usize,
    /// The positions of the open braces.
    braces: Vec<usize>,
    /// Set after a `/-`, until the node that contains it ends.
    switched_off: Option<SwitchedOff>,
    findings: &'a mut Findings,
}

struct SwitchedOff {
    depth: usize,
    /// Whether the disabled thing has begun.
    begun: bool,
}

impl<'a> Scanner<'a> {
    fn run(&mut self) {
        if self.invisible_characters() {
            return;
        }
        while let Some(next) = self.peek() {
            let fine = match next {
                '{' => self.open_brace(),
                '}' => self.close_brace(),
                '"' => self.quoted(0),
                '#' => self.hash(),
                '/' => self.slash(),
                '\\' => self.line_continuation(),
                '\n' | ';' => self.end_of_node(next),
                '[' | ']' => self.bracket(),
                '(' => self.mark(),
                ')' => self.lone_parenthesis(),
                '=' => self.equals(),
                _ if next.is_whitespace() || next == '\u{feff}' => self.skip(next.len_utf8()),
                _ => self.word(),
            };
            if !fine {
                return;
            }
        }
        if let Some(open) = self.braces.last().copied() {
            self.error(
                open..open + 1,
                "this brace is never closed",
                "write a `}` after its last line",
            );
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, bytes: usize) -> bool {
        self.at += bytes;
        true
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.findings.error(self.file, span, message, help);
    }

    fn begun(&mut self) {
        if let Some(switched_off) = &mut self.switched_off {
            switched_off.begun = true;
        }
    }

    fn open_brace(&mut self) -> bool {
        self.begun();
        self.braces.push(self.at);
        if self.braces.len() > MAX_DEPTH {
            self.error(
                self.at..self.at + 1,
                format!("braces are nested more than {MAX_DEPTH} deep"),
                "scenarios need about six; check for a missing `}` further up",
            );
            return false;
        }
        self.skip(1)
    }

    fn close_brace(&mut self) -> bool {
        if self.braces.pop().is_none() {
            self.error(
                self.at..self.at + 1,
                "this brace has no matching `{`",
                "remove it, or add the missing `{`",
            );
            return false;
        }
        if self
            .switched_off
            .as_ref()
            .is_some_and(|off| self.braces.len() < off.depth)
        {
            self.switched_off = None;
        }
        self.skip(1)
    }

    fn end_of_node(&mut self, end: char) -> bool {
        let depth = self.braces.len();
        if self
            .switched_off
            .as_ref()
            .is_some_and(|off| off.begun && off.depth == depth)
        {
            self.switched_off = None;
        }
        self.skip(end.len_utf8())
    }

    /// Handles `\`, which continues the node on the next line.
    fn line_continuation(&mut self) -> bool {
        let after_blanks = self
            .rest()
            .get(1..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t', '\r']);
        let newline = after_blanks.strip_prefix('\n');
        self.at = self.text.len() - newline.unwrap_or(after_blanks).len();
        true
    }

    fn slash(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            return self.skip(rest.find('\n').unwrap_or(rest.len()));
        }
        if rest.starts_with("/*") {
            return self.block_comment();
        }
        if !rest.starts_with("/-") {
            self.error(
                self.at..self.at + 1,
                "there is a single `/`",
                "comments begin with `//`; write text in quotes",
            );
            return self.skip(1);
        }
        if self.switched_off.is_some() {
            self.error(
                self.at..self.at + 2,
                "`/-` is inside a part that another `/-` already switches off",
                "use `//` before each line, or remove the inner `/-`",
            );
            return false;
        }
        self.switched_off = Some(SwitchedOff {
            depth: self.braces.len(),
            begun: false,
        });
        self.skip(2)
    }

    fn block_comment(&mut self) -> bool {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else if let Some(next) = self.peek() {
                self.at += next.len_utf8();
            } else {
                self.error(
                    start..start + 2,
                    "this comment is never closed",
                    "write a `*/` after it, or use `//`",
                );
                return false;
            }
            if depth > MAX_DEPTH {
                self.error(
                    start..start + 2,
                    format!("comments are nested more than {MAX_DEPTH} deep"),
                    "use `//`",
                );
                return false;
            }
            if depth == 0 {
                return true;
            }
        }
    }

    /// Handles `(hex)`, which is one word. The parser goes deeper with each parenthesis that is not closed.
    fn mark(&mut self) -> bool {
        self.begun();
        let inside = self.rest().get(1..).unwrap_or_default();
        let word_end = inside.find(|c: char| c.is_whitespace() || "{}()[]\"\\/#;=".contains(c));
        let (word, after) = inside.split_at(word_end.unwrap_or(inside.len()));
        if word.is_empty() || !after.starts_with(')') {
            let span = self.at..self.at + 1 + word.len();
            self.error(
                span,
                "a mark is one word in parentheses",
                "write: (hex)\"00 ff\", (x3)\"a\" or (INT)5",
            );
        }
        self.skip(1 + word.len() + usize::from(after.starts_with(')')))
    }

    fn lone_parenthesis(&mut self) -> bool {
        self.error(
            self.at..self.at + 1,
            "this parenthesis has no matching `(`",
            "a mark is one word in parentheses: (hex)\"00 ff\"",
        );
        self.skip(1)
    }

    fn equals(&mut self) -> bool {
        let rest = self.rest();
        let before = self.text.get(..self.at).unwrap_or_default();
        let after = rest
            .get(1..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t', '\r']);
        let example = "fields are name=value, such as login=@alice";
        let doubled = rest.len() - rest.trim_start_matches('=').len();
        if after.is_empty() || after.starts_with(['\n', ';', '{', '}', '=']) {
            self.error(
                self.at..self.at + 1,
                "a value is missing after `=`",
                example,
            );
        } else if before.ends_with(['<', '>']) {
            // An arrow with a sign is explained where the word is checked.
        } else if before.ends_with(char::is_whitespace) || rest.get(1..) != Some(after) {
            let help = format!("write it without spaces; {example}");
            self.error(self.at..self.at + 1, "there are spaces around `=`", help);
        }
        self.skip(doubled)
    }

    fn bracket(&mut self) -> bool {
        self.error(
            self.at..self.at + 1,
            "brackets have no meaning here",
            "write blocks in `{ }`, text in quotes",
        );
        self.skip(1)
    }

    fn word(&mut self) -> bool {
        self.begun();
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || "{}()[]\"\\/#;=".contains(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let before = self
            .text
            .get(..self.at)
            .unwrap_or_default()
            .chars()
            .next_back();
        if let Some(trap) = trap::in_word(word, before, after.chars().next()) {
            let start = self.at + trap.span.start;
            self.error(start..self.at + trap.span.end, trap.message, trap.help);
        }
        self.skip(end)
    }
}
