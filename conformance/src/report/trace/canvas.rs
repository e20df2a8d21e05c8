//! The shapes of a picture, and its colours. Every text on the picture is escaped here.

use std::fmt::Write;

use crate::text;

/// The width of the picture, in pixels.
pub(super) const WIDTH: f64 = 1280.0;

/// The colours of lanes and fields. Each colour has a contrast of about 4.5 : 1, both with white and with black. So the
/// picture is readable on white and on black paper, and so is white text on one of these colours.
pub(super) const COLOURS: [&str; 6] = [
    "#277bb8", "#9a59c8", "#2d8757", "#c6522f", "#6c7e20", "#c34a90",
];

/// The colour of opcodes.
pub(super) const AMBER: &str = "#a16c12";

/// The colour of everything that has no special colour.
pub(super) const GREY: &str = "#717780";

/// The colour of failures.
pub(super) const RED: &str = "#d93c37";

const SANS: &str = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
const MONO: &str =
    "ui-monospace, 'SF Mono', 'Cascadia Code', 'DejaVu Sans Mono', Consolas, monospace";

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) size: f64,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
    pub(super) italic: bool,
}

impl Ink {
    pub(super) const fn plain(size: f64, colour: &'static str) -> Ink {
        Ink {
            size,
            colour,
            bold: false,
            italic: false,
        }
    }

    pub(super) const fn bold(size: f64, colour: &'static str) -> Ink {
        Ink {
            bold: true,
            ..Ink::plain(size, colour)
        }
    }

    pub(super) const fn italic(size: f64, colour: &'static str) -> Ink {
        Ink {
            italic: true,
            ..Ink::plain(size, colour)
        }
    }

    /// Returns the width of a text. The width is approximate, because the fonts of the reader's machine are not known.
    pub(super) fn width(self, text: &str) -> f64 {
        let each = if self.bold { 0.62 } else { 0.56 };
        characters(text) * self.size * each
    }

    fn attributes(self) -> String {
        let weight = if self.bold {
            " font-weight=\"700\""
        } else {
            ""
        };
        let style = if self.italic {
            " font-style=\"italic\""
        } else {
            ""
        };
        let Ink { size, colour, .. } = self;
        format!("font-size=\"{size}\" fill=\"{colour}\"{weight}{style}")
    }
}

/// Returns the number of characters that a text has on the picture, where hidden characters are escaped.
fn characters(shown: &str) -> f64 {
    u32::try_from(text::line(shown).chars().count()).map_or(f64::MAX, f64::from)
}

/// The width of one character in a row of hexadecimal bytes, in pixels.
pub(super) const DIGIT: f64 = 7.8;

/// A picture while it is drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    shapes: String,
}

impl Canvas {
    /// Draws a filled rectangle with round corners.
    pub(super) fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), colour: &str) {
        let ((x, y), (width, height)) = (at, size);
        self.add(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\" fill=\"{colour}\"/>"
        ));
    }

    /// Draws a straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, look: Look) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let look = match look {
            Look::Thin => "stroke-width=\"1.5\"",
            Look::Thick => "stroke-width=\"2.5\"",
            Look::Dashed => "stroke-width=\"2\" stroke-dasharray=\"5 4\"",
        };
        self.add(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" {look}/>"
        ));
    }

    /// Draws the head of a horizontal arrow whose point is at (x, y). `towards` is 1 for an arrow to the right, -1 to the
    /// left.
    pub(super) fn arrow_head(&mut self, (x, y): (f64, f64), towards: f64, colour: &str) {
        let back = x - 10.0 * towards;
        let (above, below) = (y - 5.0, y + 5.0);
        self.add(&format!(
            "<path d=\"M{x:.1} {y:.1} L{back:.1} {above:.1} L{back:.1} {below:.1} Z\" fill=\"{colour}\"/>"
        ));
    }

    /// Draws a cross, which stands for the end of a connection.
    pub(super) fn cross(&mut self, (x, y): (f64, f64), colour: &str) {
        let (left, right, above, below) = (x - 5.0, x + 5.0, y - 5.0, y + 5.0);
        self.line((left, above), (right, below), colour, Look::Thick);
        self.line((left, below), (right, above), colour, Look::Thick);
    }

    /// Draws a dot.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), colour: &str) {
        self.add(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{colour}\"/>"
        ));
    }

    /// Writes a text that begins at this point.
    pub(super) fn text(&mut self, at: (f64, f64), ink: Ink, words: &str) {
        self.words(at, "start", "", ink, words);
    }

    /// Writes a text whose middle is at this point.
    pub(super) fn centred(&mut self, at: (f64, f64), ink: Ink, words: &str) {
        self.words(at, "middle", "", ink, words);
    }

    /// Writes a text that begins at this point and goes up to the right.
    pub(super) fn slanted(&mut self, at: (f64, f64), ink: Ink, words: &str) {
        let turn = format!(" transform=\"rotate(-40 {:.1} {:.1})\"", at.0, at.1);
        self.words(at, "start", &turn, ink, words);
    }

    fn words(&mut self, at: (f64, f64), anchor: &str, turn: &str, ink: Ink, words: &str) {
        let (x, y) = at;
        let (ink, words) = (ink.attributes(), text::html(&text::line(words)));
        self.add(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{turn} {ink}>{words}</text>"
        ));
    }

    /// Writes a name and, after it, a value.
    pub(super) fn labelled(&mut self, at: (f64, f64), name: (Ink, &str), value: (Ink, &str)) {
        let (x, y) = at;
        let span = |(ink, words): (Ink, &str)| {
            let (ink, words) = (ink.attributes(), text::html(&text::line(words)));
            format!("<tspan {ink}>{words}</tspan>")
        };
        let spans: Vec<String> = [name, value]
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(span)
            .collect();
        if !spans.is_empty() {
            let spans = spans.join(" ");
            self.add(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{spans}</text>"));
        }
    }

    /// Writes bytes in hexadecimal, with a fixed width for each character.
    pub(super) fn bytes(&mut self, (x, y): (f64, f64), colour: &str, hex: &str) {
        let width = characters(hex) * DIGIT;
        let hex = text::html(hex);
        self.add(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-family=\"{MONO}\" font-size=\"13\" font-weight=\"600\" fill=\"{colour}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\">{hex}</text>"
        ));
    }

    fn add(&mut self, shape: &str) {
        self.shapes.push_str(shape);
        self.shapes.push('\n');
    }

    /// Draws the shapes of another picture on top of the shapes of this picture.
    pub(super) fn lay_over(&mut self, other: Canvas) {
        self.shapes.push_str(&other.shapes);
    }

    /// Returns the picture as a document.
    pub(super) fn document(self, height: f64, title: &str) -> String {
        let title = text::html(&text::line(title));
        let mut out = String::new();
        // Writing to a `String` cannot fail.
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" font-family=\"{SANS}\">\n<title>{title}</title>\n{}</svg>\n",
            self.shapes
        );
        text::markup(&out)
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Thin,
    Thick,
    Dashed,
}
