//! Linux: the sources that read the kernel's own files under `proc` and `sys`.

mod cpu;
mod disks;
mod filesystems;
mod kernel;
mod memory;
mod mounts;
mod network;
mod pressure;
mod processes;
mod ranking;
mod sensors;
mod sockets;
mod this_process;
mod users;

use std::path::Path;
use std::sync::Arc;

use super::options::Options;
use super::source::{Planned, alone, quick};
use super::table::Identity;
use filesystems::Filesystems;

pub(super) use this_process::OwnProcess;

/// The sources that are switched on, reading under `root`.
pub(super) fn sources(options: &Options, root: &Path, identity: &Arc<Identity>) -> Vec<Planned> {
    let from = options;
    let all = [
        (from.cpu.enabled, quick("cpu", from.cpu.interval, cpu::Cpu::new(identity))),
        (from.load.enabled, quick("load", from.load.interval, kernel::Load::new(identity))),
        (from.memory.enabled, quick("memory", from.memory.interval, memory::Memory::new(identity))),
        (
            from.pressure.enabled,
            quick("pressure", from.pressure.interval, pressure::Pressure::new(identity)),
        ),
        (from.disks.enabled, quick("disks", from.disks.interval, disks::Disks::new(identity))),
        (
            from.network.enabled,
            quick("network", from.network.interval, network::Network::new(identity, root)),
        ),
        (
            from.sockets.enabled,
            quick("sockets", from.sockets.interval, sockets::Sockets::new(identity, root)),
        ),
        (from.kernel.enabled, quick("kernel", from.kernel.interval, kernel::Kernel::new(identity))),
        (
            from.filesystems.enabled,
            alone("filesystems", from.filesystems.interval, Filesystems::new(identity, root)),
        ),
        (
            from.sensors.enabled,
            alone("sensors", from.sensors.interval, sensors::Sensors::new(identity, root)),
        ),
        (
            from.processes.enabled,
            alone(
                "processes",
                from.processes.interval,
                processes::Processes::new(identity, root, from.processes.top),
            ),
        ),
    ];
    all.into_iter().filter_map(|(enabled, source)| enabled.then_some(source)).collect()
}

/// Whether `root` is this machine's own, and not a host's that is mounted into a container.
fn is_own_root(root: &Path) -> bool {
    root == Path::new("/")
}

#[cfg(test)]
mod tests;
