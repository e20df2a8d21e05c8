//! The check of the text itself, before the parser reads it.
//!
//! The scan knows only as much of KDL as it needs to distinguish words from texts and comments. It refuses what a recursive
//! parser cannot handle: deep nesting, and a `/-` inside a `/-`. It finds texts and braces that are not closed. It passes
//! every word without quotes to [`super::trap`], which checks the word.

mod text;

use std::sync::Arc;

use super::{Findings, Mistake, SourceFile, Span, mistake, trap};

/// Maximum nesting of braces and comments. Scenarios need about six levels.
pub const MAX_DEPTH: usize = 32;

/// Reports text that would overload the parser, and mistakes for which the parser has no clear message.
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
    /// Set after a `/-`, which disables the next part of a node. It stays set until the end of that node.
    switched_off: Option<SwitchedOff>,
    findings: &'a mut Findings,
}

struct SwitchedOff {
    depth: usize,
    /// Whether the disabled part has begun.
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
            self.error(open..open + 1, mistake::brace_not_closed());
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

    fn error(&mut self, span: Span, mistake: Mistake) {
        self.findings.error(&(self.file, span), mistake);
    }

    /// Reports a mistake in the next bytes, and continues after them.
    fn error_in_next(&mut self, bytes: usize, mistake: Mistake) -> bool {
        self.error(self.at..self.at + bytes, mistake);
        self.skip(bytes)
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
            self.error(self.at..self.at + 1, mistake::braces_too_deep(MAX_DEPTH));
            return false;
        }
        self.skip(1)
    }

    fn close_brace(&mut self) -> bool {
        if self.braces.pop().is_none() {
            self.error(self.at..self.at + 1, mistake::brace_not_opened());
            return false;
        }
        let depth = self.braces.len();
        self.switched_off.take_if(|off| depth < off.depth);
        self.skip(1)
    }

    fn end_of_node(&mut self, end: char) -> bool {
        let depth = self.braces.len();
        self.switched_off
            .take_if(|off| off.begun && off.depth == depth);
        self.skip(end.len_utf8())
    }

    /// Handles `\`, which continues the node on the next line.
    fn line_continuation(&mut self) -> bool {
        let after = self.rest().get(1..).unwrap_or_default();
        let after_blanks = after.trim_start_matches([' ', '\t', '\r']);
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
            return self.error_in_next(1, mistake::single_slash());
        }
        if self.switched_off.is_some() {
            self.error(self.at..self.at + 2, mistake::switched_off_twice());
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
                self.error(start..start + 2, mistake::comment_not_closed());
                return false;
            }
            if depth > MAX_DEPTH {
                self.error(start..start + 2, mistake::comments_too_deep(MAX_DEPTH));
                return false;
            }
            if depth == 0 {
                return true;
            }
        }
    }

    /// Handles a mark such as `(hex)`: one word in parentheses. A parenthesis that is not closed is refused here, because it
    /// would make the parser recurse one level deeper.
    fn mark(&mut self) -> bool {
        self.begun();
        let inside = self.rest().get(1..).unwrap_or_default();
        let word_end = inside.find(|c: char| c.is_whitespace() || "{}()[]\"\\/#;=".contains(c));
        let (word, after) = inside.split_at(word_end.unwrap_or(inside.len()));
        if word.is_empty() || !after.starts_with(')') {
            self.error(self.at..self.at + 1 + word.len(), mistake::not_a_mark());
        }
        self.skip(1 + word.len() + usize::from(after.starts_with(')')))
    }

    fn lone_parenthesis(&mut self) -> bool {
        self.error_in_next(1, mistake::parenthesis_not_opened())
    }

    fn equals(&mut self) -> bool {
        let rest = self.rest();
        let before = self.text.get(..self.at).unwrap_or_default();
        let after = rest.get(1..).unwrap_or_default();
        let after = after.trim_start_matches([' ', '\t', '\r']);
        let doubled = rest.len() - rest.trim_start_matches('=').len();
        if after.is_empty() || after.starts_with(['\n', ';', '{', '}', '=']) {
            self.error(self.at..self.at + 1, mistake::no_value());
        } else if before.ends_with(['<', '>']) {
            // `<=` or `>=`: the check of the word before this sign reports the mistake.
        } else if before.ends_with(char::is_whitespace) || rest.get(1..) != Some(after) {
            self.error(self.at..self.at + 1, mistake::spaces_around_equals());
        }
        self.skip(doubled)
    }

    fn bracket(&mut self) -> bool {
        self.error_in_next(1, mistake::brackets())
    }

    fn word(&mut self) -> bool {
        self.begun();
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || "{}()[]\"\\/#;=".contains(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let before = self.text.get(..self.at).unwrap_or_default();
        let is_yes = word == "true" && before.ends_with("others=");
        let before = before.chars().next_back();
        if is_yes {
            self.error(self.at..self.at + end, mistake::not_yes(word));
        } else if let Some(trap) = trap::in_word(word, before, after.chars().next()) {
            let start = self.at + trap.span.start;
            self.error(start..self.at + trap.span.end, trap.mistake);
        }
        self.skip(end)
    }
}
