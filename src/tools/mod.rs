//! What the program does instead of serving: it looks after a data folder, copies one, or checks
//! files of dashboards.
//!
//! Each command is a function of the settings, the time and a place to write words to. A folder is
//! used by one process at a time: while a service runs on it, all but the backup refuse.

mod backup;
mod check;
mod export;
mod import;
mod pieces;
mod progress;
mod requests;
mod stats;
mod verify;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::config::{DataCommand, Settings, StoreCommand};
use crate::model::{Report, Timestamp};
use crate::store::{Disk, Fault, Folder, LogWriter, Store};
pub use check::check;
pub use pieces::{Piece, Pieces};
use progress::Progress;

/// Carries out a command at the time `now`; what it finds goes to `out`, how far it is and what it
/// refuses to standard error.
///
/// # Errors
/// In words, when it could not be carried out, when damage was found, or when some of what was to
/// be imported was refused.
pub fn run(
    command: &DataCommand,
    settings: &Settings,
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let folder = Path::new(&settings.storage.path);
    let command = match command {
        DataCommand::Store(command) => command,
        DataCommand::Backup { target } => {
            is_there(folder)?;
            return backup::backup(folder, target, out);
        }
    };
    if matches!(command, StoreCommand::Import(_)) {
        let shown = folder.display();
        let made = std::fs::create_dir_all(folder);
        made.map_err(|error| format!("cannot create the data folder `{shown}`: {error}"))?;
    }
    let disk = lock(folder)?;
    match command {
        StoreCommand::Verify => verify::verify(&*disk, out),
        StoreCommand::Stats { json } => stats::stats(&*disk, *json, out),
        StoreCommand::Export(wanted) => export::export(wanted, &open(settings, disk, now)?.0, out),
        StoreCommand::Import(given) => import::import(given, open(settings, disk, now)?, now, out),
    }
}

fn is_there(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    if folder.is_dir() {
        return Ok(());
    }
    Err(format!("there is no data folder `{shown}` (choose one with --data DIR)"))
}

/// Takes the data folder, which has to be there.
fn lock(folder: &Path) -> Result<Arc<dyn Disk>, String> {
    is_there(folder)?;
    let shown = folder.display();
    match Folder::lock(folder) {
        Ok(disk) => Ok(Arc::new(disk)),
        Err(error) if error.fault() == Fault::InUse => Err(format!(
            "the data folder `{shown}` is in use by another process: end it first, or make a copy \
             with `watchglass backup DIR` and look at that"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Opens the store of a folder as a service would, its log read; also gives who writes its log.
fn open(
    settings: &Settings,
    disk: Arc<dyn Disk>,
    now: Timestamp,
) -> Result<(Store, LogWriter), String> {
    let (max_age, max_future) = (settings.ingest.max_age, settings.ingest.max_future);
    let draw = || getrandom::u32().unwrap_or_default();
    let opened = Store::open(&settings.storage, max_age, max_future, disk, draw);
    let (store, recovery) = opened.map_err(|error| error.to_string())?;
    let writer = recovery.run(&store, now);
    Ok((store, writer))
}

/// How much of a store was found damaged since it was opened.
fn damaged(store: &Store) -> u64 {
    let mut readings = Vec::new();
    store.report(&mut readings);
    let names = ["watchglass_store_blocks_damaged_total", "watchglass_store_damaged_total"];
    let found = readings.iter().filter(|reading| names.contains(&reading.name));
    found.map(|reading| reading.value as u64).sum()
}

/// Words for an error while writing what was found.
fn unwritten(error: &std::io::Error) -> String {
    format!("cannot write the output: {error}")
}
