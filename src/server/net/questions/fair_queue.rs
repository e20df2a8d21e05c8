//! A queue with a maximum length, in which the addresses of clients take turns.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// A queue with the items of many addresses. The addresses take turns, so an address with a
/// thousand items delays only its own items.
///
/// * The workers work on only one item of an address at a time. The other items of this address
///   wait until [`FairQueue::done`] is called.
/// * The addresses with waiting items take turns. In each turn, a worker takes one item of the
///   address.
/// * When the queue is full, the address with the most waiting items loses its latest item. So one
///   address cannot keep the others out of the queue. If the queue is full and every address has
///   only one item in it, the queue accepts no new item.
#[derive(Debug)]
pub(in crate::net) struct FairQueue<T> {
    most: usize,
    waiting: usize,
    /// Addresses that have an item that waits, or an item that a worker is working on.
    addresses: HashMap<IpAddr, Items<T>>,
    /// Addresses that have a waiting item, but no item that a worker is working on. The first of
    /// them is served next.
    turns: VecDeque<IpAddr>,
}

#[derive(Debug)]
struct Items<T> {
    waiting: VecDeque<T>,
    in_work: bool,
}

impl<T> FairQueue<T> {
    /// Makes an empty queue that holds at most `most` waiting items.
    pub(in crate::net) fn new(most: usize) -> FairQueue<T> {
        FairQueue {
            most,
            waiting: 0,
            addresses: HashMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Adds an item. When the queue is full, returns the item that has no space in it: either this
    /// new item, or the latest item of another address.
    pub(in crate::net) fn push(&mut self, address: IpAddr, item: T) -> Option<T> {
        let mut displaced = None;
        if self.waiting >= self.most {
            let Some(other) = self.displace(address) else {
                return Some(item);
            };
            displaced = Some(other);
        }
        self.waiting += 1;
        let items = self.addresses.entry(address).or_insert_with(|| Items {
            waiting: VecDeque::new(),
            in_work: false,
        });
        items.waiting.push_back(item);
        if items.waiting.len() == 1 && !items.in_work {
            self.turns.push_back(address);
        }
        displaced
    }

    /// Takes the next item. No other item of its address is taken before [`FairQueue::done`] is
    /// called.
    pub(in crate::net) fn take(&mut self) -> Option<(IpAddr, T)> {
        let address = self.turns.pop_front()?;
        let items = self.addresses.get_mut(&address)?;
        let item = items.waiting.pop_front()?;
        items.in_work = true;
        self.waiting -= 1;
        Some((address, item))
    }

    /// Notes that the work on the item that was taken from this address has ended.
    pub(in crate::net) fn done(&mut self, address: IpAddr) {
        let Some(items) = self.addresses.get_mut(&address) else {
            return;
        };
        items.in_work = false;
        if items.waiting.is_empty() {
            self.addresses.remove(&address);
        } else {
            self.turns.push_back(address);
        }
    }

    /// Makes space for a new item of `newcomer`: removes and returns the latest item of the address
    /// with the most items. Does this only if that address has more items than `newcomer` would
    /// have with the new item.
    fn displace(&mut self, newcomer: IpAddr) -> Option<T> {
        let own = self.addresses.get(&newcomer);
        let own = own.map_or(0, |items| items.waiting.len()) + 1;
        let longest = self.addresses.values_mut();
        let longest = longest.max_by_key(|items| items.waiting.len())?;
        if longest.waiting.len() <= own {
            return None;
        }
        self.waiting -= 1;
        longest.waiting.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    /// Takes everything, one item after the other.
    fn drain(queue: &mut FairQueue<&'static str>) -> Vec<&'static str> {
        let mut taken = Vec::new();
        while let Some((address, item)) = queue.take() {
            taken.push(item);
            queue.done(address);
        }
        taken
    }

    #[test]
    fn addresses_take_turns_and_the_items_of_each_keep_their_order() {
        let mut queue = FairQueue::new(10);
        for item in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(address(1), item), None);
        }
        assert_eq!(queue.push(address(2), "b1"), None);
        assert_eq!(queue.push(address(3), "c1"), None);
        assert_eq!(drain(&mut queue), ["a1", "b1", "c1", "a2", "a3"]);
        assert!(queue.addresses.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn one_item_of_an_address_is_in_work_at_a_time() {
        let mut queue = FairQueue::new(10);
        queue.push(address(1), "a1");
        queue.push(address(1), "a2");
        queue.push(address(2), "b1");
        assert_eq!(queue.take(), Some((address(1), "a1")));
        assert_eq!(queue.take(), Some((address(2), "b1")));
        assert_eq!(queue.take(), None, "a2 waits for a1");
        queue.done(address(2));
        assert_eq!(queue.take(), None);
        queue.done(address(1));
        assert_eq!(queue.take(), Some((address(1), "a2")));
    }

    #[test]
    fn in_a_full_queue_the_address_with_the_most_items_loses_its_latest() {
        let mut queue = FairQueue::new(3);
        for item in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(address(1), item), None);
        }
        assert_eq!(queue.push(address(1), "a4"), Some("a4"));
        assert_eq!(queue.push(address(2), "b1"), Some("a3"));
        assert_eq!(queue.push(address(2), "b2"), Some("b2"), "no more than a");
        assert_eq!(queue.push(address(3), "c1"), Some("a2"));
        assert_eq!(queue.push(address(4), "d1"), Some("d1"));
        assert_eq!(drain(&mut queue), ["a1", "b1", "c1"]);
        assert_eq!(queue.push(address(4), "d1"), None, "it has space again");
    }

    #[test]
    fn an_item_in_work_uses_no_space_of_the_queue() {
        let mut queue = FairQueue::new(1);
        assert_eq!(queue.push(address(1), "a1"), None);
        assert_eq!(queue.take(), Some((address(1), "a1")));
        assert_eq!(queue.push(address(1), "a2"), None);
        assert_eq!(queue.push(address(1), "a3"), Some("a3"));
    }
}
