//! Every source on a small tree of files as a kernel would write them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found};
use crate::collect::table::Round;
use crate::model::{Batch, Origin, Timestamp, is_stale};

/// A host in a folder, observed by all sources.
struct Host {
    folder: tempfile::TempDir,
    planned: Vec<Planned>,
    files: Files,
    at: i64,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Arc::new(Identity { job: "node", instance: "host".into() });
        let planned = sources(&Options::default(), folder.path(), &identity);
        let files = Files::new(folder.path());
        Self { folder, planned, files, at: 0 }
    }

    fn path(&self, place: &str) -> PathBuf {
        let path = self.folder.path().join(place);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        path
    }

    fn write(&self, place: &str, content: &str) {
        std::fs::write(self.path(place), content).expect("written");
    }

    /// Reads one source and gives what it appended, without the labels that all series have; a
    /// staleness marker is `None`.
    fn read(&mut self, name: &str) -> (Result<Found, Failure>, BTreeMap<String, Option<f64>>) {
        let planned = self.planned.iter_mut().find(|planned| planned.name == name);
        let source = &mut planned.expect("a source").source;
        let mut batch = Batch::new(Origin::Collector);
        self.at += 1000;
        self.files.next_round();
        let at = Timestamp(self.at);
        let mut round = Round { at, now: at, batch: &mut batch };
        let outcome = source.read(&mut self.files, &mut round);
        for table in source.tables() {
            table.finish(&mut round);
        }
        let sample = |value: f64| (!is_stale(value)).then_some(value);
        let values = batch.entries.iter().map(|entry| {
            let labels = entry.labels.filtered(|label| label != "job" && label != "instance");
            assert_eq!(entry.labels.value("instance"), "host");
            (labels.to_string(), sample(entry.sample.value))
        });
        (outcome, values.collect())
    }

    /// Reads a source that must be there, and compares some of its values.
    fn check(&mut self, name: &str, expected: &[(&str, f64)], series: usize) {
        let (outcome, values) = self.read(name);
        assert_eq!(outcome, Ok(Found::Read), "{name}");
        for (series, value) in expected {
            assert_eq!(values.get(*series), Some(&Some(*value)), "{series} in {values:#?}");
        }
        assert_eq!(values.len(), series, "{values:#?}");
    }
}

const STAT: &str = "cpu  300 4 50 1000 20 0 6 2 3 0\n\
                    cpu0 100 1 25 512 10 0 3 1 3 0\n\
                    cpu1 200 3 25 488 10 0 3 1 0 0\n\
                    intr 38081 0 0 1 2\n\
                    ctxt 540713\n\
                    btime 1700000000\n\
                    processes 13413\n\
                    procs_running 2\n\
                    procs_blocked 1\n\
                    softirq 9 1 8\n";

