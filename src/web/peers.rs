//! How many connections each address holds. One address is often a whole office, so the bound is
//! wide; beyond it a connection is answered with 503 and closed.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use crate::model::{Counter, Reading, Report};

/// The connections of all addresses.
pub(crate) struct Peers {
    max: usize,
    // Held for one look-up; bounded by the connections that are open.
    open: Mutex<HashMap<IpAddr, usize>>,
    refused: Counter,
}

/// One connection's part in the count; it lives as long as the connection.
pub(crate) struct Peer {
    peers: Arc<Peers>,
    address: IpAddr,
    /// Whether there were already as many as there may be.
    pub(crate) over: bool,
}

impl Peers {
    /// Counts up to `max` connections an address.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, open: Mutex::default(), refused: Counter::new() })
    }

    /// Counts a connection that was just made.
    pub(crate) fn connected(self: &Arc<Self>, connection: &dyn Any, extensions: &mut Extensions) {
        let stream = connection.downcast_ref::<TcpStream>();
        let Some(peer) = stream.and_then(|stream| stream.peer_addr().ok()) else { return };
        extensions.insert(self.join(peer.ip()));
    }

    fn join(self: &Arc<Self>, address: IpAddr) -> Peer {
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        *count += 1;
        let over = *count > self.max;
        if over {
            self.refused.increment();
        }
        Peer { peers: Arc::clone(self), address, over }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

impl Report for Peers {
    fn report(&self, out: &mut Vec<Reading>) {
        let open = self.open.lock().values().sum::<usize>() as f64;
        out.push(Reading::gauge("watchglass_web_connections", "Open connections", open));
        out.push(Reading::counter(
            "watchglass_web_refused_connections_total",
            "Connections beyond server.connections_per_address_max",
            self.refused.get(),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_until_it_ends() {
        let peers = Peers::new(2);
        let one: IpAddr = "192.0.2.1".parse().expect("an address");
        let held: Vec<Peer> = (0..3).map(|_| peers.join(one)).collect();
        assert_eq!(held.iter().map(|peer| peer.over).collect::<Vec<_>>(), [false, false, true]);
        assert!(!peers.join("192.0.2.2".parse().expect("an address")).over);
        drop(held);
        assert!(!peers.join(one).over);
        assert!(peers.open.lock().is_empty());
    }
}
