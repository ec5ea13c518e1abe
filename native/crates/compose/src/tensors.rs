use half::f16;
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

/// A matrix of fp16 numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f16>,
}

impl Matrix {
    pub fn row(&self, row: usize) -> &[f16] {
        &self.values[row * self.columns..][..self.columns]
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Reads a tensor as a matrix of finite fp16 numbers; a vector becomes one column.
    pub fn read(tensors: &SafeTensors<'_>, name: &str) -> Result<Self, String> {
        let tensor = tensors.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
        let (rows, columns) = match *tensor.shape() {
            [rows, columns] => (rows, columns),
            [rows] => (rows, 1),
            _ => return Err(format!("the tensor {name} has {} dimensions, at most 2 are wanted", tensor.shape().len())),
        };
        if tensor.dtype() != Dtype::F16 {
            return Err(format!("the tensor {name} is {:?}, F16 is wanted", tensor.dtype()));
        }
        let values: Vec<_> = tensor.data().chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect();
        if !values.iter().all(|value| value.is_finite()) {
            return Err(format!("the tensor {name} holds numbers that are not finite"));
        }
        Ok(Self { rows, columns, values })
    }
}
