//! A trace as a picture. It has a vertical line for each lane and one for the server, and an arrow for each frame. Beside
//! the arrow are the bytes of the frame, field by field.

use super::canvas::{AMBER, COLOURS, Canvas, GREY, Ink, Look, RED, WIDTH};
use super::fences;
use super::piece::{pieces, shortened};
use crate::run::{Direction, Failure};
use crate::trace::{Block, Part, Trace};

/// Margin around the picture.
const MARGIN: f64 = 24.0;

/// The horizontal positions of the first lane, of the last lane (at most), and of the server.
const FIRST_LANE: f64 = 70.0;
const LAST_LANE: f64 = 330.0;
const SERVER: f64 = 560.0;

/// Maximum distance between two lanes.
const LANE_GAP: f64 = 130.0;

/// Minimum distance between two lanes whose names are above them. If the lanes are closer together, there is no space for
/// the names.
const CROWD: f64 = 16.0;

/// The horizontal position at which the bytes begin.
const BYTES: f64 = SERVER + 28.0;

/// The height of one row of fields, with their names below their bytes.
const FIELDS: f64 = 46.0;

/// The height of one row of bytes that have no name below them.
const NAMELESS: f64 = 26.0;

/// The height of an event without bytes.
const WORDS: f64 = 26.0;

const TITLE: Ink = Ink::bold(20.0, GREY);
const NOTE: Ink = Ink::plain(13.0, GREY);
const ASIDE: Ink = Ink::italic(13.0, GREY);
const WHITE: Ink = Ink::bold(14.0, "#ffffff");

/// Returns the trace as a document in SVG, 1280 pixels wide, for light and for dark paper. Texts from other sources are
/// escaped.
#[must_use]
pub fn trace_picture(trace: &Trace) -> String {
    let mut picture = Picture {
        trace,
        shapes: Canvas::default(),
        y: MARGIN,
    };
    picture.heads();
    let top = picture.y;
    picture.y += 12.0;
    for (index, block) in trace.blocks.iter().enumerate() {
        picture.failure(index);
        picture.block(block);
    }
    picture.failure(trace.blocks.len());
    if trace.more > 0 {
        let words = format!("{} further events were not recorded", trace.more);
        picture.aside(&words, GREY);
    }
    if let Some(words) = fences(trace) {
        picture.aside(words, GREY);
    }
    let bottom = picture.y + 6.0;
    let mut below = picture.wires(top, bottom);
    below.lay_over(picture.shapes);
    below.document(bottom + MARGIN, &trace.title)
}

struct Picture<'a> {
    trace: &'a Trace,
    shapes: Canvas,
    /// The vertical position at which the next part of the picture begins.
    y: f64,
}

