//! Files that stay open between readings: one `pread` from the start is cheaper than a path walk,
//! an open and a close, and the buffer is reused.

use std::fmt;
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::source::Failure;

/// The most bytes that are read of one file; what comes after is not looked at.
const CONTENT_MAX: usize = 4 << 20;
/// The first size of a buffer: most files of the kernel fit.
const CONTENT_FIRST: usize = 8 << 10;

/// One file that stays open.
#[derive(Debug)]
pub(super) struct KeptFile {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
    length: usize,
}

impl KeptFile {
    /// A file that is opened when it is first read.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None, buffer: Vec::new(), length: 0 }
    }

    /// The content now; `None` when the machine has no such file.
    pub(super) fn read(&mut self) -> Result<Option<&[u8]>, Failure> {
        match self.fill() {
            Ok(()) => Ok(Some(self.content())),
            Err(error) => {
                // Whatever went wrong, the next reading begins with a new descriptor.
                self.file = None;
                self.length = 0;
                if is_missing(&error) { Ok(None) } else { Err(Failure::read(&self.path, &error)) }
            }
        }
    }

    fn content(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(&self.path)?),
        };
        if self.buffer.is_empty() {
            self.buffer.resize(CONTENT_FIRST, 0);
        }
        self.length = 0;
        loop {
            if self.length == self.buffer.len() {
                if self.length >= CONTENT_MAX {
                    return Ok(());
                }
                self.buffer.resize(self.length * 2, 0);
            }
            let rest = self.buffer.get_mut(self.length..).unwrap_or_default();
            match read_at(file, rest, self.length as u64) {
                // A short read is not yet the end: the kernel gives long files page by page.
                Ok(0) => return Ok(()),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}

#[cfg(not(unix))]
fn read_at(file: &mut File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read(buffer)
}

/// Whether an error says that the machine does not have the thing, rather than that reading failed:
/// pressure files of a kernel that was told not to keep them answer "not supported".
pub(super) fn is_missing(error: &io::Error) -> bool {
    const NO_SUCH_PROCESS: i32 = 3;
    const NO_SUCH_DEVICE: i32 = 19;
    const NOT_SUPPORTED: i32 = 95;
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || matches!(error.raw_os_error(), Some(NO_SUCH_PROCESS | NO_SUCH_DEVICE | NOT_SUPPORTED))
}

/// The files of one task, read at most once a tick however many sources look at them.
pub(super) struct Files {
    root: PathBuf,
    round: u64,
    kept: Vec<Shared>,
}

struct Shared {
    name: &'static str,
    file: KeptFile,
    read_in: u64,
}

impl Files {
    /// Files under `root`.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), round: 0, kept: Vec::new() }
    }

    /// Begins a tick: every file is read anew when it is next asked for.
    pub(super) fn next_round(&mut self) {
        self.round += 1;
    }

    /// The content at this tick of the file `name` under the root; `None` when it does not exist.
    pub(super) fn read(&mut self, name: &'static str) -> Result<Option<&[u8]>, Failure> {
        let at = if let Some(at) = self.kept.iter().position(|shared| shared.name == name) {
            at
        } else {
            let file = KeptFile::new(self.root.join(name));
            self.kept.push(Shared { name, file, read_in: 0 });
            self.kept.len() - 1
        };
        let round = self.round;
        let Some(shared) = self.kept.get_mut(at) else { return Ok(None) };
        if shared.read_in == round {
            return Ok(Some(shared.file.content()));
        }
        let read = shared.file.read()?;
        if read.is_some() {
            shared.read_in = round;
        }
        Ok(read)
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kept.iter().map(|shared| shared.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_from_the_start_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stat");
        let long = "0123456789".repeat(5000);
        std::fs::write(&path, &long).expect("written");
        let mut file = KeptFile::new(path.clone());
        assert_eq!(file.read().expect("read"), Some(long.as_bytes()));
        std::fs::write(&path, "short").expect("written");
        assert_eq!(file.read().expect("read"), Some(&b"short"[..]));
    }

    #[test]
    fn a_file_that_is_not_there_is_missing_and_a_folder_is_a_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Files::new(folder.path());
        files.next_round();
        assert_eq!(files.read("absent").expect("no failure"), None);
        std::fs::write(folder.path().join("absent"), "now").expect("written");
        assert_eq!(files.read("absent").expect("read"), Some(&b"now"[..]));
        std::fs::create_dir(folder.path().join("folder")).expect("made");
        let failure = files.read("folder").expect_err("a folder has no content");
        let expected = format!("cannot read `{}`", folder.path().join("folder").display());
        assert!(failure.to_string().starts_with(&expected), "{failure}");
    }

    #[test]
    fn a_file_is_read_once_a_round() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Files::new(folder.path());
        let mut check = |content: &str, expected: &str, next: bool| {
            std::fs::write(folder.path().join("stat"), content).expect("written");
            if next {
                files.next_round();
            }
            assert_eq!(files.read("stat").expect("read"), Some(expected.as_bytes()));
        };
        check("one", "one", true);
        check("two", "one", false);
        check("three", "three", true);
    }
}
