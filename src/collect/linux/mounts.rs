//! Which file systems are worth showing: the table of mounts, without what holds no files.

use std::collections::HashSet;

use crate::collect::bytes::{lines, words};

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// What is mounted.
    pub(super) device: String,
    /// Its type.
    pub(super) kind: String,
    /// Where.
    pub(super) point: String,
    /// Whether nothing can be written.
    pub(super) read_only: bool,
}

impl Mount {
    /// Whether asking it may wait for another machine or program, and so may never end.
    pub(super) fn is_remote(&self) -> bool {
        let kinds = [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "ceph",
            "glusterfs",
            "lustre",
            "afs",
            "ncpfs",
            "9p",
            "virtiofs",
            "fuseblk",
            "ocfs2",
            "gfs2",
            "beegfs",
        ];
        kinds.contains(&self.kind.as_str()) || self.kind.starts_with("fuse.") || self.kind == "fuse"
    }
}

/// File systems without files of their own: views into the kernel, or onto other file systems.
const VIEWS: [&str; 33] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fusectl",
    "fuse.gvfsd-fuse",
    "fuse.portal",
    "fuse.lxcfs",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
    "rootfs",
    "fuse.snapfuse",
    "sockfs",
];

/// Folders below which mounts belong to the kernel or to single containers.
const INNER: [&str; 6] =
    ["/dev", "/proc", "/sys", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage"];

/// The mounts worth showing, in the order of the table. Of several at one place the last one covers
/// the others.
pub(super) fn mounts(content: &[u8]) -> Vec<Mount> {
    let mut found: Vec<Mount> = lines(content).filter_map(mount).collect();
    let mut covered = HashSet::new();
    found.reverse();
    found.retain(|mount| covered.insert(mount.point.clone()));
    found.reverse();
    found.retain(is_shown);
    found
}

fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = words(line);
    let (device, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
    let kind = unescaped(fields.next()?);
    let read_only = fields.next()?.split(|byte| *byte == b',').any(|option| option == b"ro");
    Some(Mount { device, kind, point, read_only })
}

fn is_shown(mount: &Mount) -> bool {
    let point = mount.point.as_str();
    if point == "/" {
        // The root of a container is an overlay, and the only thing there is to show.
        return mount.kind != "rootfs";
    }
    let inside = |folder: &str| {
        point.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !VIEWS.contains(&mount.kind.as_str()) && !INNER.iter().any(|folder| inside(folder))
}

/// Text in which the kernel writes spaces, tabs, line feeds and backslashes as `\040`.
fn unescaped(word: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|_| *first == b'\\').and_then(|digits| {
            digits.iter().try_fold(0_u8, |sum, digit| match digit {
                b'0'..=b'7' => sum.checked_mul(8)?.checked_add(digit - b'0'),
                _ => None,
            })
        });
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { tail.get(3..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_with_files_of_their_own_are_shown() {
        let table = "proc /proc proc rw,relatime 0 0\n\
                     overlay / overlay rw,lowerdir=/a 0 0\n\
                     /dev/sda1 /boot ext4 ro,relatime 0 0\n\
                     tmpfs /run tmpfs rw,nosuid 0 0\n\
                     tmpfs /dev/shm tmpfs rw 0 0\n\
                     /dev/sdb1 /mnt/my\\040disk\\134x xfs rw 0 0\n\
                     old:/x /mnt/share nfs4 rw 0 0\n\
                     new:/y /mnt/share nfs4 rw 0 0\n\
                     overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0\n\
                     /dev/sdc /devices ext4 rw,errors=remount-ro 0 0\n\
                     broken line\n";
        let shown: Vec<(String, String, bool, bool)> = mounts(table.as_bytes())
            .into_iter()
            .map(|mount| {
                let remote = mount.is_remote();
                (mount.device, mount.point, mount.read_only, remote)
            })
            .collect();
        let line = |device: &str, point: &str, read_only, remote| {
            (device.to_owned(), point.to_owned(), read_only, remote)
        };
        let expected = [
            line("overlay", "/", false, false),
            line("/dev/sda1", "/boot", true, false),
            line("tmpfs", "/run", false, false),
            line("/dev/sdb1", "/mnt/my disk\\x", false, false),
            line("new:/y", "/mnt/share", false, true),
            line("/dev/sdc", "/devices", false, false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_no_escape_stays() {
        let check = |word: &str, expected: &str| assert_eq!(unescaped(word.as_bytes()), expected);
        check("a\\040b", "a b");
        check("a\\04", "a\\04");
        check("\\999", "\\999");
        check("\\777", "\\777");
        check("\\", "\\");
    }
}
