//! Sockets in use and the counts of IP, TCP and UDP, from `sockstat`, `sockstat6` and `snmp`: the
//! kernel's sums, which cost a hundredth of listing all connections.

use std::path::Path;
use std::sync::Arc;

use super::is_own_root;
use crate::collect::bytes::{lines, signed, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

const fn gauge(name: &'static str, help: &'static str) -> Column {
    Column::gauge(name, "", help)
}

const fn counter(name: &'static str, help: &'static str) -> Column {
    Column::counter(name, "", help)
}

const PAGES: &str = "Memory of these sockets, in pages.";

/// (family of the line, field, metric)
const SOCKETS: [(&[u8], &[u8]); 17] = [
    (b"sockets", b"used"),
    (b"TCP", b"inuse"),
    (b"TCP", b"orphan"),
    (b"TCP", b"tw"),
    (b"TCP", b"alloc"),
    (b"TCP", b"mem"),
    (b"UDP", b"inuse"),
    (b"UDP", b"mem"),
    (b"UDPLITE", b"inuse"),
    (b"RAW", b"inuse"),
    (b"FRAG", b"inuse"),
    (b"FRAG", b"memory"),
    (b"TCP6", b"inuse"),
    (b"UDP6", b"inuse"),
    (b"UDPLITE6", b"inuse"),
    (b"RAW6", b"inuse"),
    (b"FRAG6", b"inuse"),
];

const SOCKET_COLUMNS: &[Column; 17] = &[
    gauge("node_sockstat_sockets_used", "Sockets of all kinds in use."),
    gauge("node_sockstat_TCP_inuse", "TCP sockets in use."),
    gauge("node_sockstat_TCP_orphan", "TCP sockets that no process holds any more."),
    gauge("node_sockstat_TCP_tw", "TCP sockets that wait after their end (TIME_WAIT)."),
    gauge("node_sockstat_TCP_alloc", "TCP sockets allocated."),
    gauge("node_sockstat_TCP_mem", PAGES),
    gauge("node_sockstat_UDP_inuse", "UDP sockets in use."),
    gauge("node_sockstat_UDP_mem", PAGES),
    gauge("node_sockstat_UDPLITE_inuse", "UDP-Lite sockets in use."),
    gauge("node_sockstat_RAW_inuse", "Raw sockets in use."),
    gauge("node_sockstat_FRAG_inuse", "IP packets being put together from fragments."),
    Column::gauge("node_sockstat_FRAG_memory", "bytes", "Memory of fragments."),
    gauge("node_sockstat_TCP6_inuse", "TCP sockets over IPv6 in use."),
    gauge("node_sockstat_UDP6_inuse", "UDP sockets over IPv6 in use."),
    gauge("node_sockstat_UDPLITE6_inuse", "UDP-Lite sockets over IPv6 in use."),
    gauge("node_sockstat_RAW6_inuse", "Raw sockets over IPv6 in use."),
    gauge("node_sockstat_FRAG6_inuse", "IPv6 packets being put together from fragments."),
];

const COUNTS: [(&[u8], &[u8]); 19] = [
    (b"Ip", b"Forwarding"),
    (b"Icmp", b"InMsgs"),
    (b"Icmp", b"InErrors"),
    (b"Icmp", b"OutMsgs"),
    (b"Tcp", b"ActiveOpens"),
    (b"Tcp", b"PassiveOpens"),
    (b"Tcp", b"AttemptFails"),
    (b"Tcp", b"EstabResets"),
    (b"Tcp", b"CurrEstab"),
    (b"Tcp", b"InSegs"),
    (b"Tcp", b"OutSegs"),
    (b"Tcp", b"RetransSegs"),
    (b"Tcp", b"InErrs"),
    (b"Tcp", b"OutRsts"),
    (b"Udp", b"InDatagrams"),
    (b"Udp", b"NoPorts"),
    (b"Udp", b"InErrors"),
    (b"Udp", b"OutDatagrams"),
    (b"Udp", b"RcvbufErrors"),
];

const COUNT_COLUMNS: &[Column; 19] = &[
    gauge("node_netstat_Ip_Forwarding", "1 when this host forwards IP packets, 2 when not."),
    counter("node_netstat_Icmp_InMsgs", "ICMP messages received."),
    counter("node_netstat_Icmp_InErrors", "ICMP messages received with an error."),
    counter("node_netstat_Icmp_OutMsgs", "ICMP messages sent."),
    counter("node_netstat_Tcp_ActiveOpens", "TCP connections begun by this host."),
    counter("node_netstat_Tcp_PassiveOpens", "TCP connections accepted by this host."),
    counter("node_netstat_Tcp_AttemptFails", "TCP connections that never came about."),
    counter("node_netstat_Tcp_EstabResets", "TCP connections that were reset."),
    gauge("node_netstat_Tcp_CurrEstab", "TCP connections that stand (ESTABLISHED, CLOSE_WAIT)."),
    counter("node_netstat_Tcp_InSegs", "TCP segments received."),
    counter("node_netstat_Tcp_OutSegs", "TCP segments sent."),
    counter("node_netstat_Tcp_RetransSegs", "TCP segments sent again."),
    counter("node_netstat_Tcp_InErrs", "TCP segments received with an error."),
    counter("node_netstat_Tcp_OutRsts", "TCP resets sent."),
    counter("node_netstat_Udp_InDatagrams", "UDP datagrams received."),
    counter("node_netstat_Udp_NoPorts", "UDP datagrams for a port where nobody listens."),
    counter("node_netstat_Udp_InErrors", "UDP datagrams not delivered for another reason."),
    counter("node_netstat_Udp_OutDatagrams", "UDP datagrams sent."),
    counter("node_netstat_Udp_RcvbufErrors", "UDP datagrams dropped as nobody read fast enough."),
];

/// The source of socket figures.
pub(super) struct Sockets {
    tables: [Table; 2],
    places: [&'static str; 3],
}

impl Sockets {
    pub(super) fn new(identity: &Arc<Identity>, root: &Path) -> Self {
        let places = if is_own_root(root) {
            ["proc/net/sockstat", "proc/net/sockstat6", "proc/net/snmp"]
        } else {
            ["proc/1/net/sockstat", "proc/1/net/sockstat6", "proc/1/net/snmp"]
        };
        let tables = [Table::new(identity, SOCKET_COLUMNS), Table::new(identity, COUNT_COLUMNS)];
        Self { tables, places }
    }
}

impl Source for Sockets {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let [sockstat, sockstat6, snmp] = self.places;
        let mut found = Found::Missing;
        for place in [sockstat, sockstat6] {
            let Some(content) = files.read(place)? else { continue };
            put_sockets(content, &mut self.tables[0], round);
            found = Found::Read;
        }
        if let Some(content) = files.read(snmp)? {
            put_counts(content, snmp, &mut self.tables[1], round)?;
            found = Found::Read;
        }
        Ok(found)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.tables
    }
}

/// Lines such as `TCP: inuse 1 orphan 0`.
fn put_sockets(content: &[u8], table: &mut Table, round: &mut Round<'_>) {
    let Some(mut row) = table.only() else { return };
    for line in lines(content) {
        let mut fields = words(line);
        let Some(family) = fields.next().and_then(|word| word.strip_suffix(b":")) else { continue };
        while let (Some(field), Some(value)) = (fields.next(), fields.next()) {
            let column = SOCKETS.iter().position(|wanted| *wanted == (family, field));
            if let (Some(column), Some(value)) = (column, signed(value)) {
                row.put(round, column, value as f64);
            }
        }
    }
}

/// Lines in pairs: `Tcp: InSegs OutSegs`, then `Tcp: 7 9`.
fn put_counts(
    content: &[u8],
    place: &str,
    table: &mut Table,
    round: &mut Round<'_>,
) -> Result<(), Failure> {
    let Some(mut row) = table.only() else { return Ok(()) };
    let mut pairs = lines(content);
    while let (Some(names), Some(values)) = (pairs.next(), pairs.next()) {
        let (mut names, mut values) = (words(names), words(values));
        let (family, again) = (names.next(), values.next());
        let Some(family) = family.filter(|_| family == again).and_then(|w| w.strip_suffix(b":"))
        else {
            return Err(Failure::form(place, "a line of values after each line of names"));
        };
        for (field, value) in names.zip(values) {
            let column = COUNTS.iter().position(|wanted| *wanted == (family, field));
            if let (Some(column), Some(value)) = (column, signed(value)) {
                row.put(round, column, value as f64);
            }
        }
    }
    Ok(())
}
