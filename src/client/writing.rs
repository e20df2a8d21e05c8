//! Writes to a socket that say how far they are.

use std::io::{self, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::time::Duration;

/// How often a write that waits says how far it is.
#[cfg(unix)]
const WRITE_STEP: Duration = Duration::from_millis(500);

/// Lets [`write_all`] say how far it is even when the peer takes a few bytes at a time: a blocking write returns only when
/// much of the system's buffer is free.
pub(super) fn report_progress(stream: &TcpStream) -> io::Result<()> {
    #[cfg(unix)]
    stream.set_write_timeout(Some(WRITE_STEP))?;
    // On Windows a socket whose write has timed out must not be used any more.
    #[cfg(not(unix))]
    let _ = stream;
    Ok(())
}

/// Blocks until all of this is written or the connection has failed, and says of each part that it has left.
pub(super) fn write_all(
    mut stream: &TcpStream,
    mut bytes: &[u8],
    left: impl Fn(usize),
) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                left(written);
                bytes = &bytes[written..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Only a step is over. How long it may take is for the loop to decide; closing the connection ends it.
            #[cfg(unix)]
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
