use half::f16;
use half::slice::HalfFloatSliceExt as _;
use safetensors::{Dtype, SafeTensors, tensor::Metadata};

/// No adapter or calibration has a larger header; a limit for hostile ones.
const MAX_HEADER_BYTES: u64 = 4 << 20;

/// Reads the structure of a safetensors file: the header is capped, and every tensor lies inside the file.
pub fn parse(bytes: &[u8]) -> Result<(SafeTensors<'_>, Metadata), String> {
    let header = bytes.first_chunk().map_or(u64::MAX, |length| u64::from_le_bytes(*length));
    if header > MAX_HEADER_BYTES {
        return Err("it is no safetensors file, or its header is larger than any adapter's".into());
    }
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| format!("it is no intact safetensors file ({e})"))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| format!("it is no intact safetensors file ({e})"))?;
    Ok((tensors, metadata))
}

/// A matrix of finite fp16 numbers, row by row, as bytes: most of composing is copying.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    /// Little endian.
    pub bytes: Vec<u8>,
}

const BYTES: usize = size_of::<f16>();

impl Matrix {
    /// Reads a tensor; a vector becomes one column.
    pub fn read(tensors: &SafeTensors<'_>, name: &str) -> Result<Self, String> {
        let tensor = tensors.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
        let (rows, columns) = match *tensor.shape() {
            [rows, columns] => (rows, columns),
            [rows] => (rows, 1),
            _ => return Err(format!("the tensor {name} has {} dimensions, at most 2 are wanted", tensor.shape().len())),
        };
        // Of these one side could be of any size, without a byte in the file.
        if rows == 0 || columns == 0 {
            return Err(format!("the tensor {name} has no rows or no columns"));
        }
        if tensor.dtype() != Dtype::F16 {
            return Err(format!("the tensor {name} is {:?}, F16 is wanted", tensor.dtype()));
        }
        let matrix = Self { rows, columns, bytes: tensor.data().to_vec() };
        if matrix.is_finite() { Ok(matrix) } else { Err(format!("the tensor {name} holds numbers that are not finite")) }
    }

    /// A row of ones.
    pub fn ones(columns: usize) -> Self {
        Self { rows: 1, columns, bytes: f16::ONE.to_le_bytes().repeat(columns) }
    }

    /// Multiplies each column with its factor in f32 and rounds to the nearest even fp16.
    pub fn scale_columns(&self, factors: &[f32]) -> Self {
        let stored: Vec<_> = self.bytes.chunks_exact(BYTES).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect();
        let mut wide = vec![0.0; stored.len()];
        stored.convert_to_f32_slice(&mut wide);
        for row in wide.chunks_exact_mut(self.columns.max(1)) {
            row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
        }
        let mut scaled = stored;
        scaled.convert_from_f32_slice(&wide);
        let mut bytes = vec![0; self.bytes.len()];
        for (pair, value) in bytes.chunks_exact_mut(BYTES).zip(&scaled) {
            pair.copy_from_slice(&value.to_le_bytes());
        }
        Self { bytes, ..*self }
    }

    /// Puts matrices below each other.
    pub fn stack(parts: &[&Self]) -> Result<Self, String> {
        let columns = same(parts, |part| part.columns, "inputs")?;
        let rows = parts.iter().map(|part| part.rows).sum();
        Ok(Self { rows, columns, bytes: parts.iter().map(|part| part.bytes.as_slice()).collect::<Vec<_>>().concat() })
    }

    /// Puts matrices side by side.
    pub fn concatenate(parts: &[&Self]) -> Result<Self, String> {
        let rows = same(parts, |part| part.rows, "outputs")?;
        let columns = parts.iter().map(|part| part.columns).sum();
        let mut bytes = Vec::with_capacity(rows * columns * BYTES);
        for row in 0..rows {
            for part in parts {
                let width = part.columns * BYTES;
                bytes.extend_from_slice(&part.bytes[row * width..][..width]);
            }
        }
        Ok(Self { rows, columns, bytes })
    }

    /// Puts matrices along a diagonal, zeros elsewhere.
    pub fn diagonal(parts: &[&Self]) -> Self {
        let (rows, columns) = (parts.iter().map(|part| part.rows).sum(), parts.iter().map(|part| part.columns).sum());
        let mut bytes = vec![0; rows * columns * BYTES];
        let (mut row, mut column) = (0, 0);
        for part in parts {
            for own in 0..part.rows {
                let width = part.columns * BYTES;
                let at = ((row + own) * columns + column) * BYTES;
                bytes[at..][..width].copy_from_slice(&part.bytes[own * width..][..width]);
            }
            row += part.rows;
            column += part.columns;
        }
        Self { rows, columns, bytes }
    }

    pub fn is_finite(&self) -> bool {
        self.bytes.chunks_exact(BYTES).all(|pair| f16::from_le_bytes([pair[0], pair[1]]).is_finite())
    }
}

/// The size that all parts share.
fn same(parts: &[&Matrix], size: impl Fn(&Matrix) -> usize, what: &str) -> Result<usize, String> {
    let first = parts.first().map_or(0, |part| size(part));
    match parts.iter().map(|part| size(part)).find(|other| *other != first) {
        None => Ok(first),
        Some(other) => Err(format!("its parts have {first} and {other} {what}")),
    }
}
