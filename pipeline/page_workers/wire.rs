//! Frames on a pipe: a magic, a length, `MessagePack`.
//!
//! The magic makes stray bytes in the stream an error at once instead of a length of gigabytes;
//! the bound on the length holds for what a child may make its parent keep. Memory is taken as
//! bytes arrive, never on a length's word.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Begins every frame.
const MAGIC: [u8; 4] = *b"SoP\x01";

/// The largest archived page: a file's own bound on bytes (512 MB) and room around it.
const LONGEST: u64 = 544 << 20;

/// Bytes before the payload.
const HEADER: usize = 12;

/// Why a frame could not be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The stream ended between two frames.
    #[error("the other side closed the stream")]
    Closed,
    /// The pipe failed, or ended inside a frame.
    #[error("the pipe failed")]
    Pipe(#[from] io::Error),
    /// The bytes are no frame.
    #[error("stray bytes {found:02x?} where a frame should begin")]
    NoFrame {
        /// The first bytes found.
        found: [u8; 4],
    },
    /// The length is past the bound.
    #[error("a frame of {0} bytes is past the bound")]
    TooLong(u64),
    /// The payload is not the message it should be.
    #[error("the frame's content is not understood")]
    Content(#[from] rmp_serde::decode::Error),
    /// The message cannot be put into bytes.
    #[error("the message cannot be encoded")]
    Encode(#[from] rmp_serde::encode::Error),
}

/// Writes one frame and flushes.
pub(crate) fn write(out: &mut impl Write, message: &impl Serialize) -> Result<(), WireError> {
    out.write_all(&encode(message)?)?;
    out.flush()?;
    Ok(())
}

/// Reads one frame; [`WireError::Closed`] at the end of the stream.
pub(crate) fn read<T: DeserializeOwned>(input: &mut impl Read) -> Result<T, WireError> {
    let mut header = [0; HEADER];
    if input.read(&mut header[..1])? == 0 {
        return Err(WireError::Closed);
    }
    input.read_exact(&mut header[1..])?;
    let length = payload_length(header)?;
    let mut payload = Vec::new();
    if input.take(length).read_to_end(&mut payload)? as u64 != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(rmp_serde::from_slice(&payload)?)
}

/// Writes one frame and flushes.
pub(crate) async fn send(
    out: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), WireError> {
    out.write_all(&encode(message)?).await?;
    out.flush().await?;
    Ok(())
}

/// Reads one frame; [`WireError::Closed`] at the end of the stream.
pub(crate) async fn receive<T: DeserializeOwned>(
    input: &mut (impl AsyncRead + Unpin),
) -> Result<T, WireError> {
    let mut header = [0; HEADER];
    if input.read(&mut header[..1]).await? == 0 {
        return Err(WireError::Closed);
    }
    input.read_exact(&mut header[1..]).await?;
    let length = payload_length(header)?;
    let mut payload = Vec::new();
    if input.take(length).read_to_end(&mut payload).await? as u64 != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(rmp_serde::from_slice(&payload)?)
}

fn encode(message: &impl Serialize) -> Result<Vec<u8>, WireError> {
    let mut bytes = vec![0; HEADER];
    rmp_serde::encode::write(&mut bytes, message)?;
    let length = (bytes.len() - HEADER) as u64;
    if length > LONGEST {
        return Err(WireError::TooLong(length));
    }
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..HEADER].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

fn payload_length(header: [u8; HEADER]) -> Result<u64, WireError> {
    let [a, b, c, d, length @ ..] = header;
    if [a, b, c, d] != MAGIC {
        return Err(WireError::NoFrame { found: [a, b, c, d] });
    }
    let length = u64::from_le_bytes(length);
    if length > LONGEST { Err(WireError::TooLong(length)) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_each_other_until_the_stream_ends() {
        let mut pipe = Vec::new();
        write(&mut pipe, &"một").unwrap();
        write(&mut pipe, &vec![1u32, 2]).unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(read::<String>(&mut pipe).unwrap(), "một");
        assert_eq!(read::<Vec<u32>>(&mut pipe).unwrap(), [1, 2]);
        assert!(matches!(read::<String>(&mut pipe), Err(WireError::Closed)));
    }

    #[test]
    fn stray_bytes_and_absurd_lengths_are_refused_before_reading_on() {
        let mut stray = b"Detected 12 diacritics\n".as_slice();
        assert!(matches!(read::<String>(&mut stray), Err(WireError::NoFrame { .. })));
        let mut long = [MAGIC.as_slice(), u64::MAX.to_le_bytes().as_slice()].concat();
        long.push(0);
        assert!(matches!(read::<String>(&mut long.as_slice()), Err(WireError::TooLong(_))));
    }

    #[test]
    fn a_frame_cut_anywhere_is_an_error() {
        let mut whole = Vec::new();
        write(&mut whole, &("số", 7u8)).unwrap();
        for end in 1..whole.len() {
            assert!(read::<(String, u8)>(&mut &whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn content_of_another_shape_is_an_error() {
        let mut pipe = Vec::new();
        write(&mut pipe, &42u8).unwrap();
        assert!(matches!(read::<String>(&mut pipe.as_slice()), Err(WireError::Content(_))));
    }
}
