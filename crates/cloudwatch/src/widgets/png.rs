//! The PNG container (RFC 2083): truecolour, eight bits, no filter.

use super::canvas::Canvas;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// The bytes of a picture.
pub(super) fn encode(canvas: &Canvas) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend_from_slice(&(canvas.width() as u32).to_be_bytes());
    header.extend_from_slice(&(canvas.height() as u32).to_be_bytes());
    // Eight bits, truecolour; deflate, no filter, no interlace.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut pixels = Vec::with_capacity((canvas.width() * 3 + 1) * canvas.height());
    for row in canvas.rows() {
        pixels.push(0);
        pixels.extend(row.iter().flatten());
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&pixels).and_then(|()| encoder.finish());
    let packed = packed.expect("writing to memory never fails");
    let mut image = SIGNATURE.to_vec();
    chunk(&mut image, *b"IHDR", &header);
    chunk(&mut image, *b"IDAT", &packed);
    chunk(&mut image, *b"IEND", &[]);
    image
}

fn chunk(image: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    image.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = image.len();
    image.extend_from_slice(&name);
    image.extend_from_slice(data);
    let sum = crc32fast::hash(&image[start..]);
    image.extend_from_slice(&sum.to_be_bytes());
}
