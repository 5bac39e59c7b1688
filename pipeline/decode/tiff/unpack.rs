//! One strip or tile decompressed, to the length its size asks for and not a byte more.

use std::{borrow::Cow, io::Read};

use flate2::read::ZlibDecoder;
use weezl::{BitOrder, LzwStatus, decode::Configuration};

use super::layout::Layout;
use crate::error::DecodeError;

/// Decompresses to `length` bytes.
///
/// # Errors
/// `Unreadable` when there are fewer, `Unsupported` for a compression that is not read.
pub(super) fn unpack<'a>(
    layout: &Layout<'_>,
    data: &'a [u8],
    length: usize,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let data = oriented(data, layout.is_reversed());
    let unpacked = match layout.compression {
        1 => Some(cut(data, length)),
        5 => lzw(&data, length).map(Cow::Owned),
        8 | 32946 => zlib(&data, length).map(Cow::Owned),
        32773 => pack_bits(&data, length).map(Cow::Owned),
        other => return Err(DecodeError::unsupported(named(other))),
    };
    unpacked
        .filter(|unpacked| unpacked.len() == length)
        .ok_or_else(|| DecodeError::unreadable("its TIFF data is broken or cut short"))
}

/// The bytes with their first bit first.
pub(super) fn oriented(data: &[u8], reversed: bool) -> Cow<'_, [u8]> {
    if reversed {
        Cow::Owned(data.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(data)
    }
}

fn cut(data: Cow<'_, [u8]>, length: usize) -> Cow<'_, [u8]> {
    match data {
        Cow::Borrowed(data) => Cow::Borrowed(&data[..length.min(data.len())]),
        Cow::Owned(mut data) => {
            data.truncate(length);
            Cow::Owned(data)
        }
    }
}

fn zlib(data: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    ZlibDecoder::new(data).take(length as u64).read_to_end(&mut out).ok()?;
    Some(out)
}

/// LZW in both of its bit orders: writers before 1988 began with the low bit.
fn lzw(data: &[u8], length: usize) -> Option<Vec<u8>> {
    // The first code clears the table: 256, of nine bits.
    let old = data.first() == Some(&0) && data.get(1).is_some_and(|byte| byte & 1 == 1);
    let configuration = if old {
        Configuration::new(BitOrder::Lsb, 8)
    } else {
        Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let mut decoder = configuration.with_yield_on_full_buffer(true).build();
    let mut out = vec![0; length];
    let (mut read, mut written) = (0, 0);
    while written < length {
        let step = decoder.decode_bytes(&data[read..], &mut out[written..]);
        (read, written) = (read + step.consumed_in, written + step.consumed_out);
        match step.status {
            Ok(LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            // Ended, or out of data; what was decoded before an error may be all there is to be.
            _ => break,
        }
    }
    (written == length).then_some(out)
}

fn pack_bits(data: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(length.min(data.len().saturating_mul(64)));
    let mut rest = data;
    while out.len() < length {
        let (head, after) = rest.split_first()?;
        rest = match *head {
            128 => after,
            count @ 129.. => {
                let (value, after) = after.split_first()?;
                out.resize(out.len() + 257 - usize::from(count), *value);
                after
            }
            count => {
                let (values, after) = after.split_at_checked(usize::from(count) + 1)?;
                out.extend_from_slice(values);
                after
            }
        };
    }
    // A run may reach past the last row of a strip.
    out.truncate(length);
    Some(out)
}

fn named(compression: u64) -> String {
    let name = match compression {
        2..=4 | 32771 => "fax",
        32766 => "NeXT",
        32809 => "ThunderScan",
        34661 | 34715 => "JBIG",
        34676 | 34677 => "SGI logarithmic",
        33003 | 33005 | 34712 => "JPEG 2000",
        34925 => "LZMA",
        50000 => "Zstandard",
        50001 => "WebP",
        50002 => "JPEG XL",
        _ => return format!("a TIFF image of compression {compression}"),
    };
    format!("a TIFF image in {name} compression of this layout (number {compression})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weezl::encode::Encoder;

    use super::*;

    #[test]
    fn lzw_of_the_old_bit_order_is_read() {
        let data: Vec<u8> = (0..9000_u32).map(|n| (n * n / 128) as u8).collect();
        let old = Encoder::new(BitOrder::Lsb, 8).encode(&data).unwrap();
        assert_eq!(old[..2], [0, old[1] | 1]);
        assert_eq!(lzw(&old, data.len()).as_deref(), Some(&data[..]));
        let new = Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&data).unwrap();
        assert_eq!(lzw(&new, data.len()).as_deref(), Some(&data[..]));
        for cut in 0..new.len() - 4 {
            assert_eq!(lzw(&new[..cut], data.len()), None, "cut at {cut}");
        }
    }

    #[test]
    fn runs_and_literals_unpack() {
        // The example of the TIFF specification, and a no-operation.
        let packed = [
            0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0x80, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22,
            0xf7, 0xaa,
        ];
        let plain = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        assert_eq!(pack_bits(&packed, plain.len()).as_deref(), Some(&plain[..]));
        assert_eq!(pack_bits(&packed, plain.len() + 1), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_asked_length_or_nothing(
            data in prop::collection::vec(any::<u8>(), 0..300), length in 0_usize..4000,
        ) {
            for out in [lzw(&data, length), pack_bits(&data, length)].into_iter().flatten() {
                prop_assert_eq!(out.len(), length);
            }
            prop_assert!(zlib(&data, length).is_none_or(|out| out.len() <= length));
        }
    }
}
