//! Traffic by network interface, from `proc/net/dev`.

use std::path::Path;
use std::sync::Arc;

use super::is_own_root;
use crate::collect::bytes::{lines, text, trimmed, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

const COLUMNS: &[Column] = &[
    Column::counter("node_network_receive_bytes_total", "bytes", "Bytes received."),
    Column::counter("node_network_receive_packets_total", "", "Packets received."),
    Column::counter("node_network_receive_errs_total", "", "Packets received with an error."),
    Column::counter("node_network_receive_drop_total", "", "Packets received and dropped."),
    Column::counter("node_network_transmit_bytes_total", "bytes", "Bytes sent."),
    Column::counter("node_network_transmit_packets_total", "", "Packets sent."),
    Column::counter("node_network_transmit_errs_total", "", "Packets not sent for an error."),
    Column::counter("node_network_transmit_drop_total", "", "Packets dropped before sending."),
];

/// Where the columns stand among the numbers of a line.
const FIELDS: [usize; 8] = [0, 1, 2, 3, 8, 9, 10, 11];

/// The source of network figures.
pub(super) struct Network {
    table: [Table; 1],
    place: &'static str,
}

impl Network {
    pub(super) fn new(identity: &Arc<Identity>, root: &Path) -> Self {
        // Below a mounted root, `proc/net` is still the network of this container; that of the
        // first process is the host's.
        let place = if is_own_root(root) { "proc/net/dev" } else { "proc/1/net/dev" };
        Self { table: [Table::new(identity, COLUMNS)], place }
    }
}

impl Source for Network {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read(self.place)? else { return Ok(Found::Missing) };
        for line in lines(content) {
            // The two lines of titles have no colon. An alias has one in its name: the last counts.
            let Some(colon) = memchr::memrchr(b':', line) else { continue };
            let Some((name, rest)) = line.split_at_checked(colon) else { continue };
            let name = trimmed(name);
            let mut numbers = [0_u64; 12];
            let fields = words(rest.get(1..).unwrap_or_default()).map_while(whole);
            let read = fields.zip(&mut numbers).map(|(field, slot)| *slot = field).count();
            if read < numbers.len() {
                return Err(Failure::form(self.place, "16 numbers after an interface"));
            }
            let pairs = || vec![("device", text(name))];
            let Some(mut row) = self.table[0].row(name, pairs) else { continue };
            for (column, field) in FIELDS.into_iter().enumerate() {
                let value = numbers.get(field).copied().unwrap_or_default();
                row.put(round, column, value as f64);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}
