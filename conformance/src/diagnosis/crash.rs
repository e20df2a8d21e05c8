//! The signature of a crash: crashes with the same signature have the same cause.

/// Maximum number of characters of a signature.
const LONGEST: usize = 120;

/// The beginnings of the stack frames that belong to a language's own libraries, not to the target.
const LIBRARIES: [&str; 6] = ["java.", "javax.", "jdk.", "sun.", "kotlin.", "scala."];

/// Returns the signature of a crash: the error and the place in the target's own code, or else the last line of the output,
/// or else how the process ended.
pub(super) fn signature(output: &str, end: &str) -> String {
    let found = of_java(output)
        .or_else(|| of_python(output))
        .or_else(|| of_rust(output))
        .or_else(|| last_line(output));
    let signature = found.unwrap_or_else(|| end.to_owned());
    signature.chars().take(LONGEST).collect()
}

/// Returns, for example, `NullPointerException FrameReader.java:71`.
fn of_java(output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().collect();
    let first = lines
        .iter()
        .rposition(|line| is_frame_of_java(line))
        .map(|last| {
            let before = lines.get(..last).unwrap_or_default();
            before
                .iter()
                .rposition(|line| !is_frame_of_java(line))
                .map_or(0, |it| it + 1)
        })?;
    let frames = lines.get(first..).unwrap_or_default().iter();
    let mut frames = frames.take_while(|line| is_frame_of_java(line));
    let own = frames.find(|line| {
        let frame = line.trim_start().trim_start_matches("at ");
        !LIBRARIES.iter().any(|library| frame.starts_with(library))
    });
    let own = own.or_else(|| lines.get(first));
    let error = lines.get(first.checked_sub(1)?)?;
    let class = error
        .split_whitespace()
        .map(|word| word.trim_end_matches(':'))
        // The first word of "Exception in thread" is not the class.
        .filter(|word| *word != "Exception")
        .find(|word| word.ends_with("Exception") || word.ends_with("Error"))?;
    let class = class.rsplit('.').next().unwrap_or(class);
    let place = own.and_then(|line| line.split_once('(')?.1.split_once(')'));
    Some(match place {
        Some((place, _)) => format!("{class} {place}"),
        None => class.to_owned(),
    })
}

fn is_frame_of_java(line: &str) -> bool {
    line.starts_with([' ', '\t']) && line.trim_start().starts_with("at ") && line.ends_with(')')
}

/// Returns, for example, `struct.error server.py:42`.
fn of_python(output: &str) -> Option<String> {
    let start = output.rfind("Traceback (most recent call last):")?;
    let lines: Vec<&str> = output.get(start..)?.lines().collect();
    let error = lines.iter().skip(1).find(|line| {
        !line.starts_with(' ') && line.chars().next().is_some_and(char::is_alphabetic)
    })?;
    let class = error.split(':').next().unwrap_or(error);
    let place = |line: &&str| {
        let rest = line.trim_start().strip_prefix("File \"")?;
        let (file, rest) = rest.split_once("\", line ")?;
        let is_library = file.starts_with('<') || file.contains("/lib/python");
        let name = file.rsplit('/').next().unwrap_or(file);
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!is_library).then(|| format!("{name}:{number}"))
    };
    Some(match lines.iter().rev().find_map(place) {
        Some(place) => format!("{class} {place}"),
        None => class.to_owned(),
    })
}

/// Returns, for example, `panic src/main.rs:12`.
fn of_rust(output: &str) -> Option<String> {
    let (_, rest) = output.rsplit_once("' panicked at ").or_else(|| {
        // Since Rust 1.91 the number of the thread follows its name.
        output.rsplit_once(") panicked at ")
    })?;
    let place = rest.lines().next()?.trim_end_matches(':');
    let mut parts = place.splitn(3, ':');
    let (file, line) = (parts.next()?, parts.next()?);
    Some(format!("panic {file}:{line}"))
}

fn last_line(output: &str) -> Option<String> {
    let mut lines = output.lines().rev();
    let line = lines.find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_names_the_error_and_the_place_in_the_own_code() {
        for (output, wanted) in [
            (
                "listening\nException in thread \"client-3\" java.lang.NullPointerException: Cannot read field\n\
                 \tat java.base/java.nio.Buffer.get(Buffer.java:7)\n\tat chat.FrameReader.read(FrameReader.java:71)\n\
                 \tat chat.Server.run(Server.java:9)\n",
                "NullPointerException FrameReader.java:71",
            ),
            (
                "Traceback (most recent call last):\n  File \"/home/ada/server.py\", line 42, in handle\n    \
                 struct.unpack('>I', data)\nstruct.error: unpack requires a buffer of 4 bytes\n",
                "struct.error server.py:42",
            ),
            (
                "thread 'main' (7) panicked at src/main.rs:12:5:\nindex out of bounds\n",
                "panic src/main.rs:12",
            ),
            (
                "thread 'main' panicked at src/main.rs:12:5:\noh",
                "panic src/main.rs:12",
            ),
            ("hello\ndouble free detected\n\n", "double free detected"),
            ("", "the process ended, with signal 11 (SIGSEGV)"),
        ] {
            let end = "the process ended, with signal 11 (SIGSEGV)";
            assert_eq!(signature(output, end), wanted, "{output}");
        }
    }
}
