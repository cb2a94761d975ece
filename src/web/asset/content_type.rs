//! Which content type a file's ending stands for. Read while building and while serving a
//! developer's folder, so that both agree.

/// The content type of the file at `path`, and whether compressing it can help.
pub(crate) fn content_type(path: &str) -> Option<(&'static str, bool)> {
    Some(match path.rsplit_once('.')?.1 {
        "js" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "json" | "webmanifest" => ("application/json", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "ico" => ("image/x-icon", false),
        "woff2" => ("font/woff2", false),
        _ => return None,
    })
}
