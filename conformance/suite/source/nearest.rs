//! "Did you mean": finds the known name that is most similar to what was written.

/// Returns the most similar name of `known`, if one is similar enough.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong. If more are wrong, the author probably meant another word. A comparison takes
    // time, so a very long word is not compared at all.
    if written.len() > 64 {
        return None;
    }
    let most = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|name| name.len() <= 64)
        .map(|name| {
            (
                distance(&written.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// Returns how many letters must be inserted, removed, changed or swapped with their neighbour to turn one word into the
/// other.
#[expect(
    clippy::indexing_slicing,
    reason = "the table has one row more than `from` has letters, and one column more than `to` has letters"
)]
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let change = usize::from(from[i - 1] != to[j - 1]);
            let mut best = (rows[i - 1][j - 1] + change)
                .min(rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_mistake_is_recognised_and_another_word_is_not() {
        let known = ["LOGIN", "LOGIN_ACCEPTED", "MESSAGE"];
        assert_eq!(nearest("LOIGN", known), Some("LOGIN"));
        assert_eq!(nearest("login_acepted", known), Some("LOGIN_ACCEPTED"));
        assert_eq!(nearest("TUNNEL", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
