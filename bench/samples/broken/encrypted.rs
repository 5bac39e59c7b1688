//! PDFs under the standard security handler: RC4 and AES with 128 bits (revisions 3 and 4).
//!
//! Written by hand because the initialisation vectors must follow from nothing but the content, and
//! writers of encrypted PDFs draw theirs. The container has five objects, of which only streams
//! hold secrets. These ciphers protect nothing worth protecting: they are what old office software
//! writes.

use aes::cipher::{BlockEncrypt as _, KeyInit as _};
use anyhow::Result;
use md5::{Digest as _, Md5};

use super::{Expect, Good, Shelf};
use crate::{format::Format, manifest::hex};

/// The padding of ISO 32000-1, 7.6.3.3.
const PAD: [u8; 32] = *b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
    \x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";
/// Printing allowed, changing not.
const PERMISSIONS: i32 = -1340;
/// First part of the file identifier.
const IDENTIFIER: [u8; 16] = *b"sohoa-encrypted!";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes,
    Rc4,
}

/// Writes the encrypted files; the user password, where there is one, is `mat khau`.
pub(super) fn put(shelf: &mut Shelf, good: &Good<'_>) -> Result<()> {
    let picture = good.make(Format::Jpeg)?.bytes;
    let locked = Expect::code("F03_ENCRYPTED", "opens with the password `mat khau` only");
    shelf.put("encrypted-rc4.pdf", &pdf(&picture, "mat khau", Cipher::Rc4), locked)?;
    shelf.put("encrypted-aes.pdf", &pdf(&picture, "mat khau", Cipher::Aes), locked)?;
    let open = Expect::works("owner password only: opens for everybody");
    shelf.put("owner-encrypted-aes.pdf", &pdf(&picture, "", Cipher::Aes), open)
}

/// A page with one JPEG of A4 at 200 dpi, locked with the user password.
fn pdf(jpeg: &[u8], user: &str, cipher: Cipher) -> Vec<u8> {
    let owner_entry = owner_entry("chu so huu", user);
    let key = file_key(user, &owner_entry);
    let content = b"q 595.28 0 0 841.89 0 0 cm /Im0 Do Q";
    let (content, picture) = (seal(&key, 4, content, cipher), seal(&key, 5, jpeg, cipher));
    let image = format!(
        "/Type/XObject/Subtype/Image/Width 1654/Height 2339/ColorSpace/DeviceRGB/BitsPerComponent 8\
         /Filter/DCTDecode/Length {}",
        picture.len()
    );
    let handler = match cipher {
        Cipher::Rc4 => "/V 2/R 3".to_owned(),
        Cipher::Aes => "/V 4/R 4/CF<</StdCF<</CFM/AESV2/AuthEvent/DocOpen/Length 16>>>>\
                        /StmF/StdCF/StrF/StdCF"
            .to_owned(),
    };
    let encrypt = format!(
        "/Filter/Standard{handler}/Length 128/P {PERMISSIONS}/O<{}>/U<{}>",
        hex(&owner_entry),
        hex(&user_entry(&key))
    );
    let page = "/Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Contents 4 0 R\
                /Resources<</XObject<</Im0 5 0 R>>>>";
    let objects = [
        ("/Type/Catalog/Pages 2 0 R".to_owned(), None),
        ("/Type/Pages/Kids[3 0 R]/Count 1".to_owned(), None),
        (page.to_owned(), None),
        (format!("/Length {}", content.len()), Some(content)),
        (image, Some(picture)),
        (encrypt, None),
    ];
    container(&objects)
}

