//! Fan-out: a few senders write messages for all clients, and the load checks each copy of a message at each client.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::ClientId;
use super::crowd::{Crowd, Listener, gather_crowd};
use super::figures::{FanOutFigures, Flaws, latencies, micros};
use super::payload::Payload;
use super::target::Meter;
use super::tongue::{Heard, Tongue};
use super::work::{Bounds, FanOut, Pace, Teller, Trouble};

/// Maximum number of unsent bytes of a sender. A sender with more unsent bytes sends no new messages.
const MOST_UNSENT: usize = 128 * 1024;

/// The number of the first message of each sender. These first messages show whether the server sends a message back to its
/// sender. The measurement starts after them.
const PROBE: u32 = 0;

/// Runs a fan-out.
pub(super) fn play(
    tongue: &dyn Tongue,
    target: SocketAddr,
    what: &FanOut,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<FanOutFigures, Trouble> {
    let names = tongue.names(what.clients).map_err(Trouble::Protocol)?;
    let mut meter = Meter::start(bounds.process);
    let mut crowd = gather_crowd(tongue, target, &names, what.at_once, bounds, teller)?;
    let resident = meter.resident_per(what.clients);
    let payload = Payload::new(what.size, Instant::now());
    let senders = Senders::new(tongue, &names, what, &payload);
    let mut ears = Ears::new(tongue, &senders, &payload, what);
    let echo = probe(&mut crowd, &mut ears, &senders, bounds)?;
    let recipients = (what.clients - usize::from(!echo)) as u64;
    ears.begin();
    meter.restart();
    let began = Instant::now();
    let sent = broadcast(
        &mut crowd, &mut ears, &senders, what, recipients, bounds, teller,
    )?;
    let took = ears
        .last
        .saturating_duration_since(began)
        .max(Duration::from_micros(1));
    Ok(FanOutFigures {
        clients: what.clients,
        senders: what.senders,
        pace: what.pace,
        bytes: payload.size(),
        echo,
        seconds: took.as_secs_f64(),
        messages: sent,
        deliveries: ears.deliveries,
        per_second: ears.deliveries as f64 / took.as_secs_f64(),
        latency: (&ears.latency).into(),
        server: meter.cost(ears.deliveries, resident),
        flaws: Flaws {
            lost: (sent * recipients).saturating_sub(ears.deliveries),
            ends: crowd.losses,
            first_end: crowd.first_loss.clone(),
            ..ears.flaws
        },
    })
}

/// The senders, and the bytes that the server writes before and after the text of each sender's messages.
struct Senders {
    all: Vec<Sender>,
    /// For each sender, the bytes before and after the text of each message that arrives; empty if these bytes can vary.
    frames: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A client that sends.
struct Sender {
    /// The number of this sender, which its messages contain.
    index: usize,
    client: ClientId,
    name: String,
}

impl Senders {
    fn new(tongue: &dyn Tongue, names: &[String], what: &FanOut, payload: &Payload) -> Senders {
        let sender = |index: usize| {
            let client = index * what.clients / what.senders;
            let name = names.get(client)?.clone();
            Some(Sender {
                index,
                client: ClientId(client),
                name,
            })
        };
        let all: Vec<Sender> = (0..what.senders).filter_map(sender).collect();
        let mark = payload.write(0, 0);
        let frame = |sender: &Sender| {
            let whole = tongue.arrival(&sender.name, &mark)?;
            let mut places = whole.windows(mark.len());
            let at = places.position(|window| window == mark.as_bytes())?;
            let (before, rest) = whole.split_at_checked(at)?;
            Some((before.to_vec(), rest.get(mark.len()..)?.to_vec()))
        };
        Senders {
            frames: all.iter().filter_map(frame).collect(),
            all,
        }
    }

    fn flush(&self, crowd: &mut Crowd<'_>) {
        for sender in &self.all {
            crowd.flush(sender.client);
        }
    }
}

/// Checks what all clients receive.
struct Ears<'a> {
    tongue: &'a dyn Tongue,
    payload: &'a Payload,
    frames: &'a [(Vec<u8>, Vec<u8>)],
    senders: usize,
    /// For each client and each sender, the number of the next message that the client expects from this sender.
    next: Vec<u32>,
    /// For each sender: the number of deliveries of its messages.
    heard: Vec<u64>,
    deliveries: u64,
    latency: Histogram<u64>,
    flaws: Flaws,
    last: Instant,
}

impl<'a> Ears<'a> {
    fn new(
        tongue: &'a dyn Tongue,
        senders: &'a Senders,
        payload: &'a Payload,
        what: &FanOut,
    ) -> Ears<'a> {
        Ears {
            tongue,
            payload,
            frames: &senders.frames,
            senders: senders.all.len(),
            next: vec![PROBE; what.clients * what.senders],
            heard: vec![0; what.senders],
            deliveries: 0,
            latency: latencies(),
            flaws: Flaws::default(),
            last: Instant::now(),
        }
    }

    /// Starts the count. Messages that arrived before the measurement do not count, because they belong to the probe.
    fn begin(&mut self) {
        self.next.fill(PROBE + 1);
        self.heard.fill(0);
        self.deliveries = 0;
        self.latency.reset();
    }

    /// If the bytes begin with a complete message of this load, returns its sender, its number, its sending time, and the
    /// length of its frame. A load spends most of its time here, so this function compares bytes, which is faster than
    /// decoding them.
    fn message_at(&self, front: &[u8]) -> Option<(usize, u32, Duration, usize)> {
        let (before, after) = self.frames.first()?;
        let text_end = before.len() + self.payload.size();
        let length = text_end + after.len();
        let said = self.payload.read(front.get(before.len()..text_end)?)?;
        let sender = said.sender as usize;
        let (before, after) = self.frames.get(sender)?;
        let whole = front.starts_with(before) && front.get(text_end..length)? == after.as_slice();
        whole.then_some((sender, said.number, said.sent, length))
    }

    fn knows(&self, sender: u32) -> bool {
        (sender as usize) < self.senders
    }

    /// Returns the number of the next message that a client expects from a sender.
    fn expected(&mut self, client: ClientId, sender: usize) -> Option<&mut u32> {
        self.next.get_mut(client.0 * self.senders + sender)
    }

    fn delivered(&mut self, client: ClientId, sender: usize, number: u32, sent: Duration) {
        let expected = self.expected(client, sender);
        if expected.map(|next| std::mem::replace(next, number.saturating_add(1))) != Some(number) {
            self.flaws.out_of_order += 1;
        }
        if let Some(heard) = self.heard.get_mut(sender) {
            *heard += 1;
        }
        self.deliveries += 1;
        self.last = Instant::now();
        let took = self.payload.now().saturating_sub(sent);
        self.latency.saturating_record(micros(took));
    }
}

