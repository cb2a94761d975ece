//! Tasks on intervals that read the host and the process and append what they read.
//!
//! A source fills tables of series at a tick; a task reads the sources of one interval and appends
//! once. On Linux the sources read kept-open files of the kernel (`linux`); elsewhere, and for
//! names and versions everywhere, they ask `sysinfo`. Names and labels are node exporter's where it
//! has the metric; `docs/metrics.md` lists them all.

mod bytes;
#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
mod facts;
mod figures;
mod files;
#[cfg(target_os = "linux")]
mod linux;
mod options;
mod own;
mod schedule;
mod source;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use options::{Options, Processes, RareSource, SlowSource, Source};

#[cfg(not(target_os = "linux"))]
use elsewhere as platform;
use figures::Figures;
#[cfg(target_os = "linux")]
use linux as platform;
use own::Own;
use schedule::{Surroundings, groups};
use table::Identity;

use crate::model::{Append, Clock, Reading, Report};

/// The collectors at work. Dropping it ends them; a reading in progress finishes by itself.
#[derive(Debug)]
pub struct Running {
    tasks: Vec<JoinHandle<()>>,
    figures: Arc<Figures>,
    host: String,
    begin: watch::Sender<bool>,
}

impl Running {
    /// Lets the collectors begin.
    pub fn begin(&self) {
        self.begin.send_replace(true);
    }

    /// Ends all collectors.
    pub fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    /// How many tasks run; at rest, each waits for the clock once.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// The label `instance` of everything that is collected.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Report for Running {
    fn report(&self, out: &mut Vec<Reading>) {
        self.figures.report(out);
    }
}

/// Starts every collector that is switched on, as tasks on the current tokio runtime, which wait
/// until they may begin. `own` tells
/// the figures of all other parts; those of the collectors are added here, and a figure that is
/// told twice counts once. `own` is called on a blocking thread, once per interval of the service's
/// own collector.
///
/// # Panics
/// Outside a tokio runtime.
pub fn start(
    options: &Options,
    append: Arc<dyn Append>,
    clock: Arc<dyn Clock>,
    own: Arc<dyn Fn() -> Vec<Reading> + Send + Sync>,
) -> Running {
    let root = PathBuf::from(&options.root);
    let host = host_name(options, &root);
    let figures = Arc::new(Figures::default());
    let identity = Arc::new(Identity { job: "node", instance: host.clone() });
    let mut planned = platform::sources(options, &root, &identity);
    if options.facts.enabled {
        let source = facts::Facts::new(&identity, &root);
        planned.push(source::quick("facts", options.facts.interval, source));
    }
    if options.own.enabled {
        let source = Own::new(&host, own, Arc::clone(&figures));
        planned.push(source::quick("own", options.own.interval, source));
    }
    let around = Surroundings { append, clock, figures: Arc::clone(&figures) };
    let (begin, told) = watch::channel(false);
    let tasks = groups(planned, &root, &around)
        .into_iter()
        .map(|group| {
            let mut told = told.clone();
            tokio::spawn(async move {
                if told.wait_for(|told| *told).await.is_ok() {
                    group.run().await;
                }
            })
        })
        .collect();
    Running { tasks, figures, host, begin }
}

/// The name of the host: as configured, or as the machine says.
fn host_name(options: &Options, root: &Path) -> String {
    let named = options.host.clone().or_else(|| facts::host_name(root));
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}