#[test]
fn cpu_load_and_the_kernels_counts_are_read() {
    let mut host = Host::new();
    host.write("proc/stat", STAT);
    host.write("proc/loadavg", "0.52 1.25 10.00 1/117 9000\n");
    host.write("proc/uptime", "4321.57 8000.00\n");
    host.write("proc/sys/fs/file-nr", "712\t0\t2466186\n");
    let cpu = [
        (r#"node_cpu_seconds_total{cpu="0", mode="user"}"#, 1.0),
        (r#"node_cpu_seconds_total{cpu="0", mode="idle"}"#, 5.12),
        (r#"node_cpu_seconds_total{cpu="1", mode="steal"}"#, 0.01),
        (r#"node_cpu_guest_seconds_total{cpu="0", mode="user"}"#, 0.03),
    ];
    host.check("cpu", &cpu, 20);
    host.check("load", &[("node_load1", 0.52), ("node_load15", 10.0)], 3);
    let kernel = [
        ("node_intr_total", 38081.0),
        ("node_context_switches_total", 540_713.0),
        ("node_forks_total", 13413.0),
        ("node_procs_running", 2.0),
        ("node_procs_blocked", 1.0),
        ("node_boot_time_seconds", 1_700_000_000.0),
        ("node_uptime_seconds", 4321.6),
        ("node_filefd_allocated", 712.0),
        ("node_filefd_maximum", 2_466_186.0),
        ("node_time_seconds", 3.0),
    ];
    host.check("kernel", &kernel, 10);
}

#[test]
fn memory_is_named_by_the_fields_of_the_file() {
    let mut host = Host::new();
    let content = "MemTotal:       24684092 kB\nActive(anon):  10 kB\nHugePages_Total:  3\n";
    host.write("proc/meminfo", content);
    let expected = [
        ("node_memory_MemTotal_bytes", 24_684_092.0 * 1024.0),
        ("node_memory_Active_anon_bytes", 10_240.0),
        ("node_memory_HugePages_Total", 3.0),
    ];
    host.check("memory", &expected, 3);
    host.write("proc/meminfo", "nonsense");
    let (outcome, values) = host.read("memory");
    let told = outcome.expect_err("no memory figures").to_string();
    assert_eq!(told, "cannot understand `proc/meminfo`: `MemTotal: 1 kB` was expected");
    assert!(values.len() == 3 && values.values().all(Option::is_none));
}

#[test]
fn pressure_is_read_where_the_kernel_keeps_it() {
    let mut host = Host::new();
    assert_eq!(host.read("pressure"), (Ok(Found::Missing), BTreeMap::new()));
    let line = |kind: &str, total: u64| format!("{kind} avg10=6.72 avg60=4.45 total={total}\n");
    host.write("proc/pressure/cpu", &line("some", 31_186_015));
    host.write("proc/pressure/io", &(line("some", 2_000_999) + &line("full", 0)));
    let expected = [
        ("node_pressure_cpu_waiting_seconds_total", 31.186),
        ("node_pressure_io_waiting_seconds_total", 2.0),
        ("node_pressure_io_stalled_seconds_total", 0.0),
    ];
    host.check("pressure", &expected, 3);
}

#[test]
fn disks_are_read_and_one_that_is_gone_ends() {
    let mut host = Host::new();
    let vda = " 254 0 vda 53275 9650 9036746 64064 28174 72752 28531592 212199 3 31736 278103 9368 \
               67 844520 1606 2939 232\n";
    let old = "   8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n";
    host.write("proc/diskstats", &format!("   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n{vda}{old}"));
    let expected = [
        (r#"node_disk_reads_completed_total{device="vda"}"#, 53275.0),
        (r#"node_disk_read_bytes_total{device="vda"}"#, 9_036_746.0 * 512.0),
        (r#"node_disk_write_time_seconds_total{device="vda"}"#, 212.199),
        (r#"node_disk_io_now{device="vda"}"#, 3.0),
        (r#"node_disk_io_time_weighted_seconds_total{device="vda"}"#, 278.103),
        (r#"node_disk_flush_requests_time_seconds_total{device="vda"}"#, 0.232),
        (r#"node_disk_io_time_seconds_total{device="sda"}"#, 0.01),
    ];
    host.check("disks", &expected, 17 + 11);
    host.write("proc/diskstats", vda);
    let (_, values) = host.read("disks");
    assert_eq!(values.values().filter(|value| value.is_none()).count(), 11);
}

#[test]
fn network_and_sockets_are_read_from_the_first_process_of_a_mounted_host() {
    let mut host = Host::new();
    let dev = "Inter-|   Receive  |  Transmit\n face |bytes packets errs |bytes\n\
               eth0:261099089 6951 1 2 0 0 0 0 358366 3762 3 4 0 0 0 0\n";
    host.write("proc/1/net/dev", dev);
    let expected = [
        (r#"node_network_receive_bytes_total{device="eth0"}"#, 261_099_089.0),
        (r#"node_network_receive_drop_total{device="eth0"}"#, 2.0),
        (r#"node_network_transmit_bytes_total{device="eth0"}"#, 358_366.0),
        (r#"node_network_transmit_errs_total{device="eth0"}"#, 3.0),
    ];
    host.check("network", &expected, 8);

    host.write("proc/1/net/sockstat", "sockets: used 17\nTCP: inuse 1 orphan 0 tw 5 mem 294\n");
    host.write("proc/1/net/sockstat6", "TCP6: inuse 2\n");
    let snmp = "Tcp: RtoMin MaxConn CurrEstab RetransSegs\nTcp: 200 -1 4 7\n\
                Udp: InDatagrams NoPorts\nUdp: 29 0\n";
    host.write("proc/1/net/snmp", snmp);
    let expected = [
        ("node_sockstat_sockets_used", 17.0),
        ("node_sockstat_TCP_tw", 5.0),
        ("node_sockstat_TCP6_inuse", 2.0),
        ("node_netstat_Tcp_CurrEstab", 4.0),
        ("node_netstat_Tcp_RetransSegs", 7.0),
        ("node_netstat_Udp_InDatagrams", 29.0),
    ];
    host.check("sockets", &expected, 10);
    host.write("proc/1/net/snmp", "Tcp: A\nUdp: 1\n");
    assert!(host.read("sockets").0.is_err());
}

#[test]
fn file_systems_are_asked_below_the_root() {
    let mut host = Host::new();
    host.write("proc/1/mounts", "/dev/x / ext4 ro,a 0 0\n/dev/y /gone xfs rw 0 0\n");
    let gone = r#"node_filesystem_device_error{device="/dev/y", fstype="xfs", mountpoint="/gone"}"#;
    let labels = r#"{device="/dev/x", fstype="ext4", mountpoint="/"}"#;
    let read_only = format!("node_filesystem_readonly{labels}");
    let error = format!("node_filesystem_device_error{labels}");
    host.check("filesystems", &[(gone, 1.0), (&read_only, 1.0), (&error, 0.0)], 8);
    let (_, values) = host.read("filesystems");
    let value = |name: &str| values[&format!("{name}{labels}")].unwrap_or_default();
    assert!(value("node_filesystem_size_bytes") >= value("node_filesystem_free_bytes"));
    assert!(value("node_filesystem_free_bytes") >= value("node_filesystem_avail_bytes"));
}

#[test]
fn sensors_are_found_and_a_silent_one_is_left_out() {
    let mut host = Host::new();
    assert_eq!(host.read("sensors").0, Ok(Found::Missing));
    let mut host = Host { at: 100_000, ..host };
    host.write("sys/devices/platform/coretemp.0/uevent", "");
    host.write("sys/class/hwmon/hwmon0/name", "coretemp\n");
    host.write("sys/class/hwmon/hwmon0/temp1_input", "45250\n");
    host.write("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
    host.write("sys/class/hwmon/hwmon0/temp2_input", "\n");
    host.write("sys/class/hwmon/hwmon0/fan1_input", "1200\n");
    host.write("sys/class/thermal/thermal_zone0/type", "acpitz\n");
    host.write("sys/class/thermal/thermal_zone0/temp", "-3000\n");
    let link = host.path("sys/class/hwmon/hwmon0/device");
    let device = host.path("sys/devices/platform/coretemp.0");
    std::os::unix::fs::symlink(device, link).expect("linked");
    let chip = r#"chip="platform_coretemp_0""#;
    let temperature = format!(r#"node_hwmon_temp_celsius{{{chip}, sensor="temp1"}}"#);
    let fan = format!(r#"node_hwmon_fan_rpm{{{chip}, sensor="fan1"}}"#);
    let label =
        format!(r#"node_hwmon_sensor_label{{{chip}, label="Package id 0", sensor="temp1"}}"#);
    let expected = [
        (temperature.as_str(), 45.3),
        (&fan, 1200.0),
        (&label, 1.0),
        (r#"node_thermal_zone_temp{type="acpitz", zone="0"}"#, -3.0),
    ];
    host.check("sensors", &expected, 5);
}

#[test]
fn processes_are_listed_and_end_with_a_marker() {
    let mut host = Host::new();
    let user = std::os::unix::fs::MetadataExt::uid(
        &std::fs::metadata(host.folder.path()).expect("a folder"),
    );
    host.write("etc/passwd", &format!("anna:x:{user}:{user}::/:/bin/sh\n"));
    let stat = |pid: u32, name: &str, ticks: u32, pages: u32| {
        format!("{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 3 0 55 1 {pages} 9\n")
    };
    host.write("proc/uptime", "100.00 1.00\n");
    host.write("proc/7/stat", &stat(7, "idle", 50, 10));
    host.write("proc/8/stat", &stat(8, "busy", 50, 0));
    host.write("proc/self-made/stat", "not a process");
    let idle = |metric: &str| format!(r#"{metric}{{name="idle", pid="7", user="anna"}}"#);
    let resident = idle("node_process_resident_memory_bytes");
    let page = rustix::param::page_size() as f64;
    host.check("processes", &[(&resident, 10.0 * page)], 2);

    host.write("proc/uptime", "102.00 1.00\n");
    host.write("proc/8/stat", &stat(8, "busy", 147, 0));
    let busy = r#"node_process_cpu_percent{name="busy", pid="8", user="anna"}"#;
    let idle_cpu = idle("node_process_cpu_percent");
    let threads = idle("node_process_threads");
    host.check("processes", &[(busy, 48.5), (&idle_cpu, 0.0), (&threads, 3.0)], 6);

    std::fs::remove_dir_all(host.path("proc/7")).expect("ended");
    host.write("proc/uptime", "104.00 1.00\n");
    let (_, values) = host.read("processes");
    for series in [&resident, &idle_cpu, &threads] {
        assert_eq!(values.get(series), Some(&None), "{values:#?}");
    }
    assert_eq!(values.get(busy), Some(&Some(0.0)));
    assert_eq!(host.read("processes").1.len(), 3);
}

#[test]
fn every_metric_is_documented() {
    let told = include_str!("../../../docs/metrics.md");
    let mut host = Host::new();
    let tables = host.planned.iter_mut().flat_map(|planned| planned.source.tables());
    let names: Vec<&str> = tables.flat_map(|table| table.names()).collect();
    assert!(names.len() > 90, "{names:?}");
    for name in names {
        assert!(told.contains(&format!("| `{name}` |")), "{name} is missing in docs/metrics.md");
    }
}
