//! Sorts the rows or columns of a matrix (here called lines) so that similar lines are next to each other.

/// Maximum number of passes over the whole order. Each pass improves the order, and usually a few passes are enough.
const MOST_PASSES: usize = 8;

/// Returns the indices of these lines, in an order in which each line differs from its neighbours in few places. The first
/// line stays first.
///
/// First the function builds an order. After each line it takes the remaining line that differs least from it. If several
/// lines differ equally little, it takes the first of them. Then it reverses parts of this order, as long as this makes
/// neighbours more similar. For the same lines, the result is always the same. There may be a better order, but the search
/// for the best order would take too long.
pub(super) fn neighbours<T: PartialEq>(lines: &[Vec<T>]) -> Vec<usize> {
    let distance = |one: usize, other: usize| {
        let [one, other] = [one, other].map(|index| lines.get(index).into_iter().flatten());
        let pairs = one.zip(other);
        pairs.filter(|(one, other)| one != other).count()
    };
    let mut left: Vec<usize> = (1..lines.len()).collect();
    let mut order: Vec<usize> = (0..lines.len().min(1)).collect();
    while let Some(last) = order.last().copied() {
        let nearest = left.iter().enumerate();
        match nearest.min_by_key(|(_, line)| distance(last, **line)) {
            Some((index, _)) => order.push(left.remove(index)),
            None => break,
        }
    }
    for _ in 0..MOST_PASSES {
        if !turn_around(&mut order, &distance) {
            break;
        }
    }
    order
}

/// Reverses each part of the order if the reversal makes the two ends of the part more similar to their neighbours. Returns
/// whether it reversed any part. The first line stays in its place.
fn turn_around(order: &mut [usize], distance: &impl Fn(usize, usize) -> usize) -> bool {
    let mut better = false;
    for start in 1..order.len() {
        for end in start + 1..order.len() {
            let line = |index: usize| order.get(index).copied();
            let (Some(left), Some(first), Some(last)) = (line(start - 1), line(start), line(end))
            else {
                continue;
            };
            let before = distance(left, first);
            let now = distance(left, last);
            let (next, then) = match line(end + 1) {
                Some(right) => (distance(last, right), distance(first, right)),
                None => (0, 0),
            };
            if now + then < before + next
                && let Some(piece) = order.get_mut(start..=end)
            {
                piece.reverse();
                better = true;
            }
        }
    }
    better
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_lines_are_neighbours() {
        let lines: Vec<Vec<char>> = ["aaaa", "bbbb", "aaab", "bbba", "aabb"]
            .iter()
            .map(|line| line.chars().collect())
            .collect();
        assert_eq!(neighbours(&lines), [0, 2, 4, 1, 3]);
    }

    #[test]
    fn no_lines_and_one_line_have_an_order() {
        assert!(neighbours::<char>(&[]).is_empty());
        assert_eq!(neighbours(&[vec!['a']]), [0]);
    }
}
