use std::collections::VecDeque;

/// How many open requests are remembered, each way. Most servers keep fewer; a person answers a handful. The oldest one is
/// forgotten for a newer one, because not every server tells a client that an asker has gone.
const MOST: usize = 256;

/// Requests between others and us, oldest first, each once.
#[derive(Debug)]
pub struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Remembered<T> {
        Remembered(VecDeque::new())
    }
}

impl<T: PartialEq> Remembered<T> {
    /// Notes one as the newest.
    pub fn remember(&mut self, request: T) {
        self.0.retain(|known| *known != request);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    /// Takes out the oldest one that is meant, if there is one.
    pub fn take(&mut self, is_meant: impl FnMut(&T) -> bool) -> Option<T> {
        let at = self.0.iter().position(is_meant)?;
        self.0.remove(at)
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_for_one_more_and_none_is_there_twice() {
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
