//! Scripts with short names and without what the machine does not need. Used while building.

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// A module that does the same in fewer bytes. What it imports and exports keeps its name.
///
/// # Errors
/// When the script cannot be read, in words.
pub(crate) fn minify(path: &str, text: &str) -> Result<String, String> {
    let allocator = Allocator::default();
    let read = Parser::new(&allocator, text, SourceType::mjs()).parse();
    if let Some(fault) = read.diagnostics.first() {
        return Err(format!("script `{path}`: {fault}"));
    }
    let mut program = read.program;
    let options = MinifierOptions {
        mangle: Some(MangleOptions::default()),
        mangle_properties: None,
        compress: Some(CompressOptions::default()),
    };
    let done = Minifier::new(options).minify(&allocator, &mut program);
    let written = Codegen::new()
        .with_options(CodegenOptions::minify())
        .with_scoping(done.scoping)
        .with_private_member_mappings(done.class_private_mappings)
        .build(&program);
    Ok(written.code)
}