impl Picture<'_> {
    fn colour(&self, lane: &str) -> &'static str {
        let index = self.index(lane);
        COLOURS.get(index % COLOURS.len()).copied().unwrap_or(GREY)
    }

    fn index(&self, lane: &str) -> usize {
        let mut lanes = self.trace.lanes.iter();
        lanes.position(|known| known == lane).unwrap_or(0)
    }

    /// Returns the distance between two lanes.
    fn gap(&self) -> f64 {
        let gaps = self.trace.lanes.len().saturating_sub(1);
        let gaps = u32::try_from(gaps).map_or(1.0, f64::from).max(1.0);
        ((LAST_LANE - FIRST_LANE) / gaps).min(LANE_GAP)
    }

    fn x(&self, lane: &str) -> f64 {
        let index = u32::try_from(self.index(lane)).map_or(0.0, f64::from);
        FIRST_LANE + index * self.gap()
    }

    /// Returns whether the lanes are too close together to write their names above them. If so, the name of the lane is at
    /// each arrow instead.
    fn is_crowd(&self) -> bool {
        self.gap() < CROWD
    }

    /// Draws the title, and the names of the lanes and of the server.
    fn heads(&mut self) {
        self.y += 18.0;
        self.shapes.text((MARGIN, self.y), TITLE, &self.trace.title);
        self.y += 22.0;
        self.shapes.text((MARGIN, self.y), NOTE, &self.trace.origin);
        let (lanes, is_crowd) = (&self.trace.lanes, self.is_crowd());
        let widths = lanes.iter().map(|lane| WHITE.width(lane));
        let widest = widths.fold(0.0, f64::max);
        let is_narrow = widest + 22.0 > self.gap() && !is_crowd;
        // Slanted names need less than 0.65 of their width as height, because the sine of their angle is less than 0.65.
        self.y += if is_narrow {
            20.0 + 0.65 * widest
        } else {
            40.0
        };
        self.y = self.y.max(MARGIN + 80.0);
        for lane in lanes.iter().filter(|_| !is_crowd) {
            let (x, colour) = (self.x(lane), self.colour(lane));
            if is_narrow {
                let ink = Ink::bold(13.0, colour);
                self.shapes.slanted((x, self.y - 6.0), ink, lane);
            } else {
                head(&mut self.shapes, (x, self.y), colour, lane);
            }
        }
        head(&mut self.shapes, (SERVER, self.y), GREY, "server");
    }

    /// Returns the vertical lines.
    fn wires(&self, top: f64, bottom: f64) -> Canvas {
        let mut below = Canvas::default();
        for lane in &self.trace.lanes {
            let x = self.x(lane);
            below.line((x, top), (x, bottom), self.colour(lane), Look::Thin);
        }
        below.line((SERVER, top), (SERVER, bottom), GREY, Look::Thick);
        below
    }

    fn block(&mut self, block: &Block) {
        let (x, colour) = (self.x(&block.lane), self.colour(&block.lane));
        let words = words(block);
        let named = match self.is_crowd() {
            true => format!("{}: {words}", block.lane),
            false => words.clone(),
        };
        match block.direction {
            Direction::Does => {
                self.shapes.dot((x, self.y + 12.0), colour);
                self.aside(&format!("{} {words}", block.lane), GREY);
            }
            Direction::Ends => {
                let y = self.y + 12.0;
                self.shapes.line((SERVER, y), (x, y), colour, Look::Dashed);
                self.shapes.cross((x, y), colour);
                self.aside(&format!("{}: {words}", block.lane), GREY);
            }
            Direction::Sends | Direction::Sees => self.frame(block, x, colour, &named),
        }
    }

    /// Draws the arrow of a frame, and its bytes.
    fn frame(&mut self, block: &Block, x: f64, colour: &'static str, words: &str) {
        let colour = if block.unexpected { RED } else { colour };
        let y = self.y + 22.0;
        let look = match block.fence || block.foreign || block.unasked {
            true => Look::Dashed,
            false => Look::Thick,
        };
        let (from, point, towards) = match block.direction {
            Direction::Sends => (x, SERVER - 3.0, 1.0),
            _ => (SERVER, x + 2.0, -1.0),
        };
        let end = point - 8.0 * towards;
        self.shapes.line((from, y), (end, y), colour, look);
        self.shapes.arrow_head((point, y), towards, colour);
        // The words are to the right of the last lane, so that no line goes through them.
        let last = self.trace.lanes.last().map_or(x, |lane| self.x(lane));
        let at = (f64::midpoint(last, SERVER), y - 7.0);
        self.shapes.centred(at, Ink::bold(14.0, colour), words);
        self.fields(&block.parts);
        if let Some(remark) = &block.remark {
            self.aside(remark, if block.unexpected { RED } else { GREY });
        }
        self.y += 6.0;
    }

    /// Draws the bytes of a frame, one piece for each field.
    fn fields(&mut self, parts: &[Part]) {
        let (mut x, mut height) = (BYTES, NAMELESS);
        let mut colour = AMBER;
        let mut named = 0;
        for part in parts {
            if part.name == "opcode" {
                colour = AMBER;
            } else if part.name.is_empty() {
                colour = GREY;
            } else if part.is_length || !follows_its_length(parts, part) {
                colour = COLOURS.get(named % COLOURS.len()).copied().unwrap_or(GREY);
                named += 1;
            }
            for piece in pieces(part) {
                if x > BYTES && x + piece.width() > WIDTH - MARGIN {
                    self.y += height;
                    (x, height) = (BYTES, NAMELESS);
                }
                if !piece.is_nameless() {
                    height = FIELDS;
                }
                piece.draw(&mut self.shapes, (x, self.y + 8.0), colour);
                x += piece.width() + 6.0;
            }
        }
        // The last row is at least this high, because the arrow beside it needs this height too.
        self.y += height.max(FIELDS - 10.0);
    }

    /// Writes a line of text beside the diagram.
    fn aside(&mut self, words: &str, colour: &'static str) {
        let ink = Ink { colour, ..ASIDE };
        let words = shortened(words, 100);
        self.shapes.text((BYTES, self.y + 16.0), ink, &words);
        self.y += WORDS;
    }

    /// Draws the failure, if it happened after this number of blocks.
    fn failure(&mut self, blocks: usize) {
        let Some((before, failure)) = &self.trace.failure else {
            return;
        };
        if *before != blocks {
            return;
        }
        let lines = failure_lines(failure);
        let count = u32::try_from(lines.len()).map_or(1.0, f64::from);
        let height = 20.0 * count + 14.0;
        let width = WIDTH - 2.0 * MARGIN;
        self.y += 6.0;
        self.shapes
            .rectangle((MARGIN, self.y), (width, height), RED);
        let mut y = self.y + 22.0;
        for line in &lines {
            self.shapes.text((MARGIN + 14.0, y), WHITE, line);
            y += 20.0;
        }
        self.y += height + 14.0;
    }
}

fn head(shapes: &mut Canvas, (x, bottom): (f64, f64), colour: &str, name: &str) {
    let width = WHITE.width(name) + 20.0;
    shapes.rectangle((x - width / 2.0, bottom - 26.0), (width, 26.0), colour);
    shapes.centred((x, bottom - 8.0), WHITE, name);
}

fn words(block: &Block) -> String {
    let mut words = block.title.clone();
    for (is, mark) in [
        (block.foreign, "of another case"),
        (block.fence, "fence"),
        (block.unasked, "unasked"),
    ] {
        if is {
            words.push_str(&format!(" ({mark})"));
        }
    }
    words
}

fn failure_lines(failure: &Failure) -> Vec<String> {
    let on = failure.lane.as_ref();
    let on = on.map(|lane| format!(", on {lane}")).unwrap_or_default();
    let mut lines = vec![
        format!("The case fails here{on}."),
        format!("Expected: {}", failure.expected),
        format!("Got: {}", failure.got),
    ];
    lines.extend(failure.hint.iter().map(|hint| format!("Hint: {hint}")));
    lines.iter().map(|line| shortened(line, 140)).collect()
}

/// Returns whether this part is the content of a field, and the part before it is the length of the same field.
fn follows_its_length(parts: &[Part], part: &Part) -> bool {
    let mut lengths = parts.iter().filter(|other| other.is_length);
    lengths.any(|length| length.name == part.name && length.offset + length.length == part.offset)
}
