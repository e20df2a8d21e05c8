//! Tests of the lessons: their parts, their links, their exercises, and the commands whose output is always the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::verdicts::table;

/// The parts of each lesson, in this order.
const PARTS: [&str; 6] = [
    "## The problem",
    "## The idea",
    "## The code",
    "## What it costs",
    "## Try it",
    "## What the documents say",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Returns the text of a lesson.
pub(crate) fn lesson(number: usize) -> String {
    fs::read_to_string(folder().join(format!("lesson-{number}.md"))).unwrap()
}

/// Returns the texts in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns the links of a page: for each link, its text and its target.
fn links(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("](").collect::<Vec<_>>();
    let pairs = parts.windows(2).filter_map(|pair| {
        let text = &pair[0][pair[0].rfind('[')? + 1..];
        Some((text, &pair[1][..pair[1].find(')')?]))
    });
    pairs.collect()
}

/// True when the source defines this item: `Type::name` or `name`.
fn defines(source: &str, item: &str) -> bool {
    let name = item
        .rsplit("::")
        .next()
        .unwrap_or(item)
        .trim_end_matches("()");
    let kinds = [
        "fn", "struct", "enum", "trait", "const", "static", "type", "mod",
    ];
    let starts = |end: char| !end.is_alphanumeric() && end != '_';
    let is_there = |before: &str| {
        let wanted = format!("{before}{name}");
        let mut found = source.match_indices(&wanted);
        found.any(|(at, _)| source[at + wanted.len()..].starts_with(starts))
    };
    kinds.iter().any(|kind| is_there(&format!("{kind} ")))
        // The name of a field or a variant is at the beginning of a line.
        || source.lines().any(|line| {
            let line = line.trim_start().trim_start_matches("pub(super) ");
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ',', '(', ' ']))
        })
}

#[test]
fn every_lesson_has_its_six_parts() {
    for number in 1..=8 {
        let text = lesson(number);
        let heads: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(heads, PARTS, "lesson {number}");
    }
}

#[test]
fn every_link_leads_to_what_it_names() {
    let pages = (1..=8).map(|number| (format!("lesson-{number}.md"), lesson(number)));
    let own = [
        "README.md",
        "numbers.md",
        "verdicts.md",
        "solutions/README.md",
    ];
    let own = own.map(|name| {
        (
            name.to_owned(),
            fs::read_to_string(folder().join(name)).unwrap(),
        )
    });
    for (name, page) in pages.chain(own) {
        for (text, target) in links(&page) {
            if target.starts_with("http") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap_or(target);
            let path = folder().join(&name).with_file_name("").join(file);
            assert!(path.exists(), "{name}: {target} does not exist");
            let item = text.trim_matches('`');
            let is_item = item != text && !item.contains(['.', '-', ' ']);
            if file.ends_with(".rs") && is_item {
                let source = fs::read_to_string(&path).unwrap();
                assert!(defines(&source, item), "{name}: {file} has no `{item}`");
            }
        }
    }
}

/// Returns the text between a heading and the next heading of the same level.
fn section<'a>(page: &'a str, head: &str) -> &'a str {
    let (_, section) = page.split_once(&format!("{head}\n")).unwrap();
    section.split("\n## ").next().unwrap()
}

/// Returns the items of a numbered list, and checks their numbers.
fn items(list: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in list.lines() {
        let begins = line.starts_with(&format!("{}. ", items.len() + 1));
        match items.last_mut() {
            _ if begins => items.push(line.to_owned()),
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            None => {}
        }
    }
    items
}

/// An exercise is an item of the list in `Try it`. Each exercise says how to see that it is solved.
#[test]
fn every_exercise_says_when_it_is_solved() {
    let (mut all, mut in_any_language) = (0, 0);
    for number in 1..=8 {
        let text = lesson(number);
        let exercises = items(section(&text, "## Try it"));
        assert!(
            exercises.len() >= 4,
            "lesson {number}: {} exercises",
            exercises.len()
        );
        for exercise in &exercises {
            assert!(
                exercise.contains("Solved when"),
                "lesson {number}: {exercise}"
            );
        }
        all += exercises.len();
        let any = exercises
            .iter()
            .filter(|text| text.contains("(any language)"));
        in_any_language += any.count();
    }
    assert!(all >= 32, "{all} exercises");
    assert!(in_any_language >= 10, "{in_any_language} in any language");
}

