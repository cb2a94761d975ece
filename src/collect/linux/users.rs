//! Names of users by their number, from `etc/passwd`, read again when the file has changed.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::collect::bytes::{lines, text, whole};

/// A file beyond this size is not read: users are then shown by number.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// The names of users.
pub(super) struct Users {
    path: PathBuf,
    read: Option<(u64, Option<SystemTime>)>,
    names: HashMap<u32, String>,
}

impl Users {
    /// The users that the file at `path` names.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: None, names: HashMap::new() }
    }

    /// The name of a user, or its number where it has no name.
    pub(super) fn name(&mut self, user: u32) -> String {
        self.refresh();
        self.names.get(&user).cloned().unwrap_or_else(|| user.to_string())
    }

    fn refresh(&mut self) {
        let state = |metadata: Metadata| (metadata.len(), metadata.modified().ok());
        let now = std::fs::metadata(&self.path).ok().map(state);
        if now == self.read {
            return;
        }
        self.read = now;
        let small = now.is_some_and(|(size, _)| size <= FILE_BYTES_MAX);
        let content = if small { std::fs::read(&self.path).ok() } else { None };
        self.names = names(&content.unwrap_or_default());
    }
}

/// Lines such as `root:x:0:0:root:/root:/bin/sh`. Of two names for a number the first counts.
fn names(content: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in lines(content) {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, number) = (fields.next(), fields.nth(1).and_then(whole));
        let number = number.and_then(|number| u32::try_from(number).ok());
        if let (Some(name @ [_, ..]), Some(number)) = (name, number) {
            names.entry(number).or_insert_with(|| text(name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("passwd");
        let mut users = Users::new(path.clone());
        assert_eq!(users.name(0), "0");
        std::fs::write(&path, "root:x:0:0::/:/bin/sh\ntoor:x:0:0\n#no\n:x:5:5\n").expect("written");
        assert_eq!((users.name(0), users.name(5)), ("root".into(), "5".into()));
        std::fs::write(&path, "admin:x:0:0::/:/bin/sh\nanna:x:1000:1000\n").expect("written");
        assert_eq!((users.name(0), users.name(1000)), ("admin".into(), "anna".into()));
    }
}
