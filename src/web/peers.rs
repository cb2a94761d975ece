//! Which connections are served: so many of each address, so many in all, and as many as files may
//! be open. One address is often a whole office, so its bound is wide.
//!
//! A connection beyond a bound is shed, so that it learns of it and the storage keeps its files:
//! its request is answered with 503 and it is closed. Only a few at a time wait for that; while
//! they do not send their requests, further ones are closed without an answer.

use std::any::Any;
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use super::live::Descriptors;
use super::options::Options;
use crate::model::{Counter, Reading, Report};

/// How many connections that are not served may be open to be answered; beyond it they are closed
/// at once.
const ANSWERED_MAX: usize = 8;
/// So many are accepted beyond those that are served: to be answered, and to be closed at once.
pub(crate) const SHED_MAX: u64 = 2 * ANSWERED_MAX as u64;

/// The connections of all addresses.
pub(crate) struct Peers {
    address_max: usize,
    pub(super) descriptors: Descriptors,
    // Held for one look-up; bounded by the connections that are open.
    open: Mutex<Open>,
    /// By the place of the reason.
    refused: [Counter; Why::ALL.len()],
}

/// What is open.
#[derive(Default)]
struct Open {
    /// Of each address those that are served.
    by_address: HashMap<IpAddr, usize>,
    /// How many are served.
    served: usize,
    /// How many are not, and are open to be told.
    answered: usize,
}

/// Why a connection is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its address holds as many as it may.
    Address,
    /// There are as many as the settings allow.
    Connections,
    /// There are as many as files may be open.
    Files,
}

impl Why {
    const ALL: [Self; 3] = [Self::Address, Self::Connections, Self::Files];

    /// Its name in metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Connections => "connections",
            Self::Files => "files",
        }
    }

    /// Words for whoever asked.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Address => {
                "this address holds as many connections as server.connections_per_address_max"
            }
            Self::Connections => "there are as many connections as server.connections_max",
            Self::Files => "there are as many connections as the service may have files open",
        }
    }
}

/// One connection's part in the count; it lives as long as the connection.
pub(crate) struct Peer {
    peers: Arc<Peers>,
    standing: Standing,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Served(IpAddr),
    Answered(Why),
    Closed(Why),
}

impl Peer {
    /// Why it is not served; nothing when it is.
    pub(crate) const fn refused(&self) -> Option<Why> {
        match self.standing {
            Standing::Answered(why) | Standing::Closed(why) => Some(why),
            Standing::Served(_) => None,
        }
    }
}

impl Peers {
    /// Counts up to what the settings and the files that may be open allow.
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let descriptors = Descriptors::of_process(options.connections_max as u64);
        Self::within(options.connections_per_address_max, descriptors)
    }

    fn within(address_max: usize, descriptors: Descriptors) -> Arc<Self> {
        let refused = Why::ALL.map(|_| Counter::new());
        Arc::new(Self { address_max, descriptors, open: Mutex::default(), refused })
    }

    /// Counts a connection that was just made, and says whether it is served.
    pub(crate) fn connected(
        self: &Arc<Self>,
        connection: &dyn Any,
        extensions: &mut Extensions,
    ) -> bool {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return false };
        let Ok(address) = stream.peer_addr() else { return false };
        let peer = self.join(address.ip());
        let is_served = peer.refused().is_none();
        if matches!(peer.standing, Standing::Closed(_))
            && let Err(error) = socket2::SockRef::from(stream).shutdown(Shutdown::Both)
        {
            log::debug!("a connection that is shed cannot be closed error={error}");
        }
        extensions.insert(peer);
        is_served
    }

    fn join(self: &Arc<Self>, address: IpAddr) -> Peer {
        let mut open = self.open.lock();
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        let why = if open.served as u64 >= self.descriptors.connections {
            Some(if self.descriptors.are_scarce { Why::Files } else { Why::Connections })
        } else {
            (of_address >= self.address_max).then_some(Why::Address)
        };
        let standing = match why {
            None => {
                open.served += 1;
                open.by_address.insert(address, of_address + 1);
                Standing::Served(address)
            }
            Some(why) => {
                self.refused[why as usize].increment();
                if open.answered < ANSWERED_MAX {
                    open.answered += 1;
                    Standing::Answered(why)
                } else {
                    Standing::Closed(why)
                }
            }
        };
        Peer { peers: Arc::clone(self), standing }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock();
        match self.standing {
            Standing::Served(address) => {
                open.served -= 1;
                if let Some(count) = open.by_address.get_mut(&address) {
                    *count -= 1;
                    if *count == 0 {
                        open.by_address.remove(&address);
                    }
                }
            }
            Standing::Answered(_) => open.answered -= 1,
            Standing::Closed(_) => {}
        }
    }
}

impl Report for Peers {
    fn report(&self, out: &mut Vec<Reading>) {
        let open = self.open.lock().served as f64;
        out.push(Reading::gauge("watchglass_web_connections", "Connections that are served", open));
        for (why, refused) in Why::ALL.into_iter().zip(&self.refused) {
            let name = "watchglass_web_refused_connections_total";
            let help = "Connections that were not served, by the bound that they met";
            out.push(Reading::counter(name, help, refused.get()).with("why", why.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(peers: &Peers) -> Vec<f64> {
        let mut readings = Vec::new();
        peers.report(&mut readings);
        readings.iter().map(|reading| reading.value).collect()
    }

    #[test]
    fn a_connection_counts_until_it_ends() {
        let peers = Peers::within(2, Descriptors::new(3, None, 0));
        let one: IpAddr = "192.0.2.1".parse().expect("an address");
        let other: IpAddr = "192.0.2.2".parse().expect("an address");
        let held: Vec<Peer> = (0..3).map(|_| peers.join(one)).collect();
        let of_one: Vec<Option<Why>> = held.iter().map(Peer::refused).collect();
        assert_eq!(of_one, [None, None, Some(Why::Address)]);
        let last = peers.join(other);
        assert_eq!(last.standing, Standing::Served(other));
        assert_eq!(peers.join(other).refused(), Some(Why::Connections));
        assert_eq!(refused(&peers), [3.0, 1.0, 1.0, 0.0]);
        drop((held, last));
        assert_eq!(peers.join(one).standing, Standing::Served(one));
        let open = peers.open.lock();
        assert_eq!((open.served, open.answered, open.by_address.len()), (0, 0, 0));
    }

    #[test]
    fn few_that_are_not_served_are_open_at_once() {
        let peers = Peers::within(100, Descriptors::new(100, Some(64), 60));
        let one: IpAddr = "192.0.2.1".parse().expect("an address");
        let held: Vec<Peer> = (0..20).map(|_| peers.join(one)).collect();
        let count =
            |standing: Standing| held.iter().filter(|peer| peer.standing == standing).count();
        let all =
            [Standing::Served(one), Standing::Answered(Why::Files), Standing::Closed(Why::Files)];
        assert_eq!(all.map(count), [1, 8, 11]);
        assert_eq!(refused(&peers), [1.0, 0.0, 0.0, 19.0]);
    }
}
