//! The command line of the program: flags are the outermost layer of the settings; a command asks
//! for something else than serving.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::Timestamp;

/// A live metrics dashboard in one binary.
///
/// Settings come from dashboard.toml in the working folder, or from the defaults built in when
/// there is none; then from variables such as
/// `WATCHGLASS__SERVER__BIND`; then from these flags.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "watchglass", version, max_term_width = 100)]
pub struct Flags {
    /// Read settings and dashboards from FILE instead of dashboard.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Listen on ADDR, an address with a port (server.bind); port 0 takes any free one
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<String>,

    /// Keep data in DIR, which is created when it is missing (storage.path)
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,

    /// Report every mistake in the settings and dashboards, and end without starting
    #[arg(long)]
    pub check: bool,

    /// Serve scripts and styles from DIR instead of those built in, for developers
    #[arg(long, value_name = "DIR")]
    pub assets: Option<PathBuf>,

    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program does instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// What needs a data folder.
    #[command(flatten)]
    Data(DataCommand),

    /// Look after files of dashboards
    #[command(subcommand)]
    Dashboard(DashboardCommand),
}

/// What is done with files of dashboards.
#[derive(Debug, Clone, Subcommand)]
pub enum DashboardCommand {
    /// Name every mistake in FILES with file, line and key; ends with 1 when there is one
    Check {
        /// Files of dashboards; `-` is standard input
        #[arg(value_name = "FILES", required = true)]
        files: Vec<PathBuf>,
    },
}

/// What the program does with a data folder instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum DataCommand {
    /// Look after a data folder that no service uses
    #[command(subcommand)]
    Store(StoreCommand),

    /// Copy the data folder to DIR, whether or not a service runs on it; start with --data DIR to
    /// restore
    Backup {
        /// Where to; the folder must not be there yet
        #[arg(value_name = "DIR")]
        target: PathBuf,
    },
}

/// What is done with a data folder.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Read every file as a whole and say what is damaged; changes nothing
    Verify,
    /// Say how much there is and what takes the room; changes nothing
    Stats {
        /// Write JSON for other programs
        #[arg(long)]
        json: bool,
    },
    /// Write samples as text or as remote-write requests
    Export(Export),
    /// Take samples of any age that the retention allows, of an export or of `promtool tsdb dump`
    Import(Import),
}

/// What is exported, and where to.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// Only series that SELECTOR selects; may be given several times
    #[arg(long = "match", value_name = "SELECTOR")]
    pub matches: Vec<String>,

    /// Only samples from TIME on: seconds since 1970, or like 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,

    /// Only samples up to TIME
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,

    /// How samples are written
    #[arg(long, value_enum, default_value_t = ExportFormat::Text)]
    pub format: ExportFormat,

    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What is imported.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The file to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// How samples are written there
    #[arg(long, value_enum, default_value_t = ImportFormat::Auto)]
    pub format: ImportFormat,
}

/// How exported samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Lines of the Prometheus text format with milliseconds; it has no staleness markers
    Text,
    /// Requests of Prometheus remote write, each with its length and checksum; bit for bit
    RemoteWrite,
}

/// How samples that are imported are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// As the first bytes say
    Auto,
    /// Lines of the Prometheus text format with milliseconds, and what `promtool tsdb dump` writes
    Text,
    /// Requests of Prometheus remote write as the export writes them
    RemoteWrite,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let words = "say seconds since 1970, or like 2026-01-31T12:00:00Z";
    Timestamp::parse(text).ok_or_else(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_that_people_rely_on_are_there() {
        Flags::command().debug_assert();
        let flags = Flags::try_parse_from([
            "watchglass",
            "--config=a.toml",
            "--bind=127.0.0.1:0",
            "--data=d",
            "--check",
        ])
        .expect("flags");
        assert_eq!(flags.config, Some(PathBuf::from("a.toml")));
        assert_eq!(flags.bind.as_deref(), Some("127.0.0.1:0"));
        assert_eq!(flags.data, Some(PathBuf::from("d")));
        assert!(flags.check && flags.assets.is_none());
        let version = Flags::try_parse_from(["watchglass", "--version"]).expect_err("a display");
        assert_eq!(version.exit_code(), 0);
        let unknown = Flags::try_parse_from(["watchglass", "--nothing"]).expect_err("unknown");
        assert_eq!(unknown.exit_code(), 2);
    }

    #[test]
    fn commands_take_the_folder_behind_them() {
        let line = "watchglass store export --data d --match up --from 5 -o f";
        let flags = Flags::try_parse_from(line.split(' ')).expect("flags");
        assert_eq!(flags.data, Some(PathBuf::from("d")));
        let Some(Command::Data(DataCommand::Store(StoreCommand::Export(export)))) = flags.command
        else {
            panic!("no export")
        };
        assert_eq!((export.from, export.to), (Some(Timestamp(5000)), None));
        assert_eq!((export.format, export.matches.len()), (ExportFormat::Text, 1));
        let line = "watchglass dashboard check a.toml -";
        let flags = Flags::try_parse_from(line.split(' ')).expect("flags");
        let Some(Command::Dashboard(DashboardCommand::Check { files })) = flags.command else {
            panic!("no check")
        };
        assert_eq!(files, [PathBuf::from("a.toml"), PathBuf::from("-")]);
        let line = "watchglass store export --from soon";
        assert!(Flags::try_parse_from(line.split(' ')).is_err());
    }
}
