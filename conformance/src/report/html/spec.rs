//! The specification, with each requirement in the colour of its verdict.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use serde::Serialize;

use crate::report::words::glyph;
use crate::run::Verdict;
use crate::suite::{Level, Requirement, Suite};
use crate::text;

/// A piece of spec.md.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(super) enum Block {
    /// The text between requirements, as HTML.
    Prose { html: String },
    /// A requirement, with the verdicts of its cases.
    Requirement(Painted),
}

#[derive(Debug, Serialize)]
pub(super) struct Painted {
    id: String,
    level: String,
    section: String,
    html: String,
    remarks: String,
    /// A verdict, or `unjudged`.
    verdict: &'static str,
    glyph: &'static str,
    cases: Vec<Judge>,
}

/// A case that judged a requirement.
#[derive(Debug, Serialize)]
struct Judge {
    id: String,
    verdict: &'static str,
    glyph: &'static str,
}

/// Returns the blocks of spec.md, in order. If the protocol extends another one, the blocks of the other protocol come
/// first.
pub(super) fn blocks(suite: &Suite, verdicts: &BTreeMap<&str, Vec<(&str, Verdict)>>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for text in suite.sources.specifications() {
        let mut prose = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some((requirement, text)) = requirement(suite, line) else {
                prose.push_str(line);
                prose.push('\n');
                continue;
            };
            push_prose(&mut blocks, &mut prose);
            // Skips the remarks in the indented lines below the requirement, because the suite has already read them.
            while lines
                .next_if(|next| next.starts_with([' ', '\t']) && !next.trim().is_empty())
                .is_some()
            {}
            // If another protocol extends this one and replaces this requirement, the page shows only the replacement.
            if text.ends_with(&requirement.text) {
                blocks.push(Block::Requirement(painted(requirement, verdicts)));
            }
        }
        push_prose(&mut blocks, &mut prose);
    }
    blocks
}

/// Returns the requirement that this line defines, and the text after its id.
fn requirement<'a, 'b>(suite: &'a Suite, line: &'b str) -> Option<(&'a Requirement, &'b str)> {
    let rest = line
        .strip_prefix("- **")
        .or_else(|| line.strip_prefix("* **"))?;
    let (id, text) = rest.split_once("**")?;
    Some((suite.requirement(id)?, text.trim_end()))
}

fn push_prose(blocks: &mut Vec<Block>, prose: &mut String) {
    if !prose.trim().is_empty() {
        let html = to_html(prose);
        blocks.push(Block::Prose { html });
    }
    prose.clear();
}

/// Returns Markdown as HTML. HTML inside the Markdown is shown as text. An image is replaced by its description. A link
/// whose address does not lead to a page gets the address `#`. So the page runs no scripts and loads nothing, even if the
/// page is copied to another place.
fn to_html(markdown: &str) -> String {
    // This call makes hidden characters visible. The code below handles the markup.
    let markdown = text::xml(markdown);
    let parser =
        Parser::new_ext(&markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
            Event::Start(Tag::Link {
                mut dest_url,
                title,
                link_type,
                id,
            }) => {
                if !leads_to_a_page(&dest_url) {
                    dest_url = "#".into();
                }
                Some(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }))
            }
            other => Some(other),
        });
    let mut out = String::new();
    html::push_html(&mut out, parser);
    out
}

/// Returns whether the address leads to a page. An address such as `javascript:...` or `data:...` does not lead to a page,
/// because the address itself contains a script or a page.
fn leads_to_a_page(address: &str) -> bool {
    let scheme = address.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = scheme.split_once(':').map(|(scheme, _)| scheme.trim());
    scheme.is_none_or(|scheme| {
        let known = ["http", "https", "mailto"];
        known.iter().any(|each| scheme.eq_ignore_ascii_case(each))
    })
}

fn painted(requirement: &Requirement, verdicts: &BTreeMap<&str, Vec<(&str, Verdict)>>) -> Painted {
    let judged = verdicts
        .get(requirement.id.as_str())
        .map(Vec::as_slice)
        .unwrap_or_default();
    let verdict = worst(requirement.level, judged);
    Painted {
        id: requirement.id.clone(),
        level: requirement.level.to_string(),
        section: requirement.section.clone(),
        html: to_html(&requirement.text),
        remarks: to_html(&requirement.remarks),
        verdict: verdict.map_or("unjudged", Verdict::word),
        glyph: verdict.map_or("", glyph),
        cases: judged
            .iter()
            .map(|(id, verdict)| Judge {
                id: (*id).to_owned(),
                verdict: verdict.word(),
                glyph: glyph(*verdict),
            })
            .collect(),
    }
}

/// Returns the worst verdict of the cases that cite a requirement of this level. For a SHOULD or a MAY, a failed case counts
/// as non-strict: the failure may be about a MUST that the case also cites.
fn worst(level: Level, judged: &[(&str, Verdict)]) -> Option<Verdict> {
    let judged = judged.iter().map(|(_, verdict)| *verdict);
    let worst = judged
        .filter(|verdict| *verdict != Verdict::Unsupported)
        .max();
    match (level, worst) {
        (Level::Should | Level::May, Some(Verdict::Fail)) => Some(Verdict::NonStrict),
        (_, worst) => worst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_runs_no_scripts_and_loads_nothing() {
        let shown = to_html("<b> ![a picture](http://host/x.png) \u{1b}\u{202e}");
        assert_eq!(shown, "<p>&lt;b&gt; a picture \\u{1b}\\u{202e}</p>\n");
        let shown = to_html("[a](JavaScript:x) [b](https://host) [c](#id) [d](data:text/html,x)");
        let addresses: Vec<&str> = shown.split("href=\"").skip(1).collect();
        let starts = ["#\"", "https://host\"", "#id\"", "#\""];
        assert_eq!(addresses.len(), starts.len());
        for (address, start) in addresses.iter().zip(starts) {
            assert!(address.starts_with(start), "{shown}");
        }
    }
}
