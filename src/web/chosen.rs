//! What an address says of variables and filters: `var-NAME=value`, once a value, and
//! `filter=label:value`. A board with values is a board of its own, whose slug holds them in one
//! order: whoever chose the same shares its queries.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::Query;

use super::page::encoded;
use crate::dashboard::Asked;

/// What stands before the name of a variable in an address.
pub(super) const VARIABLE: &str = "var-";
/// The parameter that filters.
pub(super) const FILTER: &str = "filter";
/// The most bytes that values and filters of an address may have, and the most of them.
const BYTES_MAX: usize = 8 * 1024;
const VALUES_MAX: usize = 300;

/// Values by name, both in their order.
type Values = BTreeMap<String, BTreeSet<String>>;

/// Reads the values and filters of an address; what else it says is left to others.
///
/// # Errors
/// In words, when there are too many.
pub(super) fn read(query: &str) -> Result<Asked, String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map(Query::into_inner).unwrap_or_default();
    let (mut values, mut filters) = (Values::new(), Values::new());
    let (mut bytes, mut count) = (0, 0);
    for (name, value) in pairs {
        let pair = if let Some(name) = name.strip_prefix(VARIABLE) {
            values.entry(name.to_owned()).or_default().insert(value.clone());
            true
        } else if let Some((label, value)) = value.split_once(':').filter(|_| name == FILTER) {
            filters.entry(label.to_owned()).or_default().insert(value.to_owned());
            true
        } else {
            false
        };
        if pair {
            bytes += name.len() + value.len();
            count += 1;
        }
    }
    if bytes > BYTES_MAX || count > VALUES_MAX {
        return Err(format!(
            "the address has more than {VALUES_MAX} values and filters, or more than {BYTES_MAX} \
             bytes of them"
        ));
    }
    let listed = |map: Values| {
        map.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect()
    };
    Ok(Asked { values: listed(values), filters: listed(filters) })
}

/// The values and filters as an address says them; empty when there are none.
pub(super) fn written(asked: &Asked) -> String {
    pairs(asked)
        .map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// The parameters of an address that says this.
pub(super) fn pairs(asked: &Asked) -> impl Iterator<Item = (String, String)> {
    let values = asked.values.iter().flat_map(|(name, values)| {
        values.iter().map(move |value| (format!("{VARIABLE}{name}"), value.clone()))
    });
    let filters = asked.filters.iter().flat_map(|(label, values)| {
        values.iter().map(move |value| (FILTER.to_owned(), format!("{label}:{value}")))
    });
    values.chain(filters)
}

/// The slug of a board with what is chosen: its own, and behind a `?` the rest.
pub(super) fn slug(board: &str, asked: &Asked) -> String {
    let said = written(asked);
    if said.is_empty() { board.to_owned() } else { format!("{board}?{said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_values_and_filters_in_one_order() {
        let check = |query: &str, expected: &str| {
            let asked = read(query).expect("few enough");
            assert_eq!(slug("shop", &asked), expected, "{query}");
            let (_, said) = expected.split_once('?').unwrap_or_default();
            assert_eq!(read(said), Ok(asked), "what is written reads back");
        };
        check("range=5m&theme=dark", "shop");
        check("var-b=2&var-a=x&var-b=1&range=1h", "shop?var-a=x&var-b=1&var-b=2");
        check("var-a=%24__all&filter=host:a%26b:c", "shop?var-a=%24__all&filter=host%3Aa%26b%3Ac");
        check("filter=nothing&var-a=a+b", "shop?var-a=a%20b");
        check("%ff=&&&", "shop");
    }

    #[test]
    fn too_much_is_refused() {
        let many: String = "var-a=1&".repeat(301);
        assert!(read(&many).is_err_and(|text| text.contains("300 values")));
        let long = format!("var-a={}", "x".repeat(9000));
        assert!(read(&long).is_err());
    }
}
