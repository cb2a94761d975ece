//! pco as it is used here: one page of numbers, without the lengths that the chunk knows anyway.

use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DecompressorScratch, PagingSpec};

use super::BlockError;

/// How hard pco tries: beyond it chunks shrink by some per cent and take several times as long.
const LEVEL: usize = 4;

/// Adds the packed `numbers` to `into`; nothing when pco cannot take them.
pub(super) fn pack<T: Number>(numbers: &[T], mut into: Vec<u8>) -> Option<Vec<u8>> {
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        .with_paging_spec(PagingSpec::Exact(vec![numbers.len()]));
    let file = FileCompressor::default();
    file.write_header(&mut into).ok()?;
    let mut chunk = file.chunk_compressor(numbers, &config).ok()?;
    chunk.write_meta(&mut into).ok()?;
    chunk.write_page(0, &mut into).ok()?;
    Some(into)
}

/// Unpacks, and keeps its buffers from one call to the next.
#[derive(Default)]
pub(super) struct Unpacker {
    scratch: DecompressorScratch,
    /// For whoever unpacks whole numbers on the way to something else.
    pub(super) numbers: Vec<i64>,
}

impl Unpacker {
    /// Adds the `count` numbers of `bytes` to `into`.
    pub(super) fn unpack<T: Number>(
        &mut self,
        bytes: &[u8],
        count: usize,
        into: &mut Vec<T>,
    ) -> Result<(), BlockError> {
        let broken = |_| BlockError::Damaged("numbers cannot be unpacked");
        let (file, rest) = FileDecompressor::new(bytes).map_err(broken)?;
        let (chunk, rest) = file.chunk_decompressor::<T, _>(rest).map_err(broken)?;
        let page = chunk.page_decompressor_with_scratch(rest, count, &mut self.scratch);
        let start = into.len();
        into.resize(start + count, T::default());
        let cells = into.get_mut(start..).unwrap_or_default();
        let done = page.map_err(broken)?.read(cells).map_err(broken)?;
        if !done.finished {
            return Err(BlockError::Damaged("the numbers are not as many as they should be"));
        }
        Ok(())
    }

    /// Replaces `numbers` by the `count` numbers of `bytes`.
    pub(super) fn unpack_numbers(&mut self, bytes: &[u8], count: usize) -> Result<(), BlockError> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        let done = self.unpack(bytes, count, &mut numbers);
        self.numbers = numbers;
        done
    }
}
