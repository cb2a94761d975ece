//! Which hosts and services there are, as the labels of series tell it.
//!
//! A host is the `instance` of `node_*` metrics, and the value of a label `host` of any other. A
//! service is the value of a label `service`, or else of `job`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Labels;

/// The most hosts and the most services that are known at a time.
const PLACES_MAX: usize = 1000;
/// Names that are kept of a host or service: by samples of these it is known to be there.
pub const NAMES_MAX: usize = 8;

/// The metrics of a node exporter by which a host is known to be there.
pub const NODE_SIGNS: [&str; 4] =
    ["node_time_seconds", "node_load1", "node_boot_time_seconds", "node_memory_MemTotal_bytes"];
/// Metrics of Telegraf by which its hosts are known.
const TELEGRAF_SIGNS: [&str; 4] =
    ["cpu_usage_idle", "mem_used_percent", "system_load1", "disk_used_percent"];
/// How its names begin that are about a host.
const TELEGRAF_FAMILIES: [&str; 10] = [
    "cpu_",
    "mem_",
    "swap_",
    "system_",
    "disk_",
    "diskio_",
    "net_",
    "netstat_",
    "processes_",
    "kernel_",
];
/// What the service collects is shown as a host and on a board of its own, not as services.
const OWN_JOBS: [&str; 2] = ["node", "watchglass"];

/// The hosts and services that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    pub(super) hosts: BTreeMap<String, Host>,
    pub(super) services: BTreeMap<String, Service>,
}

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Whether it has metrics of a node exporter.
    pub node: bool,
    /// Whether it has those of Telegraf.
    pub telegraf: bool,
    pub(super) names: BTreeSet<String>,
}

/// What is known of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Service {
    /// Whether its name stands in `job`, not in `service`.
    pub(super) is_job: bool,
    /// Whether a scraper says how it is.
    pub(super) has_up: bool,
    pub(super) names: BTreeSet<String>,
}

impl Places {
    /// Learns from the labels of a series; whether that was news.
    pub fn see(&mut self, labels: &Labels) -> bool {
        let name = labels.name();
        let instance = labels.value("instance");
        if name.is_empty() {
            return false;
        }
        if name.starts_with("node_") && !instance.is_empty() {
            let host = entry(&mut self.hosts, instance);
            return host.is_some_and(|host| !std::mem::replace(&mut host.node, true));
        }
        let mut news = false;
        if let Some(host) = entry(&mut self.hosts, labels.value("host")) {
            news |= learn(&mut host.names, name);
            let telegraf = host.telegraf || TELEGRAF_SIGNS.contains(&name);
            news |= std::mem::replace(&mut host.telegraf, telegraf) != telegraf;
        }
        let (service, job) = (labels.value("service"), labels.value("job"));
        let is_job = service.is_empty();
        let named = if is_job { job } else { service };
        if is_job && OWN_JOBS.contains(&job) {
            return news;
        }
        if let Some(service) = entry(&mut self.services, named) {
            service.is_job = is_job;
            let up = service.has_up || (is_job && name == "up");
            news |= std::mem::replace(&mut service.has_up, up) != up;
            news |= learn(&mut service.names, name);
        }
        news
    }

    /// The hosts by name.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    /// Whether pages of hosts, or the lists, are the place of a pushed name, so that the first page
    /// has no panel for it.
    pub fn shows(&self, name: &str) -> bool {
        let of_list = name == "up" && self.services.values().any(|service| service.has_up);
        let of_node = name.starts_with("node_") && self.hosts.values().any(|host| host.node);
        let telegraf = || TELEGRAF_FAMILIES.iter().any(|family| name.starts_with(family));
        of_list || of_node || (self.hosts.values().any(|host| host.telegraf) && telegraf())
    }

    /// What is known of a host.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }
}

/// What is known under a name, which is learnt while there is room.
fn entry<'a, T: Default>(known: &'a mut BTreeMap<String, T>, name: &str) -> Option<&'a mut T> {
    if name.is_empty() || (known.len() >= PLACES_MAX && !known.contains_key(name)) {
        return None;
    }
    Some(known.entry(name.to_owned()).or_default())
}

fn learn(names: &mut BTreeSet<String>, name: &str) -> bool {
    names.len() < NAMES_MAX && names.insert(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(series: &[&[(&str, &str)]]) -> Places {
        let mut places = Places::default();
        for pairs in series {
            let labels = Labels::from_pairs(pairs.iter().copied()).expect("labels");
            assert!(places.see(&labels), "{labels}");
            assert!(!places.see(&labels), "{labels} is no news twice");
        }
        places
    }

    #[test]
    fn labels_tell_hosts_and_services() {
        let places = seen(&[
            &[("__name__", "node_load1"), ("instance", "web-01"), ("job", "node")],
            &[("__name__", "cpu_usage_idle"), ("host", "db"), ("cpu", "cpu-total")],
            &[("__name__", "orders"), ("host", "shop"), ("service", "checkout")],
            &[("__name__", "up"), ("instance", "web-01:80"), ("job", "api")],
            &[("__name__", "queue"), ("service", "mail")],
        ]);
        let hosts: Vec<(&str, bool, bool)> = places
            .hosts
            .iter()
            .map(|(name, host)| (name.as_str(), host.node, host.telegraf))
            .collect();
        let expected = [("db", false, true), ("shop", false, false), ("web-01", true, false)];
        assert_eq!(hosts, expected);
        let services: Vec<(&str, bool)> =
            places.services.iter().map(|(name, one)| (name.as_str(), one.has_up)).collect();
        assert_eq!(services, [("api", true), ("checkout", false), ("mail", false)]);
    }

    #[test]
    fn what_is_known_has_bounds() {
        let mut places = Places::default();
        for number in 0..PLACES_MAX + 5 {
            let labels = Labels::named("orders").with("host", &format!("h{number}"));
            assert_eq!(places.see(&labels), number < PLACES_MAX);
        }
        for number in 0..NAMES_MAX + 5 {
            places.see(&Labels::named(&format!("m{number}")).with("host", "h1"));
        }
        assert_eq!(places.hosts["h1"].names.len(), NAMES_MAX);
        assert!(!places.see(&Labels::named("orders").with("host", "")));
    }
}
