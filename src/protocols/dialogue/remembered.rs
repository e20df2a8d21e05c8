use std::collections::VecDeque;

/// Maximum number of open requests that a client remembers, in each direction. Most servers allow fewer open requests, and a
/// person answers only a few. At the limit, a new request replaces the oldest request. The asker of the oldest request has
/// often left already: not every server reports that an asker has left.
const MOST: usize = 256;

/// Open requests between us and other clients, oldest first. The same request is never stored twice.
#[derive(Debug)]
pub struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        Remembered(VecDeque::new())
    }
}

impl<T: PartialEq> Remembered<T> {
    /// Adds a request as the newest one. If it is already stored, it moves to the end.
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
    fn a_new_request_replaces_the_oldest_and_none_is_kept_twice() {
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
