//! Systems without `/proc`: what `sysinfo` offers, under the names that Linux has for it.
//!
//! It is compiled for those systems, and in tests everywhere.

use std::path::Path;
use std::sync::Arc;

use sysinfo::{
    Disks, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid,
};

use super::bytes::rounded;
use super::files::Files;
use super::options::Options;
use super::source::{Failure, Found, Planned, Source, alone};
use super::table::{Column, Identity, Round, Table};
use crate::model::{MetricType, Reading, Timestamp};

const CPU: &[Column] = &[
    Column::counter("node_cpu_seconds_total", "seconds", "CPU time of a core that was in use.")
        .with("mode", "user"),
    Column::counter("node_cpu_seconds_total", "seconds", "CPU time of a core that was idle.")
        .with("mode", "idle"),
];
const HOST: &[Column] = &[
    Column::gauge("node_load1", "", "Load average over 1 minute."),
    Column::gauge("node_load5", "", "Load average over 5 minutes."),
    Column::gauge("node_load15", "", "Load average over 15 minutes."),
    Column::gauge("node_memory_MemTotal_bytes", "bytes", "Memory of the host."),
    Column::gauge("node_memory_MemFree_bytes", "bytes", "Memory that nothing uses."),
    Column::gauge("node_memory_MemAvailable_bytes", "bytes", "Memory that programs can still get."),
    Column::gauge("node_memory_SwapTotal_bytes", "bytes", "Swap space."),
    Column::gauge("node_memory_SwapFree_bytes", "bytes", "Free swap space."),
    Column::gauge("node_boot_time_seconds", "seconds", "When the host started, since the epoch."),
    Column::gauge("node_uptime_seconds", "seconds", "How long the host has been up."),
    Column::gauge("node_time_seconds", "seconds", "The host's time, since the epoch."),
];
const NETWORK: &[Column] = &[
    Column::counter("node_network_receive_bytes_total", "bytes", "Bytes received."),
    Column::counter("node_network_receive_packets_total", "", "Packets received."),
    Column::counter("node_network_receive_errs_total", "", "Packets received with an error."),
    Column::counter("node_network_transmit_bytes_total", "bytes", "Bytes sent."),
    Column::counter("node_network_transmit_packets_total", "", "Packets sent."),
    Column::counter("node_network_transmit_errs_total", "", "Packets not sent for an error."),
];
const FILESYSTEMS: &[Column] = &[
    Column::gauge("node_filesystem_size_bytes", "bytes", "Size of the file system."),
    Column::gauge("node_filesystem_avail_bytes", "bytes", "Free space for ordinary users."),
    Column::gauge("node_filesystem_readonly", "", "1 when nothing can be written."),
];
const PROCESSES: &[Column] = &[
    Column::gauge("node_process_cpu_percent", "percent", "Use of CPU, in per cent of one core."),
    Column::gauge("node_process_resident_memory_bytes", "bytes", "Resident memory."),
];

/// The sources that are switched on.
pub(super) fn sources(options: &Options, _: &Path, identity: &Arc<Identity>) -> Vec<Planned> {
    let table = |columns| [Table::new(identity, columns)];
    let all = [
        (
            options.cpu.enabled,
            alone(
                "cpu",
                options.cpu.interval,
                Host {
                    tables: [Table::new(identity, CPU), Table::new(identity, HOST)],
                    system: System::new().ok(),
                    before: None,
                    used: Vec::new(),
                },
            ),
        ),
        (
            options.network.enabled,
            alone(
                "network",
                options.network.interval,
                Network { table: table(NETWORK), networks: Networks::new().ok() },
            ),
        ),
        (
            options.filesystems.enabled,
            alone("filesystems", options.filesystems.interval, Filesystems(table(FILESYSTEMS))),
        ),
        (
            options.processes.enabled,
            alone(
                "processes",
                options.processes.interval,
                Processes {
                    table: table(PROCESSES),
                    system: System::new().ok(),
                    top: options.processes.top,
                },
            ),
        ),
    ];
    all.into_iter().filter_map(|(enabled, source)| enabled.then_some(source)).collect()
}

/// CPU, load and memory. `sysinfo` tells how busy a core is and not for how long, so the busy time
/// is summed up here and all of it counts as `user`.
struct Host {
    tables: [Table; 2],
    system: Option<System>,
    before: Option<Timestamp>,
    /// Busy and idle seconds of each core since the start.
    used: Vec<[f64; 2]>,
}