impl Listener for Ears<'_> {
    fn hear(&mut self, client: ClientId, front: &[u8]) -> Heard {
        if let Some((sender, number, sent, length)) = self.message_at(front) {
            self.delivered(client, sender, number, sent);
            return Heard::Fine(length);
        }
        let heard = self.tongue.hear(front);
        match &heard {
            Heard::Message { text, .. } => {
                let said = self
                    .payload
                    .read(front.get(text.clone()).unwrap_or_default());
                match said {
                    Some(said) if self.frames.is_empty() && self.knows(said.sender) => {
                        self.delivered(client, said.sender as usize, said.number, said.sent);
                    }
                    _ => self.flaws.damaged += 1,
                }
            }
            Heard::Unexpected(_, words) => self.flaws.came_unexpectedly(words),
            _ => {}
        }
        heard
    }
}

/// Sends one message from each sender, and waits until it has reached all other clients. Returns true if the server also
/// sends a message back to its sender (an echo).
fn probe(
    crowd: &mut Crowd<'_>,
    ears: &mut Ears<'_>,
    senders: &Senders,
    bounds: &Bounds,
) -> Result<bool, Trouble> {
    for sender in &senders.all {
        say(crowd, ears, sender, PROBE)?;
    }
    senders.flush(crowd);
    let (clients, count) = (crowd.len(), senders.all.len());
    let without_echo = (count * (clients - 1)) as u64;
    let asked = Instant::now();
    let mut others_since = None;
    loop {
        crowd.turn(Duration::from_millis(20), ears)?;
        if let Some(loss) = &crowd.first_loss {
            return Err(Trouble::Lost(loss.clone()));
        }
        let own = senders.all.iter();
        let next = own.filter_map(|sender| ears.expected(sender.client, sender.index).copied());
        let echoes = next.filter(|next| *next > PROBE).count();
        if ears.deliveries >= without_echo + count as u64 {
            return Ok(true);
        }
        // All other copies have arrived. If the sender's own copy (the echo) does not arrive within this time, the server
        // sends no echoes.
        if ears.deliveries == without_echo && echoes == 0 {
            let since = others_since.get_or_insert_with(Instant::now);
            if since.elapsed() > Duration::from_millis(200) {
                return Ok(false);
            }
        }
        if asked.elapsed() > bounds.patience || bounds.over() {
            let message = "each sender sent one message";
            let wanted = without_echo;
            let got = ears.deliveries;
            return Err(Trouble::Lost(format!(
                "{message}, so at least {wanted} copies must arrive; after {:?} only {got} copies had arrived",
                asked.elapsed()
            )));
        }
    }
}

