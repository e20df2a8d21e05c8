//! Blocking writes to a socket that report their progress.

use std::io::{self, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::time::Duration;

/// Interval at which a blocked write reports its progress.
#[cfg(unix)]
const WRITE_STEP: Duration = Duration::from_millis(500);

/// Prepares a socket so that [`write_all`] can report progress even if the peer reads only a few bytes at a time. Without
/// this preparation, a blocked write would return only when a large part of the system's buffer is free.
pub(crate) fn report_progress(stream: &TcpStream) -> io::Result<()> {
    #[cfg(unix)]
    stream.set_write_timeout(Some(WRITE_STEP))?;
    // On Windows, a socket must not be used after a write has timed out, so no timeout is set.
    #[cfg(not(unix))]
    let _ = stream;
    Ok(())
}

/// Blocks until all bytes are written or the connection has failed. Reports each part when it is written.
pub(crate) fn write_all(
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
            // One interval has passed without progress, and the write continues. If the write takes too long, the loop
            // closes the connection, which ends the write.
            #[cfg(unix)]
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
