//! Names and versions of the host and its system: what `sysinfo` knows on every system. They are
//! read once, and told again now and then, so that the series stay fresh.

use std::path::Path;
use std::sync::Arc;

use sysinfo::System;

use super::files::Files;
use super::source::{Failure, Found, Source};
use super::table::{Column, Identity, Pairs, Round, Table};

const UNAME: &[Column] =
    &[Column::gauge("node_uname_info", "", "The host's name, kernel and machine; always 1.")];
const SYSTEM: &[Column] =
    &[Column::gauge("node_os_info", "", "The operating system's name and version; always 1.")];

/// The source of facts.
pub(super) struct Facts {
    /// One info series each: the labels and the table they stand in.
    pairs: [Pairs; 2],
    tables: [Table; 2],
}

impl Facts {
    /// Looks the facts up. A host that is observed through a mounted root folder has its own
    /// system's name there.
    pub(super) fn new(identity: &Arc<Identity>, root: &Path) -> Self {
        let known = |fact: Result<String, sysinfo::Error>| fact.unwrap_or_default();
        let uname = vec![
            ("nodename", host_name(root).unwrap_or_default()),
            ("release", known(System::kernel_version())),
            ("machine", System::cpu_arch()),
            ("sysname", kernel_name()),
        ];
        let mounted = (root != Path::new("/")).then(|| release_names(root)).flatten();
        let system = mounted.unwrap_or_else(|| {
            vec![
                ("pretty_name", known(System::long_os_version())),
                ("id", System::distribution_id()),
                ("version_id", known(System::os_version())),
            ]
        });
        let tables = [Table::new(identity, UNAME), Table::new(identity, SYSTEM)];
        Self { pairs: [uname, system], tables }
    }
}

impl Source for Facts {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        for (table, pairs) in self.tables.iter_mut().zip(&self.pairs) {
            if let Some(mut row) = table.row(b"", || pairs.clone()) {
                row.put(round, 0, 1.0);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.tables
    }
}

/// The host's own name.
pub(super) fn host_name(root: &Path) -> Option<String> {
    let said = std::fs::read_to_string(root.join("proc/sys/kernel/hostname")).ok();
    said.map(|name| name.trim().to_owned()).or_else(|| System::host_name().ok())
}

/// The kernel's name as `uname -s` writes it.
fn kernel_name() -> String {
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "freebsd" => "FreeBSD",
        "windows" => "Windows",
        other => other,
    };
    name.to_owned()
}

/// What `etc/os-release` under a mounted root says of the system there.
fn release_names(root: &Path) -> Option<Pairs> {
    let places = ["etc/os-release", "usr/lib/os-release"];
    let text = places.iter().find_map(|place| std::fs::read_to_string(root.join(place)).ok())?;
    let value = |key: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
    };
    let pretty = value("PRETTY_NAME");
    let version = value("VERSION_ID");
    Some(vec![("pretty_name", pretty), ("id", value("ID")), ("version_id", version)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Batch, Origin, Timestamp};

    #[test]
    fn a_mounted_host_is_named_by_its_own_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write("proc/sys/kernel/hostname", "berlin\n");
        write("etc/os-release", "NAME=Some\nPRETTY_NAME=\"Some Linux 9\"\nID=some\nVERSION_ID=9\n");
        let identity = Arc::new(Identity { job: "node", instance: "berlin".into() });
        let mut facts = Facts::new(&identity, folder.path());
        let mut batch = Batch::new(Origin::Collector);
        let mut round = Round { at: Timestamp(0), now: Timestamp(0), batch: &mut batch };
        let mut files = Files::new(folder.path());
        assert_eq!(facts.read(&mut files, &mut round), Ok(Found::Read));

        let uname = &batch.entries[0].labels;
        assert_eq!((uname.name(), uname.value("nodename")), ("node_uname_info", "berlin"));
        assert_eq!(uname.value("machine"), System::cpu_arch());
        let expected = "node_os_info{id=\"some\", instance=\"berlin\", job=\"node\", \
                        pretty_name=\"Some Linux 9\", version_id=\"9\"}";
        assert_eq!(batch.entries[1].labels.to_string(), expected);
    }
}