fn container(objects: &[(String, Option<Vec<u8>>)]) -> Vec<u8> {
    let mut file = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = vec!["0000000000 65535 f \n".to_owned()];
    for (index, (dictionary, stream)) in objects.iter().enumerate() {
        offsets.push(format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{} 0 obj\n<<{dictionary}>>\n", index + 1).bytes());
        if let Some(stream) = stream {
            file.extend(b"stream\n");
            file.extend(stream);
            file.extend(b"\nendstream\n");
        }
        file.extend(b"endobj\n");
    }
    let (start, table) = (file.len(), offsets.concat());
    let (size, id) = (objects.len() + 1, hex(&IDENTIFIER));
    let trailer = format!(
        "xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R/Encrypt {} 0 R/ID[<{id}><{id}>]>>\n\
         startxref\n{start}\n%%EOF\n",
        objects.len()
    );
    file.extend(trailer.bytes());
    file
}

fn padded(password: &str) -> [u8; 32] {
    let mut out = PAD;
    let bytes = password.as_bytes();
    let kept = bytes.len().min(32);
    out[..kept].copy_from_slice(&bytes[..kept]);
    out[kept..].copy_from_slice(&PAD[..32 - kept]);
    out
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Algorithm 3: the `/O` entry.
fn owner_entry(owner: &str, user: &str) -> Vec<u8> {
    let mut key = md5(&[&padded(owner)]);
    for _ in 0..50 {
        key = md5(&[&key]);
    }
    (0..20u8).fold(padded(user).to_vec(), |data, round| rc4(&key.map(|byte| byte ^ round), &data))
}

/// Algorithm 2: the file's key.
fn file_key(user: &str, owner_entry: &[u8]) -> [u8; 16] {
    let mut key = md5(&[&padded(user), owner_entry, &PERMISSIONS.to_le_bytes(), &IDENTIFIER]);
    for _ in 0..50 {
        key = md5(&[&key]);
    }
    key
}

/// Algorithm 5: the `/U` entry.
fn user_entry(key: &[u8; 16]) -> Vec<u8> {
    let start = md5(&[&PAD, &IDENTIFIER]).to_vec();
    let mut entry = (0..20u8).fold(start, |data, round| rc4(&key.map(|byte| byte ^ round), &data));
    entry.extend([0; 16]);
    entry
}

/// Algorithm 1: a stream's bytes under its object's key.
fn seal(key: &[u8; 16], object: u32, data: &[u8], cipher: Cipher) -> Vec<u8> {
    let number = object.to_le_bytes();
    let salt: &[u8] = if cipher == Cipher::Aes { b"sAlT" } else { b"" };
    let own = md5(&[key, &number[..3], &[0, 0], salt]);
    match cipher {
        Cipher::Rc4 => rc4(&own, data),
        Cipher::Aes => {
            let vector = md5(&[b"vector", &number]);
            let fill = 16 - data.len() % 16;
            let plain = [data, &vec![fill as u8; fill]].concat();
            let engine = aes::Aes128::new(&own.into());
            let mut sealed = vector.to_vec();
            let mut before = vector;
            for block in plain.chunks_exact(16) {
                let mixed: Vec<u8> = block.iter().zip(before).map(|(a, b)| a ^ b).collect();
                let mut block = *aes::Block::from_slice(&mixed);
                engine.encrypt_block(&mut block);
                before = block.into();
                sealed.extend(before);
            }
            sealed
        }
    }
}

fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut j = 0usize;
    for i in 0..256 {
        j = (j + usize::from(state[i]) + usize::from(key[i % key.len()])) & 255;
        state.swap(i, j);
    }
    let (mut i, mut j) = (0usize, 0usize);
    data.iter()
        .map(|byte| {
            i = (i + 1) & 255;
            j = (j + usize::from(state[i])) & 255;
            state.swap(i, j);
            let at = (usize::from(state[i]) + usize::from(state[j])) & 255;
            byte ^ state[at]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_gives_the_published_bytes() {
        assert_eq!(hex(&rc4(b"Key", b"Plaintext")), "bbf316e8d940af0ad3");
        assert_eq!(hex(&rc4(b"Wiki", b"pedia")), "1021bf0420");
    }

    #[test]
    fn a_password_is_padded_to_32_bytes() {
        assert_eq!(padded(""), PAD);
        assert_eq!(&padded("ab")[..3], b"ab\x28");
    }
}
