//! What viewers were sent, counted as it is handed to their sockets.

use crate::model::{Counter, Reading, Report};

/// Messages and bytes to all viewers, over every transport. Windows that are fetched over plain
/// HTTP are not among them.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    messages: Counter,
    bytes: Counter,
}

impl Sent {
    /// Counts one message of so many bytes, with what its transport puts around it.
    pub(super) fn count(&self, bytes: usize) {
        self.messages.increment();
        self.bytes.add(bytes as u64);
    }
}

impl Report for Sent {
    fn report(&self, out: &mut Vec<Reading>) {
        out.push(Reading::counter(
            "watchglass_live_sent_messages_total",
            "Messages to viewers",
            self.messages.get(),
        ));
        out.push(Reading::counter(
            "watchglass_live_sent_bytes_total",
            "Bytes to viewers",
            self.bytes.get(),
        ));
    }
}
