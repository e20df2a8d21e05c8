use crate::escape::is_hidden;

/// Maximum length of a name, in bytes. Most file systems allow 255 bytes. The remaining 75 bytes are enough for a number and
/// a suffix.
const MAX_NAME_BYTES: usize = 180;
/// Maximum length of a name on file systems that allow only 143 bytes, such as eCryptfs. With the suffix of an incomplete
/// file, a name of this length still has fewer than 143 bytes.
const SHORT_NAME_BYTES: usize = 110;
/// Names of devices on Windows. A file must not have such a name, with or without an extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$"];

/// Turns the name that a peer gave into a safe name: a single visible path component.
pub(super) fn safe_name(offered: &str) -> String {
    let last = offered.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| !is_hidden(c) && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*');
    let name: String = last
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    // A name that begins with a dot would hide the file, and a name that begins with a hyphen would look like a command-line
    // option.
    let name = name.trim_start_matches(['.', ' ', '-', '~']);
    let name = name.trim_end_matches(['.', ' ']);
    let name = shortened(name, MAX_NAME_BYTES);
    let (stem, _) = name.split_once('.').unwrap_or((&name, ""));
    if stem.is_empty() {
        return format!("file{name}");
    }
    if is_device(stem) {
        return shortened(&format!("_{name}"), MAX_NAME_BYTES);
    }
    name
}

/// Adds a number to a name under which a file already exists.
pub(super) fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({number}).{ending}"),
        _ => format!("{name} ({number})"),
    }
}

/// Returns a shorter name, for a file system that allows only short names; `None` if this name is short enough for it.
pub(super) fn shorter(name: &str) -> Option<String> {
    (name.len() > SHORT_NAME_BYTES).then(|| shortened(name, SHORT_NAME_BYTES))
}

fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() > 16 { "" } else { ending };
    let end = name.floor_char_boundary(limit - ending.len());
    let name = format!("{}{ending}", &name[..end]);
    name.trim_end_matches(['.', ' ']).to_owned()
}

fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end().to_uppercase();
    let port = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    DEVICES.contains(&&*stem)
        || port.is_some_and(|number| {
            number.chars().count() == 1
                && number
                    .chars()
                    .all(|c| c.is_ascii_digit() || "¹²³".contains(c))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("cat.png", "cat.png")]
    #[case::other_letters("été 世界.txt", "été 世界.txt")]
    #[case::a_path("/etc/passwd", "passwd")]
    #[case::upwards("../../x.sh", "x.sh")]
    #[case::windows("C:\\Windows\\x.exe", "x.exe")]
    #[case::hidden(".bashrc", "bashrc")]
    #[case::only_dots("..", "file")]
    #[case::nothing("", "file")]
    #[case::a_folder("folder/", "file")]
    #[case::control("a\x1b[2J\nb", "a_[2J_b")]
    #[case::right_to_left("a\u{202e}gpj.exe", "a_gpj.exe")]
    #[case::a_device("nul.txt", "_nul.txt")]
    #[case::a_port("COM1", "_COM1")]
    #[case::no_port("COM12", "COM12")]
    #[case::a_stream("a.txt:hidden", "a.txt_hidden")]
    #[case::an_option("-rf", "rf")]
    #[case::trailing("name. . ", "name")]
    fn a_name_becomes_safe(#[case] offered: &str, #[case] safe: &str) {
        assert_eq!(safe_name(offered), safe);
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_name(&format!("{}.tar", "é".repeat(200)));
        assert!(name.len() <= MAX_NAME_BYTES && name.ends_with("é.tar"));
    }

    #[rstest]
    #[case::a_device(format!("nul.{}", "x".repeat(200)))]
    #[case::a_device_with_an_ending(format!("nul.{}.tar", "x".repeat(200)))]
    #[case::cut_after_a_space(format!("{} {}", "x".repeat(MAX_NAME_BYTES - 1), "y".repeat(20)))]
    fn a_long_name_becomes_safe_at_once(#[case] offered: String) {
        let name = safe_name(&offered);
        assert!(name.len() <= MAX_NAME_BYTES, "{name}");
        assert_eq!(safe_name(&name), name);
    }

    #[test]
    fn a_number_goes_before_the_ending() {
        assert_eq!(numbered("cat.png", 2), "cat (2).png");
        assert_eq!(numbered("cat", 2), "cat (2)");
    }

    proptest! {
        #[test]
        fn it_is_one_plain_component(offered in ".*|(\\.|/|\\\\|[a-z]){0,8}") {
            let name = safe_name(&offered);
            let path = std::path::Path::new(&name);
            prop_assert_eq!(path.file_name(), Some(path.as_os_str()));
            prop_assert!(!name.starts_with('.') && !name.chars().any(is_hidden));
            prop_assert!(!name.is_empty() && name.len() <= MAX_NAME_BYTES);
            prop_assert_eq!(safe_name(&name), name);
        }
    }
}