fn say(
    crowd: &mut Crowd<'_>,
    ears: &Ears<'_>,
    sender: &Sender,
    number: u32,
) -> Result<(), Trouble> {
    let text = ears.payload.write(sender.index as u32, number);
    let bytes = ears.tongue.message(&sender.name, &text);
    crowd.queue(sender.client, &bytes.map_err(Trouble::Protocol)?);
    Ok(())
}

/// Sends until a bound is reached, then waits for the messages that have not reached all clients yet. Returns the number of
/// messages sent.
fn broadcast(
    crowd: &mut Crowd<'_>,
    ears: &mut Ears<'_>,
    senders: &Senders,
    what: &FanOut,
    recipients: u64,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<u64, Trouble> {
    let began = Instant::now();
    let mut sent = vec![0_u64; senders.all.len()];
    let mut progress = (0, Instant::now());
    loop {
        let total: u64 = sent.iter().sum();
        let sending = total < what.messages
            && began.elapsed() < what.lasts
            && crowd.losses == 0
            && !bounds.over();
        let mut wait = Duration::from_millis(20);
        if sending {
            let elapsed = began.elapsed();
            for index in what.pace.due(&sent, &ears.heard, recipients, elapsed) {
                let left = what.messages.saturating_sub(sent.iter().sum());
                let (Some(sender), Some(count)) = (senders.all.get(index), sent.get_mut(index))
                else {
                    continue;
                };
                if left > 0 && crowd.unsent(sender.client) < MOST_UNSENT {
                    *count += 1;
                    let number = u32::try_from(*count).unwrap_or(u32::MAX);
                    say(crowd, ears, sender, number)?;
                }
            }
            // One write sends all messages that a sender may send now. If each message had its own write, these writes would
            // limit the rate, and the load would measure its own speed instead of the server's.
            senders.flush(crowd);
            wait = what
                .pace
                .pause(sent.iter().sum(), began.elapsed())
                .min(wait);
        } else if ears.deliveries >= total * recipients || crowd.losses > 0 {
            return Ok(total);
        }
        crowd.turn(wait, ears)?;
        if ears.deliveries > progress.0 {
            progress = (ears.deliveries, Instant::now());
            teller.tell(|| format!("{} messages, {} deliveries", total, ears.deliveries));
        } else if progress.1.elapsed() > bounds.patience {
            // No copy has arrived for the time `patience`, so the missing copies count as lost.
            return Ok(sent.iter().sum());
        }
    }
}

impl Pace {
    /// Returns the senders that may send now. A sender that may send three messages is in the list three times.
    fn due(&self, sent: &[u64], heard: &[u64], recipients: u64, elapsed: Duration) -> Vec<usize> {
        match self {
            Pace::Window(window) => {
                let senders = sent.iter().zip(heard).enumerate();
                let free = senders.map(|(sender, (sent, heard))| {
                    let under_way = sent - (heard / recipients.max(1)).min(*sent);
                    (sender, (*window as u64).saturating_sub(under_way))
                });
                free.flat_map(|(sender, free)| std::iter::repeat_n(sender, free as usize))
                    .collect()
            }
            Pace::Rate(rate) => {
                let total: u64 = sent.iter().sum();
                let due = (elapsed.as_secs_f64() * rate) as u64 + 1;
                (total..due)
                    .map(|number| (number % sent.len() as u64) as usize)
                    .collect()
            }
        }
    }

    /// Returns the time until the next message is due.
    fn pause(&self, sent: u64, elapsed: Duration) -> Duration {
        match self {
            Pace::Window(_) => Duration::MAX,
            Pace::Rate(rate) => Duration::from_secs_f64(sent as f64 / rate).saturating_sub(elapsed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::peers::tongue_of;
    use super::*;

    #[test]
    fn the_last_possible_number_is_counted_like_any_other() {
        let what = FanOut {
            clients: 1,
            senders: 1,
            pace: Pace::Window(1),
            size: 0,
            messages: 1,
            lasts: Duration::ZERO,
            at_once: 1,
        };
        let tongue = tongue_of("nats").expect("it is a peer");
        let payload = Payload::new(what.size, Instant::now());
        let senders = Senders::new(&*tongue, &["nats".to_owned()], &what, &payload);
        let mut ears = Ears::new(&*tongue, &senders, &payload, &what);
        let text = payload.write(0, u32::MAX);
        let copy = tongue.arrival("nats", &text).expect("it has one form");
        assert_eq!(ears.hear(ClientId(0), &copy), Heard::Fine(copy.len()));
        assert_eq!((ears.deliveries, ears.flaws.out_of_order), (1, 1));
    }
}
