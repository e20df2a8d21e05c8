//! The look at the bare text before any parser sees it.
//!
//! It knows just enough of KDL to tell words from texts and comments. It bounds what a recursive parser cannot take
//! (depth, a `/-` inside a `/-`), finds texts and braces that are not closed, and shows every bare word to [`super::trap`].

use std::sync::Arc;

use super::{Findings, SourceFile, Span, trap};

/// How deep braces and comments may be nested. Scenarios need six.
pub const MAX_DEPTH: usize = 32;

/// Reports what would make the parser choke, or give an obscure answer.
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
    /// Where the open braces are.
    braces: Vec<usize>,
    /// Set behind a `/-`, until the node that it stands in ends.
    switched_off: Option<SwitchedOff>,
    findings: &'a mut Findings,
}

struct SwitchedOff {
    depth: usize,
    /// Whether the thing that is switched off has begun.
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
                '(' | ')' => self.skip(1),
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
                "put a `}` behind its last line",
            );
        }
    }

    /// KDL takes some of these for line breaks and refuses others; in a suite they are accidents of an editor.
    fn invisible_characters(&mut self) -> bool {
        let mut found = false;
        let mut previous = None;
        for (at, character) in self.text.char_indices() {
            let lone_return = previous == Some('\r') && character != '\n';
            let control = character.is_control() && !['\n', '\r', '\t'].contains(&character);
            let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if control || invisible || lone_return || (character == '\u{feff}' && at > 0) {
                self.error(
                    at..at + character.len_utf8(),
                    format!(
                        "there is an invisible character, U+{:04X}, here",
                        u32::from(character)
                    ),
                    format!(
                        "take it away; in a text it is written \\u{{{:x}}}",
                        u32::from(character)
                    ),
                );
                found = true;
            }
            previous = Some(character);
        }
        found
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
                "scenarios need about six; is a `}` missing further up?",
            );
            return false;
        }
        self.skip(1)
    }

    fn close_brace(&mut self) -> bool {
        if self.braces.pop().is_none() {
            self.error(
                self.at..self.at + 1,
                "this brace closes nothing",
                "take it away, or look for a `{` that is missing",
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

    /// `\` goes on with the node on the next line.
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
                "a `/` stands alone",
                "comments begin with `//`; text is written in quotes",
            );
            return self.skip(1);
        }
        if self.switched_off.is_some() {
            self.error(
                self.at..self.at + 2,
                "`/-` stands inside something that is switched off with `/-` already",
                "use `//` before each line, or take the inner `/-` away",
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
                    "put a `*/` behind it, or use `//`",
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

    /// Text in quotes; with `hashes` before it, raw.
    fn quoted(&mut self, hashes: usize) -> bool {
        self.begun();
        let start = self.at;
        let body = start + hashes;
        let multiline = self
            .text
            .get(body..)
            .is_some_and(|rest| rest.starts_with("\"\"\""));
        let line_break = |rest: &str| rest.starts_with('\n') || rest.starts_with("\r\n");
        if multiline && !self.text.get(body + 3..).is_some_and(line_break) {
            self.error(
                start..body + 3,
                "text behind `\"\"\"` begins on the next line",
                "for text on one line, one `\"` on each side is enough",
            );
            return false;
        }
        let quotes = if multiline { "\"\"\"" } else { "\"" };
        let end_mark = format!("{quotes}{}", "#".repeat(hashes));
        let mut at = body + quotes.len();
        while let Some(rest) = self.text.get(at..) {
            if rest.starts_with(&end_mark) {
                self.at = at + end_mark.len();
                return true;
            }
            match rest.chars().next() {
                Some('\n') if !multiline => break,
                Some('\\') if hashes == 0 => at += self.escape(at),
                Some(next) => at += next.len_utf8(),
                None => break,
            }
        }
        self.error(
            start..body + quotes.len(),
            "this text is not closed on its line",
            "put a `\"` behind it; a line break in a text is written \\n",
        );
        false
    }

    /// The length of the escape at this offset, which may go on with the text on the next line.
    fn escape(&mut self, at: usize) -> usize {
        let behind = self.text.get(at + 1..).unwrap_or_default();
        match behind.chars().next() {
            Some(blank) if blank.is_whitespace() => 1 + behind.len() - behind.trim_start().len(),
            Some('n' | 'r' | 't' | 'b' | 'f' | 's' | '"' | '\\') => 2,
            Some('u') => {
                let code = behind
                    .strip_prefix("u{")
                    .and_then(|rest| rest.split_once('}'));
                let character =
                    code.and_then(|(code, _)| char::from_u32(u32::from_str_radix(code, 16).ok()?));
                if character.is_none() {
                    self.error(
                        at..at + 2,
                        "this is not a character's number",
                        "write it in hexadecimal: \\u{e9}",
                    );
                }
                2
            }
            other => {
                let length = 1 + other.map_or(0, char::len_utf8);
                let escape = self
                    .text
                    .get(at..at + length)
                    .unwrap_or_default()
                    .to_owned();
                let help = "a line break is \\n, a quotation mark \\\", a backslash \\\\; bytes are written (hex)\"00 ff\"";
                self.error(
                    at..at + length,
                    format!("`{escape}` means nothing in a text"),
                    help,
                );
                length
            }
        }
    }

    fn hash(&mut self) -> bool {
        let rest = self.rest();
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest
            .get(hashes..)
            .is_some_and(|behind| behind.starts_with('"'))
        {
            return self.quoted(hashes);
        }
        let line = rest.lines().next().unwrap_or_default();
        let word_end = line
            .find(|c: char| c.is_whitespace() || "{}();=".contains(c))
            .unwrap_or(line.len());
        let word = line.get(..word_end).unwrap_or(line);
        let keyword = ["#true", "#false", "#null", "#inf", "#-inf", "#nan"].contains(&word);
        let span = self.at..self.at + word.len().max(1);
        if keyword {
            self.error(
                span,
                format!("there is no value {word} here"),
                "fields take numbers, text in quotes, or references such as @alice and $id",
            );
            return self.skip(word.len());
        }
        self.error(
            span,
            "`#` does not begin a comment",
            "comments begin with `//`",
        );
        self.skip(line.len())
    }

    fn equals(&mut self) -> bool {
        let behind = self
            .rest()
            .get(1..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t', '\r']);
        if behind.is_empty() || behind.starts_with(['\n', ';', '{', '}', '=']) {
            self.error(
                self.at..self.at + 1,
                "a value is missing behind `=`",
                "fields are name=value, such as login=@alice",
            );
        }
        let doubled = self.rest().len() - self.rest().trim_start_matches('=').len();
        self.skip(doubled)
    }

    fn bracket(&mut self) -> bool {
        self.error(
            self.at..self.at + 1,
            "brackets have no meaning here",
            "blocks are written in `{ }`, text in quotes",
        );
        self.skip(1)
    }

    fn word(&mut self) -> bool {
        self.begun();
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || "{}()[]\"\\/#;=".contains(c))
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let before = self
            .text
            .get(..self.at)
            .unwrap_or_default()
            .chars()
            .next_back();
        if let Some(trap) = trap::in_word(word, before, behind.chars().next()) {
            let start = self.at + trap.span.start;
            self.error(start..self.at + trap.span.end, trap.message, trap.help);
        }
        self.skip(end)
    }
}
