//! Who may ask at all: the Host allow-list against rebinding, the Origin check against pages of
//! other sites, and the headers that every answer carries.

use std::net::IpAddr;
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    CROSS_ORIGIN_OPENER_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HOST, HeaderMap, HeaderValue, ORIGIN,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use crate::model::{Counter, Reading, Report};

use super::Error;
use super::peers::{Peer, Why};

/// The hosts under which the service may be addressed.
#[derive(Debug, Default)]
pub struct Guard {
    /// Names from the settings, lower case, without port.
    names: Vec<String>,
    /// The bound address; every address literal is allowed when it is unspecified.
    bound: Option<IpAddr>,
    /// Origins of other sites that may read the query API.
    readers: Vec<String>,
    /// Requests refused for their Host.
    hosts_refused: Counter,
    /// Requests refused for their Origin.
    origins_refused: Counter,
}

impl Guard {
    /// A guard for a service bound to `bound` with the further names of `server.hosts` and the
    /// origins of `server.cors_origins`.
    pub fn new(bound: IpAddr, hosts: &[String], readers: &[String]) -> Self {
        let names = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { names, bound: Some(bound), readers: readers.to_vec(), ..Self::default() }
    }

    /// The origin of a request by a page of another site that may read what it asks for.
    fn reader(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        let path = request.path();
        let readable = path == "/federate"
            || path == "/api/openapi.json"
            || (path.starts_with("/api/v1/")
                && !CHANGES.iter().any(|change| path.starts_with(change)));
        let origin = request.headers().get(ORIGIN).filter(|_| readable)?;
        let listed = self.readers.iter().any(|reader| reader.as_bytes() == origin.as_bytes());
        listed.then(|| origin.clone())
    }

    /// Whether `host`, as it stands in the Host header, may be served.
    ///
    /// A page of another site can make a browser send any *name* here (rebinding), but not an
    /// address literal that is not ours; so names are listed and addresses are those we listen on.
    fn allows_host(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        if name == "localhost" || self.names.contains(&name) {
            return true;
        }
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let Ok(address) = literal.unwrap_or(&name).parse::<IpAddr>() else { return false };
        let bound = self.bound;
        address.is_loopback() || bound.is_some_and(|ip| ip.is_unspecified() || ip == address)
    }
}

