//! A reader of zip files whose entries are stored, for bundles only. Whatever a bundle does not need (compression, encryption, zip64, data
//! descriptors, comments, several disks) is refused, so that there is one way to read every file that is accepted.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::{BundleError, BundleErrorKind, path};

const END_BYTES: u64 = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: u64 = 30;
/// No bundle's directory is larger; a limit for hostile ones.
const MAX_DIRECTORY_BYTES: u64 = 4 << 20;
const ENCRYPTED_OR_DESCRIPTOR: u16 = 1 | 1 << 3;
const UNIX: u8 = 3;

/// The files of the zip.
pub type Index = BTreeMap<String, Stored>;

/// A file in the zip.
#[derive(Debug)]
pub struct Stored {
    /// Where its bytes lie.
    pub span: Range<u64>,
    /// The checksum of its bytes, as the directory has it.
    pub crc32: u32,
}

/// Reads the directory of a zip and checks that it and the entries say the same.
pub fn index(zip: &mut (impl Read + Seek)) -> Result<Index, BundleError> {
    let bytes = zip.seek(SeekFrom::End(0)).map_err(|e| invalid(&format!("it cannot be read ({e})")))?;
    let directory = find_directory(zip, bytes)?;
    let mut rest = &read(zip, directory.clone())?[..];
    let mut index = Index::new();
    let mut spans = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = CentralEntry::parse(rest)?;
        rest = after;
        path::check(entry.name.strip_suffix('/').unwrap_or(&entry.name))?;
        entry.check_kind()?;
        let data = entry.check_local(zip, directory.start)?;
        spans.push(u64::from(entry.offset)..data.end);
        if entry.is_folder() {
            continue;
        }
        if index.insert(entry.name.clone(), Stored { span: data, crc32: entry.crc32 }).is_some() {
            return Err(BundleError::new(
                BundleErrorKind::ZipDuplicate,
                entry.name,
                "the zip holds this file twice; pack the bundle anew.",
            ));
        }
    }
    spans.sort_by_key(|span| span.start);
    match spans.windows(2).find(|pair| pair[0].end > pair[1].start) {
        Some(_) => Err(invalid("two of its entries overlap")),
        None => Ok(index),
    }
}

/// Reads the end record, which must be the last bytes of the zip, and returns where the directory lies.
fn find_directory(zip: &mut (impl Read + Seek), bytes: u64) -> Result<Range<u64>, BundleError> {
    let start = bytes.checked_sub(END_BYTES).ok_or_else(|| invalid("it is shorter than an empty zip"))?;
    let end = read(zip, start..bytes)?;
    if !end.starts_with(b"PK\x05\x06") {
        return Err(invalid("it does not end as a zip without comment does; it may be cut short"));
    }
    let (disks, entries) = (u32_at(&end, 4), [u16_at(&end, 8), u16_at(&end, 10)]);
    let (size, offset) = (u64::from(u32_at(&end, 12)), u64::from(u32_at(&end, 16)));
    if disks != 0 || entries[0] != entries[1] || u16_at(&end, 20) != 0 {
        return Err(invalid("it has several parts or a comment"));
    }
    if offset + size != start {
        return Err(invalid("it is zip64, or its directory is not where it says"));
    }
    if size > MAX_DIRECTORY_BYTES {
        return Err(invalid("its directory is larger than any bundle's"));
    }
    Ok(offset..start)
}

struct CentralEntry {
    name: String,
    flags: u16,
    method: u16,
    crc32: u32,
    sizes: [u32; 2],
    offset: u32,
    /// Type and permissions, where the entry was made on a Unix system.
    unix_mode: Option<u32>,
}

impl CentralEntry {
    /// Reads the first entry of `bytes` and returns it with what follows.
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), BundleError> {
        let cut = || invalid("its directory is damaged");
        let header = bytes.get(..CENTRAL_BYTES).filter(|header| header.starts_with(b"PK\x01\x02")).ok_or_else(cut)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(header, at)));
        let name_bytes = bytes.get(CENTRAL_BYTES..CENTRAL_BYTES + name).ok_or_else(cut)?;
        let after = bytes.get(CENTRAL_BYTES + name + extra + comment..).ok_or_else(cut)?;
        let entry = Self {
            name: std::str::from_utf8(name_bytes).map_err(|_| cut())?.to_owned(),
            flags: u16_at(header, 8),
            method: u16_at(header, 10),
            crc32: u32_at(header, 16),
            sizes: [u32_at(header, 20), u32_at(header, 24)],
            offset: u32_at(header, 42),
            unix_mode: (header[5] == UNIX).then(|| u32_at(header, 38) >> 16),
        };
        Ok((entry, after))
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with('/') && self.sizes == [0, 0]
    }

    fn check_kind(&self) -> Result<(), BundleError> {
        let (kind, message) = if self.method != 0 {
            (BundleErrorKind::ZipCompressed, "the zip holds this file compressed; pack the bundle with stored entries (zip -0).")
        } else if self.flags & ENCRYPTED_OR_DESCRIPTOR != 0 || self.sizes[0] != self.sizes[1] || self.sizes[0] == u32::MAX {
            (BundleErrorKind::ZipInvalid, "the zip holds this file encrypted, streamed or as zip64; pack the bundle anew.")
        } else if !self.unix_mode.is_none_or(|mode| matches!(mode >> 12, 0 | 0o4 | 0o10)) {
            (BundleErrorKind::FileNotRegular, "this is a link or a special file, and a bundle holds regular files only; pack it anew.")
        } else {
            return Ok(());
        };
        Err(BundleError::new(kind, self.name.clone(), message))
    }

    /// Compares the entry with the header before its bytes, and returns where the bytes lie, all before `limit`.
    fn check_local(&self, zip: &mut (impl Read + Seek), limit: u64) -> Result<Range<u64>, BundleError> {
        let differs = || invalid(&format!("its directory and its entry {:?} say different things", self.name));
        let start = u64::from(self.offset);
        let name_start = start + LOCAL_BYTES;
        let name_end = name_start + self.name.len() as u64;
        if name_end > limit {
            return Err(differs());
        }
        let header = read(zip, start..name_end)?;
        let same = header.starts_with(b"PK\x03\x04")
            && u16_at(&header, 6) & ENCRYPTED_OR_DESCRIPTOR == 0
            && u16_at(&header, 8) == self.method
            && [u32_at(&header, 18), u32_at(&header, 22)] == self.sizes
            && usize::from(u16_at(&header, 26)) == self.name.len()
            && header.ends_with(self.name.as_bytes());
        let data = name_end + u64::from(u16_at(&header, 28));
        let end = data + u64::from(self.sizes[0]);
        if same && end <= limit { Ok(data..end) } else { Err(differs()) }
    }
}

fn read(zip: &mut (impl Read + Seek), span: Range<u64>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = vec![0; (span.end - span.start) as usize];
    let mut go = || -> io::Result<()> {
        zip.seek(SeekFrom::Start(span.start))?;
        zip.read_exact(&mut bytes)
    };
    go().map_err(|e| invalid(&format!("it cannot be read ({e})")))?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn invalid(what: &str) -> BundleError {
    BundleError::new(
        BundleErrorKind::ZipInvalid,
        "the zip",
        format!("{what}; it is no zip with stored entries as bundles are. Copy it again, or pack it anew."),
    )
}
