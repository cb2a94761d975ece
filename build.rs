//! Compiles the assets into the binary: raw, brotli and gzip, under one hash of the whole folder,
//! our own scripts joined into one file for each entry, without what only their readers need and
//! with short names.

#[path = "build/bundle.rs"]
mod bundle;
#[path = "src/web/asset/content_type.rs"]
mod content_type;
#[path = "build/imports.rs"]
mod imports;
#[path = "build/minify.rs"]
mod minify;
#[path = "build/strip.rs"]
mod strip;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

/// What every page needs, in one file.
const SHARED: &str = "start.js";

/// The scripts that pages begin with.
const ENTRIES: [&str; 3] = ["embed.js", "explore.js", "main.js"];

/// Folders whose scripts are files of their own, loaded by pages that need them.
const PARTS: [&str; 2] = ["later/", "views/"];

/// What stands in the folder for developers, and is not served.
const LEFT_OUT: [&str; 3] = [".d.ts", "LICENSE", ".md"];

/// Each asset's bytes by its path inside the folder.
type Assets = BTreeMap<String, Vec<u8>>;

fn main() -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "cargo::rerun-if-changed=assets")?;
    writeln!(io::stdout(), "cargo::rerun-if-changed=build")?;
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut assets = Assets::new();
    if root.is_dir() {
        read_folder(&root, "", &mut assets)?;
    }
    let (mut assets, scripts) = joined(assets)?;
    let mut table = String::from("static MODULES: &[(&str, &[&str])] = &[\n");
    for path in &scripts {
        writeln!(table, "    ({path:?}, &{:?}),", modules(path, &assets)?)?;
    }
    table.push_str("];\n");
    for (path, bytes) in assets.iter_mut().filter(|(path, _)| is_script(path)) {
        *bytes = minify::minify(path, str::from_utf8(bytes)?)?.into_bytes();
    }
    writeln!(table, "static HASH: &str = {:?};", hash(&assets))?;
    table.push_str("static ASSETS: &[Asset] = &[\n");
    for (index, (path, bytes)) in assets.iter().enumerate() {
        write_asset(&mut table, &out, index, path, bytes)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn read_folder(folder: &Path, prefix: &str, assets: &mut Assets) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| {
            format!("the name of the asset `{}` is not UTF-8", name.to_string_lossy())
        })?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &format!("{path}/"), assets)?;
        } else if !LEFT_OUT.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.') {
            let bytes = served(&path, fs::read(entry.path())?)?;
            assets.insert(path, bytes);
        }
    }
    Ok(())
}

/// A file as it is served: scripts and sheets without what only their readers need.
fn served(path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>> {
    if ![".js", ".css"].iter().any(|end| path.ends_with(end)) {
        return Ok(bytes);
    }
    let text = str::from_utf8(&bytes).map_err(|error| format!("asset `{path}`: {error}"))?;
    let stripped = strip::strip(text).map_err(|line| {
        format!("assets/{path}:{line}: a comment, or a text in backquotes, does not end here")
    })?;
    Ok(stripped.into_bytes())
}

/// The modules joined into the scripts that are loaded, whose paths come beside them; what is no
/// script as it was.
fn joined(mut assets: Assets) -> Result<(Assets, Vec<String>), Box<dyn Error>> {
    let text = |path: &str| {
        let bytes = assets.get(path).ok_or_else(|| format!("no asset `{path}` to import"))?;
        String::from_utf8(bytes.clone()).map_err(|error| format!("asset `{path}`: {error}"))
    };
    let shared = bundle::shared(SHARED, &text)?;
    let is_part = |path: &String| PARTS.iter().any(|folder| path.starts_with(folder));
    let parts = assets.keys().filter(|path| is_script(path) && is_part(path)).cloned();
    let scripts: Vec<String> = ENTRIES.map(str::to_owned).into_iter().chain(parts).collect();
    let mut found = Assets::new();
    for path in &scripts {
        let joined = bundle::bundle(path, (SHARED, &shared), &text)?;
        found.insert(path.clone(), joined.text.into_bytes());
    }
    found.insert(SHARED.to_owned(), shared.text.into_bytes());
    assets.retain(|path, _| !is_script(path));
    assets.extend(found);
    Ok((assets, scripts))
}

fn is_script(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "js")
}

/// The first 16 hex digits of the SHA-256 over all paths and contents, lengths included, so that no
/// two folders read the same.
fn hash(assets: &Assets) -> String {
    let mut digest = Sha256::new();
    for (path, bytes) in assets {
        for part in [path.as_bytes(), bytes] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let digits = digest.finalize();
    digits.iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

/// A module and all that it imports, in the order in which a browser finds them. What is loaded
/// later by `import()` is not among them.
fn modules(entry: &str, assets: &Assets) -> Result<Vec<String>, Box<dyn Error>> {
    let mut found = vec![entry.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        let bytes = assets.get(&path).ok_or_else(|| format!("no asset `{path}` to import"))?;
        let text = str::from_utf8(bytes).map_err(|error| format!("asset `{path}`: {error}"))?;
        for import in imports::imports(text) {
            let target = imports::resolve(&path, import)
                .filter(|target| assets.contains_key(target))
                .ok_or_else(|| format!("asset `{path}` imports `{import}`, which is not there"))?;
            if !found.contains(&target) {
                found.push(target);
            }
        }
        next += 1;
    }
    Ok(found)
}

fn write_asset(
    table: &mut String,
    out: &Path,
    index: usize,
    path: &str,
    raw: &[u8],
) -> Result<(), Box<dyn Error>> {
    let (content_type, compressible) = content_type::content_type(path)
        .ok_or_else(|| format!("asset `{path}`: no content type is known for its ending"))?;
    let include = |form: &str, bytes: &[u8]| -> Result<String, Box<dyn Error>> {
        let name = format!("asset-{index}.{form}");
        fs::write(out.join(&name), bytes)?;
        Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"))
    };
    let smaller = |form: &str, bytes: Vec<u8>| -> Result<String, Box<dyn Error>> {
        if compressible && bytes.len() < raw.len() {
            Ok(format!("Some({})", include(form, &bytes)?))
        } else {
            Ok("None".to_owned())
        }
    };
    let brotli = smaller("br", brotli(raw)?)?;
    let gzip = smaller("gz", gzip(raw)?)?;
    let raw = include("raw", raw)?;
    writeln!(
        table,
        "    Asset {{ path: {path:?}, content_type: {content_type:?}, raw: {raw}, \
         brotli: {brotli}, gzip: {gzip} }},"
    )?;
    Ok(())
}

fn brotli(raw: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        size_hint: raw.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*raw, &mut packed, &parameters)?;
    Ok(packed)
}

fn gzip(raw: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw)?;
    encoder.finish()
}
