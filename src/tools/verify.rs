//! `watchglass store verify`: reads every file of a folder and says what is damaged.

use std::io::Write;

use super::{Progress, unwritten};
use crate::store::{Disk, FileKind, StoreFile};

/// Reads everything; see [`super::run`].
pub(super) fn verify(disk: &dyn Disk, out: &mut dyn Write) -> Result<(), String> {
    let files = StoreFile::list(disk).map_err(|error| error.to_string())?;
    let mut progress = Progress::new("verify", files.iter().map(|file| file.bytes).sum());
    let (mut lines, mut damaged, mut read) = (Vec::new(), 0, 0);
    let (mut samples, mut rows) = (0, 0);
    for file in &files {
        let path = file.path.display();
        match file.kind {
            FileKind::SetAside => {
                lines.push(format!("{path}: was set aside as damaged before, and is not read"));
            }
            FileKind::Unfinished => {
                lines.push(format!("{path}: is unfinished, and the next start removes it"));
            }
            FileKind::Log | FileKind::Block => {
                let found = file.contents(disk, true, &mut |_, _| {});
                read += 1;
                (samples, rows) = (samples + found.samples, rows + found.rows);
                damaged += usize::from(found.faults > 0);
                lines.extend(found.remark.iter().map(|words| format!("{path}: {words}")));
                lines.extend(found.wrong.iter().map(|words| format!("{path}: DAMAGED: {words}")));
                let more = found.faults - found.wrong.len() as u64;
                if more > 0 {
                    lines.push(format!("{path}: DAMAGED: and {more} more"));
                }
            }
        }
        progress.advance(file.bytes);
    }
    drop(progress);
    let plural = if read == 1 { "" } else { "s" };
    let state = if damaged == 0 { "all is well" } else { "there is damage" };
    lines.push(format!("{read} file{plural} with {samples} samples and {rows} rows: {state}"));
    writeln!(out, "{}", lines.join("\n")).map_err(|error| unwritten(&error))?;
    if damaged > 0 {
        return Err(format!("{damaged} of {read} file{plural} damaged"));
    }
    Ok(())
}
