//! Log lines about a run, which is a list of effects: its frames at level debug, and the remarks of
//! its room at level info.

use std::sync::Arc;

use log::{Level, Record, debug};

use super::run::Run;
use crate::net::connection::Connection;
use matou_protocols::room::{ConnId, Recipient, Remark};

/// Writes the frames and remarks of a run to the log. Does not block: the log has a queue and a
/// thread of its own.
pub(in crate::net) fn report<'a>(
    run: &Run,
    protocol: &str,
    listener: &str,
    find: impl Fn(ConnId) -> Option<&'a Arc<Connection>>,
) {
    let name = |id: ConnId| match find(id) {
        Some(connection) => connection.to_string(),
        None => format!("{protocol}: client {}", id.0),
    };
    for (to, words) in run.effects.trace() {
        match to {
            Recipient::All => debug!("{protocol}: all clients <- {words}"),
            Recipient::AllBut(id) => {
                debug!("{protocol}: all clients but client {} <- {words}", id.0);
            }
            Recipient::One(id) => debug!("{} <- {words}", name(*id)),
        }
    }
    for remark in run.effects.remarks() {
        if let Some(connection) = find(remark.about) {
            write_remark(listener, connection, remark);
        }
    }
}

/// Writes a remark to the log, with the file and the line number of the room's code that made the
/// remark. The log needs the line number, because it limits the number of records for each listener
/// (the record's target) and for each line of code. A room does no IO: it only adds its remarks to
/// the effects, and this function writes them.
fn write_remark(listener: &str, connection: &Connection, remark: &Remark) {
    let Remark { words, place, .. } = remark;
    if log::log_enabled!(target: listener, Level::Info) {
        log::logger().log(
            &Record::builder()
                .level(Level::Info)
                .target(listener)
                .file_static(Some(place.file()))
                .line(Some(place.line()))
                .args(format_args!("{connection}: {words}"))
                .build(),
        );
    }
}
