//! The settings of the collectors: which run, how often, and where the host's files stand.

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// The shortest interval of a collector, in milliseconds.
const INTERVAL_MIN: Span = Span(100);
/// The longest: two readings must fall into the lookback of a query.
const INTERVAL_MAX: Span = Span(120_000);
/// The most processes that each of the two orders lists.
const TOP_MAX: usize = 200;

/// A table of settings for a collector that has its own default interval: a table that names only
/// one key keeps the right default for the other.
macro_rules! source {
    ($name:ident, $default_ms:literal, $about:literal, $interval:literal) => {
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Whether it runs. Default: true.
            pub enabled: bool,
            #[doc = $interval]
            pub interval: Span,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, interval: Span($default_ms) }
            }
        }
    };
}

source!(
    Source,
    1000,
    "A collector of what changes all the time.",
    "The distance of its readings, each stamped with a multiple of it. Default: `1s`; from `100ms` to `2m`."
);
source!(
    SlowSource,
    5000,
    "A collector of what changes slowly.",
    "The distance of its readings, each stamped with a multiple of it. Default: `5s`; from `100ms` to `2m`."
);
source!(
    RareSource,
    60_000,
    "A collector of what hardly ever changes.",
    "The distance of its readings, each stamped with a multiple of it. Default: `1m`; from `100ms` to `2m`."
);

/// The collector of processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Processes {
    /// Whether it runs. Default: true.
    pub enabled: bool,
    /// The distance of its readings. Default: `2s`; from `100ms` to `2m`.
    pub interval: Span,
    /// How many processes are listed by CPU, and how many by memory. Default: 20; from 1 to 200.
    pub top: usize,
}

impl Default for Processes {
    fn default() -> Self {
        Self { enabled: true, interval: Span(2000), top: 20 }
    }
}

/// The settings table `[collect]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The value of the label `instance` on all series of this host and this service. Default:
    /// the name of the host. From 1 to 200 bytes.
    pub host: Option<String>,
    /// The folder under which the host's `proc`, `sys` and `etc` stand. Default: `/`. In a
    /// container, the host's root folder mounted into it, so that the host is observed and not the
    /// container. Linux only.
    pub root: String,
    /// CPU time by core and mode. Default interval: `1s`.
    pub cpu: Source,
    /// Load averages. Default interval: `1s`.
    pub load: Source,
    /// Memory and swap. Default interval: `1s`.
    pub memory: Source,
    /// Pressure stall times. Default interval: `1s`.
    pub pressure: Source,
    /// Disk input and output. Default interval: `1s`.
    pub disks: Source,
    /// Traffic of network interfaces. Default interval: `1s`.
    pub network: Source,
    /// Sockets, TCP and UDP. Default interval: `1s`.
    pub sockets: Source,
    /// Context switches, interrupts, forks, running and blocked processes, open files, boot time,
    /// uptime. Default interval: `1s`.
    pub kernel: Source,
    /// File systems. Default interval: `5s`.
    pub filesystems: SlowSource,
    /// Temperatures and fans. Default interval: `5s`.
    pub sensors: SlowSource,
    /// Names and versions of the host and its system. Default interval: `1m`.
    pub facts: RareSource,
    /// The top processes.
    pub processes: Processes,
    /// The service itself. Default interval: `1s`.
    pub own: Source,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: None,
            root: "/".to_owned(),
            cpu: Source::default(),
            load: Source::default(),
            memory: Source::default(),
            pressure: Source::default(),
            disks: Source::default(),
            network: Source::default(),
            sockets: Source::default(),
            kernel: Source::default(),
            filesystems: SlowSource::default(),
            sensors: SlowSource::default(),
            facts: RareSource::default(),
            processes: Processes::default(),
            own: Source::default(),
        }
    }
}

impl Options {
    /// What is wrong with the values: the key inside this table, and the mistake in words.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let intervals = [
            ("cpu.interval", self.cpu.interval),
            ("load.interval", self.load.interval),
            ("memory.interval", self.memory.interval),
            ("pressure.interval", self.pressure.interval),
            ("disks.interval", self.disks.interval),
            ("network.interval", self.network.interval),
            ("sockets.interval", self.sockets.interval),
            ("kernel.interval", self.kernel.interval),
            ("filesystems.interval", self.filesystems.interval),
            ("sensors.interval", self.sensors.interval),
            ("facts.interval", self.facts.interval),
            ("processes.interval", self.processes.interval),
            ("own.interval", self.own.interval),
        ];
        for (key, interval) in intervals {
            if interval < INTERVAL_MIN || interval > INTERVAL_MAX {
                let text = format!("`{interval}` is not from `{INTERVAL_MIN}` to `{INTERVAL_MAX}`");
                wrong.push((key, text));
            }
        }
        if !(1..=TOP_MAX).contains(&self.processes.top) {
            let text = format!("`{}` is not from 1 to {TOP_MAX}", self.processes.top);
            wrong.push(("processes.top", text));
        }
        if let Some(host) = &self.host
            && !(1..=200).contains(&host.len())
        {
            let text = "the name is not from 1 to 200 bytes long; leave the key out for the name \
                        of the host";
            wrong.push(("host", text.to_owned()));
        }
        if !self.root.starts_with('/') && cfg!(target_os = "linux") {
            wrong.push(("root", format!("`{}` is not an absolute path", self.root)));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_names_one_key_keeps_the_defaults_of_the_others() {
        let options: Options =
            toml::from_str("[filesystems]\nenabled = false\n[processes]\ntop = 5\n")
                .expect("settings");
        assert_eq!(options.filesystems, SlowSource { enabled: false, interval: Span(5000) });
        assert_eq!(options.processes.interval, Span(2000));
        assert_eq!(Options { processes: Processes::default(), ..options }.cpu, Source::default());
        assert!(toml::from_str::<Options>("[cpu]\nevery = \"1s\"\n").is_err());
    }

    #[test]
    fn every_value_out_of_bounds_is_told_with_its_key() {
        let mut options = Options::default();
        assert_eq!(options.check(), []);
        options.cpu.interval = Span(0);
        options.sensors.interval = Span(600_000);
        options.processes.top = 0;
        options.host = Some(String::new());
        options.root = "proc".into();
        let keys: Vec<&str> = options.check().iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["cpu.interval", "sensors.interval", "processes.top", "host", "root"]);
        assert_eq!(options.check()[0].1, "`0s` is not from `100ms` to `2m`");
    }
}
