//! The page of a run: one file that needs neither a network nor a script.

mod ladder;
mod page;
mod spec;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Output, State, Value, context, escape_formatter};

use crate::run::{Event, Report};
use crate::suite::Suite;
use crate::text;

pub(super) use ladder::Bounds;

/// The reason why rendering a template does not fail: the templates are part of the program, and the tests render all of
/// them.
const SOUND: &str = "the templates of the reports are sound";

/// Returns the page of a run; `rerun` is the command that repeats the run.
///
/// # Panics
///
/// Panics if a template has a mistake. The tests of this crate render every template, so they find such a mistake before a
/// release.
#[must_use]
pub fn to_html(suite: &Suite, report: &Report, rerun: &str) -> String {
    let page = page::Page::of(suite, report, rerun);
    render("run.html", context! { page => Value::from(Serde(page)) })
}

/// Returns a page that shows one conversation; `lead` is the text above it.
///
/// # Panics
///
/// Panics if a template has a mistake. The tests of this crate render every template, so they find such a mistake before a
/// release.
#[must_use]
pub fn ladder_page(title: &str, lead: &str, events: &[Event]) -> String {
    let ladder = ladder::Ladder::of(events, None, Bounds::LAST);
    render(
        "tap.html",
        context! { title => title, lead => lead, conversation => Value::from(Serde(ladder)) },
    )
}

/// Fills a template with values. The values are text, never markup, and hidden characters in them are made visible.
#[expect(
    clippy::expect_used,
    reason = "no template comes from a user, and the tests render each of them"
)]
pub(super) fn render(name: &str, values: Value) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.expect(SOUND));
    let templates = [
        ("style.css", include_str!("../../../templates/style.css")),
        ("ladder.css", include_str!("../../../templates/ladder.css")),
        ("filter.js", include_str!("../../../templates/filter.js")),
        ("frame.html", include_str!("../../../templates/frame.html")),
        (
            "ladder.html",
            include_str!("../../../templates/ladder.html"),
        ),
        ("case.html", include_str!("../../../templates/case.html")),
        ("run.html", include_str!("../../../templates/run.html")),
        ("lab.html", include_str!("../../../templates/lab.html")),
        ("matrix.css", include_str!("../../../templates/matrix.css")),
        (
            "matrix.html",
            include_str!("../../../templates/matrix.html"),
        ),
        ("tap.html", include_str!("../../../templates/tap.html")),
    ];
    for (name, text) in templates {
        environment.add_template(name, text).expect(SOUND);
    }
    environment.set_formatter(format);
    let template = environment.get_template(name).expect(SOUND);
    text::markup(&template.render(values).expect(SOUND))
}

/// Writes a value into a template.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => {
            Ok(out.write_str(&text::html(text))?)
        }
        _ => escape_formatter(out, state, value),
    }
}
