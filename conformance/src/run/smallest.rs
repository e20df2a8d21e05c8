//! Reduces a list to a few items that have the same effect as the whole list. The search first tries to leave out large
//! parts of the list, then smaller and smaller parts.

/// Returns the items that are needed for the effect. `fits` says whether a part of the list still has the effect. The search
/// calls `fits` at most `budget` times. If the search must stop because of this limit, it returns all items that it has not
/// left out so far.
pub(crate) fn smallest<T: Clone>(
    items: Vec<T>,
    budget: &mut usize,
    fits: &mut dyn FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut left = items;
    let mut parts = 2;
    while left.len() > 1 {
        let size = left.len().div_ceil(parts);
        let chunks: Vec<Vec<T>> = left.chunks(size).map(<[T]>::to_vec).collect();
        let others = |index: usize| {
            let chunks = chunks.iter().enumerate();
            let others = chunks.filter(move |(other, _)| *other != index);
            others
                .flat_map(|(_, chunk)| chunk.clone())
                .collect::<Vec<T>>()
        };
        let without = (0..chunks.len()).filter(|_| chunks.len() > 2).map(others);
        let mut candidates = chunks.clone().into_iter().chain(without);
        let better = candidates.find(|candidate| {
            let asks = *budget > 0;
            *budget = budget.saturating_sub(1);
            asks && fits(candidate)
        });
        match better {
            Some(fewer) => {
                left = fewer;
                parts = 2;
            }
            None if *budget == 0 || size == 1 => break,
            None => parts *= 2,
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one(&[37])]
    #[case::two_far_apart(&[3, 90])]
    #[case::neighbours(&[49, 50])]
    #[case::three(&[0, 50, 99])]
    fn what_makes_the_difference_is_left(#[case] culprits: &[u32]) {
        let mut budget = 1000;
        let found = smallest((0..100).collect(), &mut budget, &mut |some| {
            culprits.iter().all(|culprit| some.contains(culprit))
        });
        assert_eq!(found, culprits);
    }

    #[test]
    fn a_spent_budget_ends_the_search() {
        let mut budget = 3;
        let mut asked = 0;
        let found = smallest((0..100).collect(), &mut budget, &mut |some| {
            asked += 1;
            some.contains(&37)
        });
        assert_eq!(asked, 3);
        assert!(found.contains(&37) && found.len() < 100);
    }
}
