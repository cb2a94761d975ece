//! The page of the service's own state: plain tables, each number already a text.

use askama::Template;

use super::{Shell, rendered};

/// What the service says of itself.
#[derive(Debug, Clone)]
pub struct StatusPage<'a> {
    /// What every page is given.
    pub shell: Shell<'a>,
    /// The time of all that is said, by the server's wall clock.
    pub time: &'a str,
    /// What is wrong now, in sentences; empty when all is well.
    pub troubles: &'a [String],
    /// What there is to say.
    pub tables: &'a [StatusTable],
}

/// A table of the page.
#[derive(Debug, Clone)]
pub struct StatusTable {
    /// The name of its anchor: `a-z` and `-`.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Columns of the grid that it takes, 1 to 12.
    pub width: u8,
    /// Rows of the grid that it takes, 1 to 12.
    pub height: u8,
    /// The headings of its columns.
    pub columns: &'static [&'static str],
    /// Its rows, a text a column.
    pub rows: Vec<Vec<String>>,
    /// A sentence below it; may be empty.
    pub note: String,
}

/// The page of the service's own state.
pub fn status(page: &StatusPage<'_>) -> String {
    let StatusPage { shell, time, troubles, tables } = page;
    rendered(&StatusTemplate { shell, title: "Status", time, troubles, tables })
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusTemplate<'a> {
    shell: &'a Shell<'a>,
    title: &'a str,
    time: &'a str,
    troubles: &'a [String],
    tables: &'a [StatusTable],
}
