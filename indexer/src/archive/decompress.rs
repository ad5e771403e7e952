//! What the first bytes of an archive say about how to read it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 256 * 1024;

/// The archive's text: plain, or out of gzip (all members) or zstd (all frames, windows up to 128 MiB).
///
/// # Errors
/// When the input cannot be read.
pub fn decompress(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
    // A pipe gives what it has; only the end of the input ends this early.
    input.by_ref().take(4).read_to_end(&mut head)?;
    let is_gzip = head.starts_with(&GZIP_MAGIC);
    let is_zstd = head.starts_with(&ZSTD_MAGIC);
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(input));
    Ok(if is_gzip {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(whole)))
    } else if is_zstd {
        let decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Drip(Cursor<Vec<u8>>);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let end = buffer.len().min(1);
            self.0.read(&mut buffer[..end])
        }
    }

    fn text_of(archive: Vec<u8>) -> Vec<u8> {
        let mut text = Vec::new();
        decompress(Drip(Cursor::new(archive)))
            .unwrap()
            .read_to_end(&mut text)
            .unwrap();
        text
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_form_gives_the_same_text() {
        for text in [b"1\t2\t/new_block\t{}\n".as_slice(), b"x", b""] {
            assert_eq!(text_of(text.to_vec()), text);
            assert_eq!(text_of(gzip(text)), text);
            assert_eq!(text_of(zstd::encode_all(text, 1).unwrap()), text);
        }
    }

    #[test]
    fn archives_that_were_appended_to_each_other_are_read_to_the_end() {
        assert_eq!(text_of([gzip(b"a\n"), gzip(b"b\n")].concat()), b"a\nb\n");
        let frames = [
            zstd::encode_all(b"a\n".as_slice(), 1).unwrap(),
            zstd::encode_all(b"b\n".as_slice(), 1).unwrap(),
        ];
        assert_eq!(text_of(frames.concat()), b"a\nb\n");
    }

    #[test]
    fn a_truncated_archive_is_an_error_and_no_end() {
        let whole = gzip(&[b'x'; 1000]);
        let mut reader = decompress(Cursor::new(whole[..whole.len() - 4].to_vec())).unwrap();
        assert!(reader.read_to_end(&mut Vec::new()).is_err());
    }
}