impl Report for Guard {
    fn report(&self, out: &mut Vec<Reading>) {
        let (hosts, origins) = (self.hosts_refused.get(), self.origins_refused.get());
        let name = "watchglass_web_refused_requests_total";
        let help = "Requests refused before they reached a route";
        out.push(Reading::counter(name, help, hosts).with("why", "host"));
        out.push(Reading::counter(name, help, origins).with("why", "origin"));
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            // A bare IPv6 literal has colons of its own and no port.
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

/// Whether `origin` is the page's own: the same host and port under http or, behind a proxy that
/// speaks TLS, https.
fn own_origin(origin: &str, host: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

/// What every page may: nothing foreign, nothing inline. Who may frame it follows.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; \
    frame-ancestors ";

/// The policy of what nobody may frame: nearly every answer carries it.
static UNFRAMED: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!("{POLICY}'none'");
    HeaderValue::from_str(&policy).expect("the policy is a header value")
});

/// The policy for what our own pages and those of these origins may frame.
pub(crate) fn framed(parents: &[String]) -> String {
    let own = ["'self'"].into_iter();
    let all: Vec<&str> = own.chain(parents.iter().map(String::as_str)).collect();
    format!("{POLICY}{}", all.join(" "))
}

/// What lies under `/api/v1/` and changes something: no page of another site may use it.
const CHANGES: [&str; 3] = ["/api/v1/push", "/api/v1/write", "/api/v1/admin/"];

/// Lets a page of another site read the answer (the Fetch standard, CORS protocol).
fn admit(reader: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, reader);
    headers.append(VARY, HeaderValue::from_static("origin"));
    let allowed = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "accept, authorization, content-type, origin"),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "date"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ];
    for (name, value) in allowed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Checks a request, and puts the common headers on its answer.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let guard = request.app_data::<web::Data<Guard>>().cloned();
    let guard = guard.expect("the application is made with a guard");
    let is_loaded = ["/assets/", "/live/snapshot/"].iter().any(|at| request.path().starts_with(at));
    let reader = guard.reader(&request);
    let asks_first = reader.is_some() && request.method() == Method::OPTIONS;
    let is_shed = refused(&request).is_some();
    // A refusal carries the same headers as any other answer.
    let mut response = match check(&guard, &request, reader.is_some()) {
        Ok(()) if asks_first => {
            request.into_response(HttpResponse::NoContent().finish()).map_into_right_body()
        }
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(error) => request.error_response(error).map_into_right_body(),
    };
    if is_shed {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    if let Some(reader) = reader {
        admit(reader, headers);
    }
    let defaults =
        [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin")];
    // Only a document opens windows and leads elsewhere; what it loads is weighed by the byte.
    let document = [(REFERRER_POLICY, "same-origin"), (CROSS_ORIGIN_OPENER_POLICY, "same-origin")];
    for (name, value) in defaults.into_iter().chain(document.into_iter().filter(|_| !is_loaded)) {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // Scripts and sheets are no documents: a policy says nothing of them, and is weighed.
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_code = kind.starts_with(b"text/javascript") || kind.starts_with(b"text/css");
    if !is_code && !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let short = || HeaderValue::from_static("default-src 'none'");
        let policy = if is_loaded { short() } else { UNFRAMED.clone() };
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// Why the connection of a request is not served.
fn refused(request: &ServiceRequest) -> Option<Why> {
    request.conn_data::<Peer>().and_then(Peer::refused)
}

fn check(guard: &Guard, request: &ServiceRequest, reads: bool) -> Result<(), Error> {
    if let Some(why) = refused(request) {
        return Err(Error::Overloaded(why.words().to_owned()));
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !guard.allows_host(host) {
        guard.hosts_refused.increment();
        return Err(Error::Forbidden(format!(
            "host `{host}` is not served here; list it in server.hosts if it should be"
        )));
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || (safe && !request.path().starts_with("/live")) {
        return Ok(());
    }
    let Some(origin) = request.headers().get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or("an unreadable one");
    if own_origin(origin, host) {
        return Ok(());
    }
    guard.origins_refused.increment();
    Err(Error::Forbidden(format!("origin `{origin}` is not this page's own")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_and_addresses_are_our_own() {
        let check = |bound: &str, host: &str, expected: bool| {
            let bound = bound.parse().expect("an address");
            let guard = Guard::new(bound, &["Metrics.example".to_owned()], &[]);
            assert_eq!(guard.allows_host(host), expected, "{host} on {bound}");
        };
        check("127.0.0.1", "127.0.0.1:9494", true);
        check("127.0.0.1", "localhost:9494", true);
        check("127.0.0.1", "[::1]:9494", true);
        check("127.0.0.1", "metrics.example", true);
        check("127.0.0.1", "metrics.example:443", true);
        check("127.0.0.1", "evil.example:9494", false);
        check("127.0.0.1", "192.0.2.1", false);
        check("0.0.0.0", "192.0.2.1:9494", true);
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.2", false);
        check("127.0.0.1", "", false);
        check("127.0.0.1", "127.0.0.1.evil.example", false);
    }

    #[test]
    fn an_origin_is_the_pages_own_to_the_letter() {
        let check = |origin: &str, host: &str, expected: bool| {
            assert_eq!(own_origin(origin, host), expected, "{origin} on {host}");
        };
        check("http://127.0.0.1:9494", "127.0.0.1:9494", true);
        check("https://metrics.example", "metrics.example", true);
        check("http://127.0.0.1:9495", "127.0.0.1:9494", false);
        check("http://127.0.0.1:9494.evil.example", "127.0.0.1:9494", false);
        check("null", "127.0.0.1:9494", false);
        check("ftp://127.0.0.1:9494", "127.0.0.1:9494", false);
    }
}
