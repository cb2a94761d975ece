//! Who may show panels inside their own pages: table `[embed]`.

use serde::{Deserialize, Serialize};

/// Settings of embedding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The origins whose pages may hold an embedded panel, exactly as a browser writes them:
    /// scheme, host, and a port where it is not the usual one. Default: none, so that every browser
    /// refuses. At most 100.
    pub parents: Vec<String>,
}

/// The most parents: they all stand in a header of every embedded page.
const PARENTS_MAX: usize = 100;

impl Options {
    /// What is wrong with the values: (key, words).
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        if self.parents.len() > PARENTS_MAX {
            mistakes.push(("parents", format!("at most {PARENTS_MAX} origins can be named")));
        }
        for parent in self.parents.iter().filter(|parent| !is_origin(parent)) {
            mistakes.push((
                "parents",
                format!(
                    "`{parent}` is not an exact origin (say `https://intranet.example`, or \
                     `http://127.0.0.1:8080`; lower case, no path, no `*`)"
                ),
            ));
        }
        mistakes
    }
}

/// Whether `text` is an origin as browsers write it. What passes stands in a header as it is, so
/// nothing may pass that could end the header's value or add a directive.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let port_reads = port.is_none_or(|port| {
        !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    let name_reads = || !host.is_empty() && host.len() <= 253 && host.bytes().all(allowed);
    let host_reads =
        inside.map_or_else(name_reads, |address| address.parse::<std::net::Ipv6Addr>().is_ok());
    port_reads && host_reads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_origins_pass() {
        let check = |text: &str, expected: bool| assert_eq!(is_origin(text), expected, "{text}");
        check("https://intranet.example", true);
        check("http://127.0.0.1:8080", true);
        check("http://[::1]:8080", true);
        check("http://[::1]", true);
        check("http://localhost", true);
        check("https://intranet.example/", false);
        check("https://*.example", false);
        check("intranet.example", false);
        check("https://Intranet.example", false);
        check("https://a; script-src *", false);
        check("https://a:0", false);
        check("https://a:99999", false);
        check("https://a:080", false);
        check("https://[zz]", false);
        check("https://", false);
        check("null", false);
    }

    #[test]
    fn every_wrong_parent_is_named() {
        let options = Options { parents: vec!["*".into(), "https://a".into(), "b".into()] };
        let mistakes = options.check();
        assert_eq!(mistakes.len(), 2);
        assert!(mistakes[1].1.contains("`b` is not an exact origin"), "{mistakes:?}");
        let many = Options { parents: vec!["https://a".into(); PARENTS_MAX + 1] };
        assert!(many.check()[0].1.contains("at most 100"));
    }
}
