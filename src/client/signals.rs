use std::io;

use crossbeam_channel::{Receiver, bounded};

/// Ctrl-C and its like, as a channel. The thread behind it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Signals {
    /// One unit for each signal; a second one that nobody took adds nothing.
    pub(super) received: Receiver<()>,
    /// The same for windows that have another size now.
    pub(super) resized: Receiver<()>,
    #[cfg(unix)]
    thread: Option<(signal_hook::iterator::Handle, std::thread::JoinHandle<()>)>,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> io::Result<Signals> {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGWINCH};

        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGWINCH])?;
        let handle = signals.handle();
        let (send, received) = bounded(1);
        let (send_resized, resized) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                for signal in signals.forever() {
                    let channel = match signal {
                        SIGWINCH => &send_resized,
                        _ => &send,
                    };
                    let _ = channel.try_send(());
                }
            })?;
        Ok(Signals {
            received,
            resized,
            thread: Some((handle, thread)),
        })
    }
}

#[cfg(unix)]
impl Drop for Signals {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.thread.take() {
            handle.close();
            let _ = thread.join();
        }
    }
}

/// Elsewhere Ctrl-C ends the program as the system wants.
#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            received: crossbeam_channel::never(),
            resized: crossbeam_channel::never(),
        })
    }
}
