/// Elements in all arrays of a header that is read. A vocabulary of a quarter of a million words has three for each; what reads them all
/// takes 32 bytes for each.
const MAX_ELEMENTS: u64 = 8 << 20;

const MAGIC: &[u8] = b"GGUF";
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// The number of elements of a tensor, told by the start of a GGUF file (version 2 or 3); none where it is no such start, has no such tensor,
/// or has more metadata than any base. Values are skipped, so that this takes no memory whatever they are.
pub fn elements_of(tensor: &str, head: &[u8]) -> Option<u64> {
    let mut head = Head { rest: head.strip_prefix(MAGIC)?, elements: 0 };
    if !(2..=3).contains(&head.u32()?) {
        return None;
    }
    let (tensors, values) = (head.u64()?, head.u64()?);
    for _ in 0..values {
        head.string()?;
        let kind = head.u32()?;
        head.skip_value(kind)?;
    }
    for _ in 0..tensors {
        let name = head.string()?;
        let dimensions = head.u32()?;
        let elements = (0..dimensions).try_fold(1, |product: u64, _| product.checked_mul(head.u64()?))?;
        if name == tensor.as_bytes() {
            return Some(elements);
        }
        // Its type and place.
        head.take(4 + 8)?;
    }
    None
}

/// What is not read yet.
struct Head<'a> {
    rest: &'a [u8],
    /// Of arrays, so far.
    elements: u64,
}

impl<'a> Head<'a> {
    fn take(&mut self, bytes: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(bytes).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let bytes = self.u64()?;
        self.take(bytes)
    }

    fn skip_value(&mut self, kind: u32) -> Option<()> {
        match kind {
            STRING => self.string().map(drop),
            ARRAY => {
                let (kind, elements) = (self.u32()?, self.u64()?);
                self.elements = self.elements.checked_add(elements).filter(|elements| *elements <= MAX_ELEMENTS)?;
                match kind {
                    STRING => (0..elements).try_for_each(|_| self.string().map(drop)),
                    // No base has arrays of arrays.
                    ARRAY => None,
                    kind => self.take(width(kind)?.checked_mul(elements)?).map(drop),
                }
            }
            kind => self.take(width(kind)?).map(drop),
        }
    }
}

/// Bytes of a number or truth value, by its kind.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