/// The solutions have one answer for each exercise. If a patch exists for an exercise, its answer names this patch.
#[test]
fn every_exercise_has_an_answer() {
    let answers = fs::read_to_string(folder().join("solutions/README.md")).unwrap();
    for number in 1..=8 {
        let text = lesson(number);
        let exercises = items(section(&text, "## Try it"));
        let answers = items(section(&answers, &format!("## Lesson {number}")));
        assert_eq!(answers.len(), exercises.len(), "lesson {number}");
        for (at, answer) in answers.iter().enumerate() {
            let patch = format!("lesson-{number}-exercise-{}.patch", at + 1);
            let exists = folder().join("solutions").join(&patch).exists();
            assert_eq!(answer.contains(&patch), exists, "{patch}");
        }
    }
}

/// Each lesson has a line that begins with `**Repaired:**`. The line says how many cases pass with the lesson's step, but
/// not with the step before. If these cases are fewer than thirty, the line also names them.
#[test]
fn each_step_repairs_what_its_lesson_says() {
    let table = table();
    for step in 1..7 {
        let repaired: Vec<_> = table
            .iter()
            .filter(|(_, row)| row[step - 1] != "pass" && row[step] == "pass")
            .map(|(case, _)| *case)
            .collect();
        for (case, row) in &table {
            assert!(
                row[step - 1] != "pass" || row[step] == "pass",
                "step {} breaks {case}",
                step + 1
            );
        }
        let text = lesson(step + 1);
        let line = text
            .split("\n\n")
            .find(|part| part.starts_with("**Repaired:**"));
        let line = line.unwrap_or_else(|| panic!("lesson {} has no line `Repaired`", step + 1));
        let number = match repaired.len() {
            0 => "no case".to_owned(),
            1 => "1 case".to_owned(),
            number => format!("{number} cases"),
        };
        assert!(line.contains(&number), "lesson {}: {number}", step + 1);
        if repaired.len() < 30 {
            let mut named: Vec<_> = quoted(line).collect();
            named.sort_unstable();
            assert_eq!(named, repaired, "lesson {}", step + 1);
        }
    }
}

#[cfg(target_os = "linux")]
mod commands {
    use std::process::Command;
    use std::thread;

    use super::lesson;
    use crate::step::start;

    /// A block that begins with "```console PROGRAM". It contains commands, each after a `$`, and their output. The commands
    /// are typed while the server PROGRAM runs. Blocks without a program are not tested, because their output differs each
    /// time.
    struct Block {
        lesson: usize,
        program: String,
        commands: String,
        output: String,
    }

    fn blocks(number: usize) -> Vec<Block> {
        let text = lesson(number);
        let parts = text.split("```console ").skip(1);
        let blocks = parts.map(|part| {
            let (program, rest) = part.split_once('\n').unwrap();
            let body = rest.split("```").next().unwrap();
            let (commands, output): (Vec<_>, Vec<_>) =
                body.lines().partition(|line| line.starts_with("$ "));
            let commands: Vec<_> = commands.iter().map(|line| &line[2..]).collect();
            Block {
                lesson: number,
                program: program.to_owned(),
                commands: commands.join("\n"),
                output: output.join("\n"),
            }
        });
        blocks.collect()
    }

    /// Types the commands of a block into bash. In the commands, replaces the port of the lessons with the actual port of
    /// the server.
    fn check(block: &Block) {
        let server = start(&block.program);
        let port = server.address.port().to_string();
        let typed = Command::new("bash")
            .args(["-c", &block.commands.replace("7777", &port)])
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&typed.stdout);
        assert_eq!(
            output.trim_end(),
            block.output,
            "lesson {}: {}",
            block.lesson,
            block.commands
        );
    }

    #[test]
    fn the_lessons_show_what_their_commands_print() {
        let blocks: Vec<_> = (1..=8).flat_map(blocks).collect();
        assert!(blocks.len() >= 6, "{} blocks", blocks.len());
        thread::scope(|scope| {
            for block in &blocks {
                scope.spawn(move || check(block));
            }
        });
    }
}
