//! Where and for whom the service listens: table `[server]`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Settings of the HTTP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The address and port to listen on; port 0 takes any free one. Default: `127.0.0.1:9494`. An
    /// address beyond this machine needs `insecure_http`.
    pub bind: String,
    /// The names that a request's `Host` may carry beside loopback names and the bound address;
    /// `dash.example`, without a port. Default: none. At most 100.
    pub hosts: Vec<String>,
    /// The origins of other sites whose pages may read the query API (`/api/v1/`, `/federate`) in a
    /// browser; `https://graphs.example`. Default: none. At most 100.
    pub cors_origins: Vec<String>,
    /// Listen beyond this machine without accounts and without encryption: whoever reaches the port
    /// sees everything and may push. Default: false.
    pub insecure_http: bool,
    /// Threads that serve sockets; 0 means one a core. Default: 0. At most 256.
    pub workers: usize,
    /// The most connections in all; further ones are refused with 503 or closed. Default: 20,000.
    /// From 16 to 1,000,000.
    pub connections_max: usize,
    /// The most connections of one remote address (an office is one address); further ones are
    /// refused with 503 or closed. Default: 2,000. From 1 to `connections_max`.
    pub connections_per_address_max: usize,
}

const HOSTS_MAX: usize = 100;
const WORKERS_MAX: usize = 256;
const CONNECTIONS_BOUNDS: std::ops::RangeInclusive<usize> = 16..=1_000_000;

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:9494".to_owned(),
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            insecure_http: false,
            workers: 0,
            connections_max: 20_000,
            connections_per_address_max: 2_000,
        }
    }
}

impl Options {
    /// The address to listen on.
    ///
    /// # Errors
    /// In words, when `bind` is not an address with a port.
    pub fn address(&self) -> Result<SocketAddr, String> {
        let text = match self.bind.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => self.bind.clone(),
        };
        text.parse().map_err(|_| {
            format!(
                "`{}` is not an address with a port (say `127.0.0.1:9494` or `[::1]:9494`)",
                self.bind
            )
        })
    }

    /// What is wrong with the values: (key, words).
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        match self.address() {
            Ok(address) if !address.ip().is_loopback() && !self.insecure_http => mistakes.push((
                "bind",
                format!(
                    "`{}` can be reached from other machines, and there are no accounts yet: \
                     whoever reaches it sees everything and may push; set \
                     `server.insecure_http = true` to allow it",
                    self.bind
                ),
            )),
            Ok(_) => {}
            Err(text) => mistakes.push(("bind", text)),
        }
        if self.hosts.len() > HOSTS_MAX {
            mistakes.push(("hosts", format!("at most {HOSTS_MAX} names can be listed")));
        }
        for host in self.hosts.iter().filter(|host| !is_host(host)) {
            mistakes.push((
                "hosts",
                format!("`{host}` is not a host name (say `dash.example`: no scheme, no port)"),
            ));
        }
        if self.cors_origins.len() > HOSTS_MAX {
            mistakes.push(("cors_origins", format!("at most {HOSTS_MAX} origins can be listed")));
        }
        for origin in self.cors_origins.iter().filter(|origin| !is_origin(origin)) {
            mistakes.push((
                "cors_origins",
                format!("`{origin}` is not an origin (say `https://graphs.example`: no path)"),
            ));
        }
        if self.workers > WORKERS_MAX {
            mistakes.push(("workers", format!("must be at most {WORKERS_MAX}")));
        }
        if !CONNECTIONS_BOUNDS.contains(&self.connections_max) {
            mistakes.push(("connections_max", "must be from 16 to 1000000".to_owned()));
        }
        if !(1..=self.connections_max).contains(&self.connections_per_address_max) {
            mistakes.push((
                "connections_per_address_max",
                format!("must be from 1 to `connections_max` ({})", self.connections_max),
            ));
        }
        mistakes
    }
}

/// Whether `text` is an origin as browsers write it: a scheme, a host, perhaps a port, no path.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| match rest.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => rest,
    });
    host.is_some_and(is_host)
}

/// Whether `text` is a host as it stands in a `Host` header, without a port.
fn is_host(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(address) = inside {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !text.is_empty() && text.len() <= 253 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Options), expected: &[&str]) {
        let mut options = Options::default();
        change(&mut options);
        let keys: Vec<&str> = options.check().iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn addresses_read_and_beyond_loopback_is_a_decision() {
        check(|_| {}, &[]);
        check(|options| options.bind = "localhost:0".into(), &[]);
        check(|options| options.bind = "[::1]:80".into(), &[]);
        check(|options| options.bind = "0.0.0.0:80".into(), &["bind"]);
        check(|options| options.bind = "[::]:80".into(), &["bind"]);
        check(|options| (options.bind, options.insecure_http) = ("0.0.0.0:80".into(), true), &[]);
        check(|options| options.bind = "127.0.0.1".into(), &["bind"]);
        check(|options| options.bind = "dash.example:80".into(), &["bind"]);
    }

    #[test]
    fn bounds_are_held_at_both_ends() {
        check(|options| options.hosts = vec!["dash.example".into(), "[::1]".into()], &[]);
        check(|options| options.hosts = vec!["https://a".into(), "a:80".into()], &["hosts"; 2]);
        check(|options| options.hosts = vec!["a".into(); HOSTS_MAX + 1], &["hosts"]);
        let origins = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        check(|options| options.cors_origins = origins(&["https://a.example", "http://b:80"]), &[]);
        let bad = ["a.example", "https://a/b"];
        check(|options| options.cors_origins = origins(&bad), &["cors_origins"; 2]);
        check(|options| options.workers = WORKERS_MAX + 1, &["workers"]);
        check(|options| options.connections_max = 2_000, &[]);
        check(|options| options.connections_max = 1_999, &["connections_per_address_max"]);
        check(
            |options| (options.connections_max, options.connections_per_address_max) = (15, 1),
            &["connections_max"],
        );
        check(|options| options.connections_per_address_max = 0, &["connections_per_address_max"]);
    }
}