impl Source for Host {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(system) = &mut self.system else { return Ok(Found::Missing) };
        system.refresh_cpu_usage();
        system.refresh_memory();
        let elapsed = self.before.replace(round.now).map_or(0.0, |at| (round.now - at).seconds());
        let [cores, host] = &mut self.tables;
        self.used.resize(system.cpus().len(), [0.0; 2]);
        for (number, (core, used)) in system.cpus().iter().zip(&mut self.used).enumerate() {
            let share = f64::from(core.usage()).clamp(0.0, 100.0) / 100.0;
            let number = number.to_string();
            let Some(mut row) = cores.row(number.as_bytes(), || vec![("cpu", number.clone())])
            else {
                continue;
            };
            for (mode, share) in [share, 1.0 - share].into_iter().enumerate() {
                let Some(sum) = used.get_mut(mode) else { continue };
                *sum += elapsed.max(0.0) * share;
                row.put(round, mode, rounded(*sum, 2));
            }
        }
        let load =
            System::load_average().map_err(|error| Failure::system("the load average", &error))?;
        let up = System::uptime().map_err(|error| Failure::system("the uptime", &error))?;
        let boot = System::boot_time().map_err(|error| Failure::system("the boot time", &error))?;
        let memory = [
            system.total_memory(),
            system.free_memory(),
            system.available_memory(),
            system.total_swap(),
            system.free_swap(),
            boot,
            up,
        ];
        let loads = [load.one, load.five, load.fifteen].map(|load| rounded(load, 2));
        let values = loads.into_iter().chain(memory.map(|figure| figure as f64));
        let values = values.chain([rounded(round.now.seconds(), 1)]);
        if let Some(mut row) = host.only() {
            for (column, value) in values.enumerate() {
                row.put(round, column, value);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.tables
    }
}

struct Network {
    table: [Table; 1],
    networks: Option<Networks>,
}

impl Source for Network {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(networks) = &mut self.networks else { return Ok(Found::Missing) };
        networks.refresh(true);
        for (name, data) in networks.iter() {
            let name = name.to_string_lossy();
            let pairs = || vec![("device", name.clone().into_owned())];
            let Some(mut row) = self.table[0].row(name.as_bytes(), pairs) else { continue };
            let figures = [
                data.total_received(),
                data.total_packets_received(),
                data.total_errors_on_received(),
                data.total_transmitted(),
                data.total_packets_transmitted(),
                data.total_errors_on_transmitted(),
            ];
            for (column, figure) in figures.into_iter().enumerate() {
                row.put(round, column, figure as f64);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

struct Filesystems([Table; 1]);

impl Source for Filesystems {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let disks = Disks::new_with_refreshed_list()
            .map_err(|error| Failure::system("the file systems", &error))?;
        for disk in &*disks {
            let text = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
            let pairs = vec![
                ("device", text(disk.name())),
                ("fstype", text(disk.file_system())),
                ("mountpoint", text(disk.mount_point().as_os_str())),
            ];
            let key: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
            let key = key.join("\0");
            let Some(mut row) = self.0[0].row(key.as_bytes(), || pairs.clone()) else { continue };
            row.put(round, 0, disk.total_space() as f64);
            row.put(round, 1, disk.available_space() as f64);
            row.put(round, 2, f64::from(u8::from(disk.is_read_only())));
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}

struct Processes {
    table: [Table; 1],
    system: Option<System>,
    top: usize,
}

impl Source for Processes {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(system) = &mut self.system else { return Ok(Found::Missing) };
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let mut all: Vec<_> = system.processes().values().collect();
        all.sort_by_key(|process| std::cmp::Reverse(process.memory()));
        let mut chosen: Vec<_> = all.iter().take(self.top).copied().collect();
        all.sort_by(|one, other| other.cpu_usage().total_cmp(&one.cpu_usage()));
        chosen.extend(all.iter().take(self.top).filter(|process| process.cpu_usage() > 0.0));
        chosen.sort_by_key(|process| process.pid());
        chosen.dedup_by_key(|process| process.pid());
        for process in chosen {
            let name: String = process.name().to_string_lossy().chars().take(64).collect();
            let pid = process.pid().to_string();
            let key = format!("{pid}\0{name}");
            let pairs = || vec![("pid", pid), ("name", name)];
            let Some(mut row) = self.table[0].row(key.as_bytes(), pairs) else { continue };
            row.put(round, 0, rounded(f64::from(process.cpu_usage()), 1));
            row.put(round, 1, process.memory() as f64);
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

/// The figures of this very process.
pub(super) struct OwnProcess(Option<(System, Pid)>);

impl OwnProcess {
    /// Nothing is read yet.
    pub(super) fn new() -> Self {
        Self(System::new().ok().zip(get_current_pid().ok()))
    }

    /// Adds what can be read now.
    pub(super) fn read(&mut self, out: &mut Vec<Reading>) {
        let Some((system, pid)) = &mut self.0 else { return };
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[*pid]), false, kind);
        let Some(process) = system.process(*pid) else { return };
        out.push(Reading {
            name: "process_cpu_seconds_total",
            metric_type: MetricType::Counter,
            help: "CPU time of this process.",
            labels: Vec::new(),
            value: process.accumulated_cpu_time() as f64 / 1000.0,
        });
        let mut gauge = |name, help, value| out.push(Reading::gauge(name, help, value));
        let (resident, started) = (process.memory() as f64, process.start_time() as f64);
        gauge("process_resident_memory_bytes", "Resident memory of this process.", resident);
        gauge("process_start_time_seconds", "When this process started, since the epoch.", started);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Batch, Origin};

    #[test]
    fn the_portable_sources_give_the_names_of_linux() {
        let identity = Arc::new(Identity { job: "node", instance: "host".into() });
        let mut batch = Batch::new(Origin::Collector);
        let mut files = Files::new("/".as_ref());
        for mut planned in sources(&Options::default(), Path::new("/"), &identity) {
            let mut round = Round { at: Timestamp(0), now: Timestamp(5), batch: &mut batch };
            assert_eq!(planned.source.read(&mut files, &mut round), Ok(Found::Read));
        }
        for name in ["node_load1", "node_memory_MemTotal_bytes", "node_cpu_seconds_total"] {
            assert!(batch.entries.iter().any(|entry| entry.labels.name() == name), "{name}");
        }
        let mut readings = Vec::new();
        OwnProcess::new().read(&mut readings);
        assert_eq!(readings.len(), 3);
    }
}
