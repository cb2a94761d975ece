//! The flags of the program: the outermost layer of the settings, and the few requests that are
//! not settings.

use std::path::PathBuf;

use clap::Parser;

/// A live metrics dashboard in one binary.
///
/// Settings come from dashboard.toml in the working folder, or from the defaults built in when
/// there is none; then from variables such as
/// `WATCHGLASS__SERVER__BIND`; then from these flags.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "watchglass", version, max_term_width = 100)]
pub struct Flags {
    /// Read settings and dashboards from FILE instead of dashboard.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Listen on ADDR, an address with a port (server.bind); port 0 takes any free one
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<String>,

    /// Keep data in DIR, which is created when it is missing (storage.path)
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Report every mistake in the settings and dashboards, and end without starting
    #[arg(long)]
    pub check: bool,

    /// Serve scripts and styles from DIR instead of those built in, for developers
    #[arg(long, value_name = "DIR")]
    pub assets: Option<PathBuf>,
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
}
