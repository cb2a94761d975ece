//! Why a panel is empty, as a sentence in parts.

/// A part of the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A name or value.
    Code(String),
    /// A name, and where it leads.
    Link {
        /// The name.
        text: String,
        /// The address.
        href: String,
    },
}

/// The whole sentence; nothing where there is none.
pub type Why = Vec<Part>;
