//! Temperatures and fans, where the machine has them: `sys/class/hwmon` and `sys/class/thermal`.
//!
//! Which sensors there are is looked up now and then; between, only their open files are read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::collect::bytes::{rounded, signed, trimmed};
use crate::collect::files::{Files, KeptFile};
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Pairs, Round, Table};
use crate::model::{Span, Timestamp};

/// How often the machine is searched for sensors.
const SEARCH_AGAIN: Span = Span(60_000);
/// The most sensors: each holds an open file.
const SENSORS_MAX: usize = 512;

const TEMPERATURES: &[Column] =
    &[Column::gauge("node_hwmon_temp_celsius", "celsius", "Temperature of a sensor.")];
const FANS: &[Column] = &[Column::gauge("node_hwmon_fan_rpm", "", "Turns a minute of a fan.")];
const ZONES: &[Column] =
    &[Column::gauge("node_thermal_zone_temp", "celsius", "Temperature of a thermal zone.")];
const CHIPS: &[Column] =
    &[Column::gauge("node_hwmon_chip_names", "", "The chip's own name; always 1.")];
const LABELS: &[Column] =
    &[Column::gauge("node_hwmon_sensor_label", "", "The sensor's own name; always 1.")];

const TEMPERATURE: usize = 0;
const FAN: usize = 1;
const ZONE: usize = 2;
const CHIP: usize = 3;
const LABEL: usize = 4;

/// The source of temperatures and fans.
pub(super) struct Sensors {
    tables: [Table; 5],
    folder: PathBuf,
    searched: Option<Timestamp>,
    found: Vec<Sensor>,
    /// Info series: table and labels.
    names: Vec<(usize, Pairs)>,
}

struct Sensor {
    table: usize,
    key: String,
    pairs: Pairs,
    file: KeptFile,
}

impl Sensors {
    pub(super) fn new(identity: &Arc<Identity>, root: &Path) -> Self {
        let columns = [TEMPERATURES, FANS, ZONES, CHIPS, LABELS];
        Self {
            tables: columns.map(|columns| Table::new(identity, columns)),
            folder: root.join("sys/class"),
            searched: None,
            found: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Finds the machine's sensors, in the order of their names.
    fn search(&mut self) {
        self.found.clear();
        self.names.clear();
        for folder in folders(&self.folder.join("hwmon")) {
            let chip = chip_name(&folder);
            if let Some(own) = read_word(&folder.join("name")) {
                let pairs = vec![("chip", chip.clone()), ("chip_name", own)];
                self.names.push((CHIP, pairs));
            }
            for file in folders(&folder) {
                self.add_sensor(&chip, &file);
            }
        }
        for folder in folders(&self.folder.join("thermal")) {
            let zone = file_name(&folder).strip_prefix("thermal_zone").map(str::to_owned);
            let kind = read_word(&folder.join("type"));
            if let (Some(zone), Some(kind)) = (zone, kind) {
                let pairs = vec![("zone", zone), ("type", kind)];
                self.add(ZONE, pairs, folder.join("temp"));
            }
        }
    }

    /// Adds `temp1_input` or `fan1_input` of a chip, with the label that stands beside it.
    fn add_sensor(&mut self, chip: &str, file: &Path) {
        let Some(sensor) = file_name(file).strip_suffix("_input") else { return };
        let table = match sensor.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "temp" => TEMPERATURE,
            "fan" => FAN,
            _ => return,
        };
        let pairs = vec![("chip", chip.to_owned()), ("sensor", sensor.to_owned())];
        if let Some(label) = read_word(&file.with_file_name(format!("{sensor}_label"))) {
            let mut labelled = pairs.clone();
            labelled.push(("label", label));
            self.names.push((LABEL, labelled));
        }
        self.add(table, pairs, file.to_owned());
    }

    fn add(&mut self, table: usize, pairs: Pairs, path: PathBuf) {
        if self.found.len() < SENSORS_MAX {
            let key = key_of(&pairs);
            self.found.push(Sensor { table, key, pairs, file: KeptFile::new(path) });
        }
    }
}

impl Source for Sensors {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let due = |last: Timestamp| round.at - last >= SEARCH_AGAIN || round.at < last;
        if self.searched.is_none_or(due) {
            self.search();
            self.searched = Some(round.at);
        }
        for Sensor { table, key, pairs, file } in &mut self.found {
            // A sensor that does not answer now (its device sleeps) is left out of this reading.
            let Ok(Some(content)) = file.read() else { continue };
            let Some(value) = signed(trimmed(content)) else { continue };
            let value =
                if *table == FAN { value as f64 } else { rounded(value as f64 / 1000.0, 1) };
            let table = self.tables.get_mut(*table);
            if let Some(mut row) =
                table.and_then(|table| table.row(key.as_bytes(), || pairs.clone()))
            {
                row.put(round, 0, value);
            }
        }
        for (table, pairs) in &self.names {
            let key = key_of(pairs);
            let table = self.tables.get_mut(*table);
            if let Some(mut row) =
                table.and_then(|table| table.row(key.as_bytes(), || pairs.clone()))
            {
                row.put(round, 0, 1.0);
            }
        }
        Ok(if self.found.is_empty() { Found::Missing } else { Found::Read })
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.tables
    }
}

fn key_of(pairs: &Pairs) -> String {
    pairs.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("\0")
}

/// What stands in a folder, sorted; nothing when it does not exist.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn read_word(path: &Path) -> Option<String> {
    let content = fs::read_to_string(path).ok()?;
    Some(content.trim().to_owned()).filter(|word| !word.is_empty())
}

/// A chip's name that stays the same from start to start: its bus and its place on it, as node
/// exporter writes them (`platform_coretemp_0`); where it has none, the driver's name.
fn chip_name(folder: &Path) -> String {
    let placed = fs::canonicalize(folder.join("device")).ok().and_then(|device| {
        let (bus, place) =
            (metric_part(file_name(device.parent()?)), metric_part(file_name(&device)));
        (!bus.is_empty() && !place.is_empty()).then(|| format!("{bus}_{place}"))
    });
    let named = || read_word(&folder.join("name")).map(|name| metric_part(&name));
    placed.or_else(named).unwrap_or_else(|| file_name(folder).to_owned())
}

fn metric_part(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let name = name.to_ascii_lowercase().replace(|c: char| !allowed(c), "_");
    name.trim_matches('_').to_owned()
}
