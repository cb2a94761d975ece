//! The one limited reader in front of all decoders: a body with its content encoding taken off,
//! never larger than the limits allow, whatever it claims.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::Options;
use crate::model::ByteSize;

/// Bodies that inflate to no more than this are not judged by their ratio: a short push of equal
/// lines compresses well and does no harm.
const RATIO_FREE_BYTES: usize = 64 << 10;

/// The largest zstd window that is read, 8 MiB: what RFC 9659 allows for bodies over HTTP.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// The most bytes that are asked of a decompressor at once.
const STRIDE: usize = 64 << 10;

/// What a framed snappy stream begins with; a block cannot, as far as real bodies go.
const SNAPPY_STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// How a body is encoded. One encoding, never several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip, also of several members.
    Gzip,
    /// zstd, also of several frames, with windows of at most 8 MiB.
    Zstd,
    /// Snappy: the block format, or the framed one.
    Snappy,
}

/// Why a body was not inflated; displays as a sentence that names the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InflateError {
    /// The encoding is none that is read.
    Unsupported(String),
    /// More than one encoding.
    Several(String),
    /// The body as it came is larger than this (`ingest.body_max`).
    BodyTooLarge(ByteSize),
    /// The inflated body is larger than this (`ingest.inflated_max`).
    InflatedTooLarge(ByteSize),
    /// The inflated body is more than this many times larger (`ingest.ratio_max`).
    RatioTooLarge(u32),
    /// The body is damaged or cut short, or is not what its encoding says.
    Broken(Encoding, String),
}

impl InflateError {
    /// Whether a limit was met: an answer of 413.
    pub const fn too_large(&self) -> bool {
        matches!(self, Self::BodyTooLarge(_) | Self::InflatedTooLarge(_) | Self::RatioTooLarge(_))
    }

    /// Whether the encoding is not read: an answer of 415.
    pub const fn unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_) | Self::Several(_))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
        })
    }
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(encoding) => write!(
                f,
                "content encoding `{encoding}` is not read (send gzip, zstd, snappy, or none)"
            ),
            Self::Several(encodings) => {
                write!(f, "content encodings `{encodings}` are several: a body has at most one")
            }
            Self::BodyTooLarge(limit) => write!(
                f,
                "the body is larger than {limit} (`ingest.body_max`): send it in several pushes"
            ),
            Self::InflatedTooLarge(limit) => write!(
                f,
                "the body inflates to more than {limit} (`ingest.inflated_max`): send it in \
                 several pushes"
            ),
            Self::RatioTooLarge(limit) => write!(
                f,
                "the body inflates to more than {limit} times its size (`ingest.ratio_max`): send \
                 it in several pushes or without compression"
            ),
            Self::Broken(encoding, cause) => {
                write!(f, "the body cannot be read as {encoding}: {cause}")
            }
        }
    }
}

impl std::error::Error for InflateError {}

impl Encoding {
    /// The encoding that a `Content-Encoding` header names.
    ///
    /// # Errors
    /// When it names several, or one that is not read.
    ///
    /// ```
    /// use watchglass::ingest::Encoding;
    /// assert_eq!(Encoding::parse(Some("gzip")), Ok(Encoding::Gzip));
    /// assert_eq!(Encoding::parse(None), Ok(Encoding::Identity));
    /// assert!(Encoding::parse(Some("gzip, gzip")).unwrap_err().unsupported());
    /// ```
    pub fn parse(header: Option<&str>) -> Result<Self, InflateError> {
        let text = header.unwrap_or_default().trim_ascii();
        let shown = || text.chars().take(40).collect();
        if text.contains(',') {
            return Err(InflateError::Several(shown()));
        }
        let known = [
            ("", Self::Identity),
            ("identity", Self::Identity),
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("zstd", Self::Zstd),
            ("snappy", Self::Snappy),
            ("x-snappy-framed", Self::Snappy),
        ];
        let found = known.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
        found.map(|(_, encoding)| *encoding).ok_or_else(|| InflateError::Unsupported(shown()))
    }
}

/// Takes the encoding off a body. What is not encoded is handed back as it is, without a copy.
///
/// # Errors
/// When the body or what becomes of it is larger than `options` allow, or it is damaged. No more is
/// inflated than the limit, plus one stride of 64 KiB.
///
/// ```
/// use watchglass::ingest::{Encoding, Options, inflate};
/// let body = inflate(Encoding::Identity, b"orders 42", &Options::default());
/// assert_eq!(body.unwrap(), b"orders 42".as_slice());
/// ```
pub fn inflate<'a>(
    encoding: Encoding,
    body: &'a [u8],
    options: &Options,
) -> Result<Cow<'a, [u8]>, InflateError> {
    if body.len() as u64 > options.body_max.0 {
        return Err(InflateError::BodyTooLarge(options.body_max));
    }
    let limit = Limit::new(body.len(), options);
    let broken = |error: &dyn fmt::Display| InflateError::Broken(encoding, error.to_string());
    let inflated = match encoding {
        Encoding::Identity if body.len() > limit.bytes => return Err(limit.error),
        Encoding::Identity => return Ok(Cow::Borrowed(body)),
        Encoding::Gzip => limit.read(encoding, MultiGzDecoder::new(body))?,
        Encoding::Zstd => {
            let mut reader =
                zstd::stream::read::Decoder::with_buffer(body).map_err(|error| broken(&error))?;
            reader.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| broken(&error))?;
            limit.read(encoding, reader)?
        }
        Encoding::Snappy if body.starts_with(SNAPPY_STREAM) => {
            limit.read(encoding, snap::read::FrameDecoder::new(body))?
        }
        Encoding::Snappy => {
            // The header says the length: a bomb is refused before a byte is made room for.
            let length = snap::raw::decompress_len(body).map_err(|error| broken(&error))?;
            if length > limit.bytes {
                return Err(limit.error);
            }
            snap::raw::Decoder::new().decompress_vec(body).map_err(|error| broken(&error))?
        }
    };
    Ok(Cow::Owned(inflated))
}

/// How much one body may become, and what to say when it becomes more.
struct Limit {
    bytes: usize,
    error: InflateError,
}

impl Limit {
    fn new(body: usize, options: &Options) -> Self {
        let inflated = usize::try_from(options.inflated_max.0).unwrap_or(usize::MAX);
        let ratio = body.saturating_mul(options.ratio_max as usize).max(RATIO_FREE_BYTES);
        if ratio < inflated {
            Self { bytes: ratio, error: InflateError::RatioTooLarge(options.ratio_max) }
        } else {
            Self { bytes: inflated, error: InflateError::InflatedTooLarge(options.inflated_max) }
        }
    }

    /// Reads to the end, or to the limit.
    fn read(self, encoding: Encoding, mut reader: impl Read) -> Result<Vec<u8>, InflateError> {
        let mut output = Vec::new();
        let mut length = 0;
        loop {
            // Doubles with what has really come, so that a claim alone makes no room.
            if length == output.len() {
                let room = length.clamp(STRIDE, self.bytes.max(STRIDE));
                output.resize((length + room).min(self.bytes + STRIDE), 0);
            }
            match reader.read(&mut output[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(InflateError::Broken(encoding, error.to_string())),
            }
            if length > self.bytes {
                return Err(self.error);
            }
        }
        output.truncate(length);
        Ok(output)
    }
}

#[cfg(test)]
mod tests;
