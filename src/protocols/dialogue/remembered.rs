use std::collections::VecDeque;

/// Maximum number of open requests that are remembered, in each direction. Most servers keep fewer; a person answers a
/// handful. The oldest request is forgotten for a new one, because not every server reports that an asker has left.
const MOST: usize = 256;

/// Requests between others and us: oldest first, each once.
#[derive(Debug)]
pub struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        Remembered(VecDeque::new())
    }
}

impl<T: PartialEq> Remembered<T> {
    /// Adds a request as the newest.
    pub fn remember(&mut self, request: T) {
        self.0.retain(|known| *known != request);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    /// Removes and returns the oldest request that matches.
    pub fn take(&mut self, is_meant: impl FnMut(&T) -> bool) -> Option<T> {
        let at = self.0.iter().position(is_meant)?;
        self.0.remove(at)
    }

    /// Returns all requests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_for_one_more_and_each_is_kept_once() {
        let mut remembered = Remembered::default();
        (0..MOST).for_each(|number| remembered.remember(number));
        remembered.remember(0);
        assert_eq!(remembered.take(|_| true), Some(1));
        assert_eq!(remembered.take(|number| *number == 0), Some(0));
        assert_eq!(remembered.take(|number| *number == 0), None);
        (0..MOST).for_each(|number| remembered.remember(MOST + number));
        assert_eq!(remembered.iter().count(), MOST);
        assert_eq!(remembered.take(|_| true), Some(MOST));
    }
}
