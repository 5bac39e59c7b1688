//! Signatures made by `openssl cms`, so that dictionary and attributes can be whatever a signer of
//! another make, or an attacker, puts there.

use std::{fs, process::Command};

use crate::made::{Held, Shape, append, pdf};

/// Hexadecimal digits of the room for the value.
const ROOM: usize = 16000;

/// An element: its tag, and its content or elements.
#[derive(Debug, Clone)]
pub(crate) enum Der {
    Leaf(u8, Vec<u8>),
    Node(u8, Vec<Self>),
}

impl Der {
    /// All elements of a run; those that are constructed are read through.
    pub(crate) fn read(mut bytes: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        while bytes.len() > 1 {
            let (head, length) = match bytes[1] {
                short @ 0..0x80 => (2, usize::from(short)),
                long => {
                    let count = usize::from(long & 0x7f);
                    let digits = bytes[2..2 + count].iter();
                    (2 + count, digits.fold(0, |sum, &digit| sum << 8 | usize::from(digit)))
                }
            };
            let content = &bytes[head..head + length];
            all.push(match bytes[0] {
                tag if tag & 0x20 != 0 => Self::Node(tag, Self::read(content)),
                tag => Self::Leaf(tag, content.to_vec()),
            });
            bytes = &bytes[head + length..];
        }
        all
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Leaf(tag, content) => (*tag, content.clone()),
            Self::Node(tag, all) => (*tag, all.iter().flat_map(Self::write).collect()),
        };
        let mut out = vec![tag];
        match content.len() {
            short @ 0..0x80 => out.push(short as u8),
            long => {
                let digits: Vec<u8> =
                    long.to_be_bytes().into_iter().skip_while(|&digit| digit == 0).collect();
                out.push(0x80 | digits.len() as u8);
                out.extend(digits);
            }
        }
        out.extend(content);
        out
    }

    pub(crate) fn child(&mut self, number: usize) -> &mut Self {
        match self {
            Self::Node(_, all) => &mut all[number],
            Self::Leaf(..) => panic!("it has no parts"),
        }
    }

    pub(crate) fn children(&mut self) -> &mut Vec<Self> {
        match self {
            Self::Node(_, all) => all,
            Self::Leaf(..) => panic!("it has no parts"),
        }
    }
}

/// A CMS as a tree.
pub(crate) fn tree(cms: &[u8]) -> Der {
    Der::read(cms).remove(0)
}

/// The first signer of a CMS.
pub(crate) fn signer(cms: &mut Der) -> &mut Der {
    let signed_data = cms.child(1).child(0);
    let last = signed_data.children().len() - 1;
    signed_data.child(last).child(0)
}

/// Runs `openssl` on these files, and answers the one called `out`.
pub(crate) fn openssl(files: &[(&str, &[u8])], arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let ran = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    fs::read(folder.path().join("out")).unwrap()
}

/// A CMS over content that is not in it.
pub(crate) fn detached(key: &str, chain: &str, content: &[u8], options: &[&str]) -> Vec<u8> {
    let files = [("key", key.as_bytes()), ("chain", chain.as_bytes()), ("content", content)];
    let command = ["cms", "-sign", "-binary", "-outform", "DER", "-in", "content", "-out", "out"];
    let by = ["-signer", "chain", "-inkey", "key", "-nosmimecap"];
    openssl(&files, &[&command[..], &by, options].concat())
}

/// What a signature's dictionary says, and whether the catalog names it as the certification.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Says<'a> {
    pub(crate) sub_filter: &'a str,
    pub(crate) further: &'a str,
    pub(crate) named: bool,
    /// Further entries of the form.
    pub(crate) form: &'a str,
}

impl<'a> Says<'a> {
    /// A signature as PAdES has it.
    pub(crate) fn baseline(further: &'a str, named: bool) -> Self {
        Self { sub_filter: "ETSI.CAdES.detached", further, named, form: "" }
    }
}

/// A signed file; `further` goes into the signature dictionary, and `cms` makes the value of what is
/// covered.
pub(crate) fn signed(further: &str, cms: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let shape = Shape { annotations: Held::Indirect, ..Shape::default() };
    signed_form(&pdf(shape), ("", "6 0 R 7 0 R"), Says::baseline(further, false), cms)
}

/// The same of a file with more fields, and with these annotations in its list.
pub(crate) fn signed_form(
    file: &[u8],
    (fields, annotations): (&str, &str),
    Says { sub_filter, further, named, form }: Says<'_>,
    cms: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let value = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/{sub_filter}/ByteRange [{}]\
         /Contents <{}>/M(D:20261120093106+07'00'){further}>>",
        " ".repeat(44),
        "0".repeat(ROOM)
    );
    let catalog = catalog(fields, form, named);
    let annotations = format!("[{annotations} 20 0 R]");
    let field = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature1)/V 21 0 R/Rect[0 0 0 0]/F 132\
                 /P 3 0 R>>";
    let objects =
        [(1, catalog.as_str()), (5, annotations.as_str()), (20, field), (21, value.as_str())];
    let mut file = append(file, &objects);
    let zeros = "0".repeat(ROOM);
    let start = position(&file, zeros.as_bytes()) - 1;
    let end = start + ROOM + 2;
    let range = format!("0 {start} {end} {}", file.len() - end);
    let at = position(&file, b"/ByteRange [") + 12;
    file[at..at + range.len()].copy_from_slice(range.as_bytes());
    let cms = cms(&[&file[..start], &file[end..]].concat());
    put(&mut file, start..end, &cms);
    file
}

/// A catalog with a form, and with the certification where it is `named`.
pub(crate) fn catalog(fields: &str, form: &str, named: bool) -> String {
    let permissions = if named { "/Perms<</DocMDP 21 0 R>>" } else { "" };
    format!(
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{fields} 20 0 R]/SigFlags 3{form}>>\
         {permissions}>>"
    )
}

/// Where something stands first.
pub(crate) fn position(file: &[u8], what: &[u8]) -> usize {
    file.windows(what.len()).position(|window| window == what).unwrap()
}

/// Writes a signature value into its room, brackets included.
pub(crate) fn put(file: &mut [u8], room: std::ops::Range<usize>, cms: &[u8]) {
    let room = &mut file[room.start + 1..room.end - 1];
    assert!(2 * cms.len() <= room.len(), "{} bytes", cms.len());
    room.fill(b'0');
    for (digits, byte) in room.chunks_mut(2).zip(cms) {
        digits.copy_from_slice(format!("{byte:02X}").as_bytes());
    }
}

/// By the tests' agency, as PAdES has it.
pub(crate) fn baseline(issued: &sohoa_sign::test_ca::Issued, content: &[u8]) -> Vec<u8> {
    detached(&issued.key, &issued.chain, content, &["-cades", "-md", "sha256"])
}
