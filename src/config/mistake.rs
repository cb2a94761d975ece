//! A mistake in the settings: where it was written, and what is wrong with it.

use std::fmt;

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody wrote it: it is built in.
    Default,
    /// In a file.
    File {
        /// The file's name as it was given.
        name: String,
        /// The line, from 1; 0 when it is about the file as a whole.
        line: usize,
    },
    /// In a variable of the environment.
    Variable(String),
    /// In a flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::File { name, line } if *line > 0 => write!(f, "{name}:{line}"),
            Self::File { name, .. } | Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One mistake, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was written.
    pub origin: Origin,
    /// The path of the key, `storage.retention.raw`; empty when it is about no single key.
    pub key: String,
    /// What is wrong, and what would be right.
    pub text: String,
}

impl fmt::Display for Mistake {
    /// Writes `dashboard.toml:3: server.bind: ...`, all on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything that is wrong with the settings, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// The mistakes in settings, in the order of files, lines, variables, flags.
    pub settings: Vec<Mistake>,
    /// The mistakes in dashboards, each with its file and line in front.
    pub dashboards: Vec<String>,
}

impl Mistakes {
    /// Each mistake in words, one a line.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.settings.iter().map(ToString::to_string).chain(self.dashboards.iter().cloned())
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.settings.len() + self.dashboards.len() {
            1 => f.write_str("1 mistake in the settings")?,
            count => write!(f, "{count} mistakes in the settings")?,
        }
        self.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Mistakes {}
