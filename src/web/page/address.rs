//! The part of a page's address that stays when another range is chosen, and how a page is to be
//! seen by it.

use super::encoded;

/// Names and values that stay in the address of a page, in their order.
#[derive(Debug, Clone, Default)]
pub struct Kept(pub Vec<(String, String)>);

impl Kept {
    /// One more in front of the others.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    /// As the beginning of a query: each with a `&` behind it.
    pub(super) fn query(&self) -> String {
        self.0.iter().fold(String::new(), |query, (name, value)| {
            query + &encoded(name) + "=" + &encoded(value) + "&"
        })
    }
}

/// How a board is to be seen.
#[derive(Debug, Clone, Default)]
pub struct Seen<'a> {
    /// What of it stays when another range is chosen.
    pub kept: Kept,
    /// The panel that is shown alone.
    pub alone: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn what_stays_is_written_as_the_beginning_of_a_query() {
        let kept = Kept::default().with("tz", "Europe/Zurich").with("name", "a b&c=<d>");
        assert_eq!(kept.query(), "name=a%20b%26c%3D%3Cd%3E&tz=Europe%2FZurich&");
        assert_eq!(Kept::default().query(), "");
    }
}
