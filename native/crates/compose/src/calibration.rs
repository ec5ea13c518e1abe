use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors};
use tandem_bundle::{BundleError, BundleErrorKind, Sha256};

use crate::tensors::{self, Matrix};

const FORMAT: &str = "tandem.calibration/1";

/// What a calibration must have been trained for.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    pub base: Sha256,
    /// Task ids in order, each with the hash of its adapter.
    pub adapters: Vec<(&'a str, Sha256)>,
}

/// What was learnt for a composition: low-rank changes, and merge weights, of a module type over ranges of layers.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    low_rank: Vec<(Range, LowRank)>,
    output: Vec<(Range, Matrix)>,
    weights: Vec<(Range, MergeWeights)>,
}

/// Adds `p2 * p1` to a weight.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// `[r_c, d_in]`
    pub p1: Matrix,
    /// `[d_out, r_c]`
    pub p2: Matrix,
}

/// One weight for each adapter, or for each rank direction of each adapter.
#[derive(Clone, Debug)]
pub struct MergeWeights {
    columns: usize,
    values: Vec<f32>,
}

impl MergeWeights {
    pub fn weight(&self, adapter: usize, direction: usize) -> f32 {
        let column = if self.columns == 1 { 0 } else { direction };
        self.values[adapter * self.columns + column]
    }
}

/// A module type over a range of layers, both ends included.
#[derive(Clone, Debug, PartialEq)]
struct Range {
    first: u32,
    last: u32,
    module: String,
}

impl Range {
    fn holds(&self, linear: &Linear<'_>) -> bool {
        self.module == linear.module && (self.first..=self.last).contains(&linear.layer)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.module == other.module && self.first <= other.last && other.first <= self.last
    }
}

/// Where a linear stands in the model: `….layers.<layer>.….<module>`.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    layer: u32,
    module: &'a str,
}

impl<'a> Linear<'a> {
    pub fn parse(path: &'a str) -> Option<Self> {
        let (_, place) = path.split_once(".layers.")?;
        let (layer, rest) = place.split_once('.')?;
        Some(Self { layer: layer.parse().ok()?, module: rest.rsplit('.').next()? })
    }
}

impl Calibration {
    /// Reads a calibration and refuses one that was trained for another base, composition or other adapters.
    pub fn parse(file: &str, bytes: &[u8], wanted: &Identity<'_>) -> Result<Self, BundleError> {
        let invalid =
            |what: String| BundleError::new(BundleErrorKind::CalibrationInvalid, file, format!("{what}; export the bundle anew."));
        let (tensors, metadata) = tensors::parse(bytes).map_err(invalid)?;
        let metadata = metadata.metadata().clone().unwrap_or_default();
        check_identity(file, &metadata, wanted)?;
        Self::read(&tensors, wanted).map_err(invalid)
    }

    fn read(tensors: &SafeTensors<'_>, wanted: &Identity<'_>) -> Result<Self, String> {
        let mut calibration = Self::default();
        let mut names = tensors.names();
        names.sort_unstable();
        for name in names {
            let (range, part) = parse_name(name).ok_or_else(|| format!("the tensor {name:?} has no name of a calibration's tensors"))?;
            let of = |part: &str| format!("layers.{}-{}.{}.{part}", range.first, range.last, range.module);
            match part {
                "P1" => {
                    let (p1, p2) = (Matrix::read(tensors, name)?, Matrix::read(tensors, &of("P2"))?);
                    if p1.rows != p2.columns {
                        return Err(format!("P1 and P2 of {name} have ranks {} and {}", p1.rows, p2.columns));
                    }
                    insert(&mut calibration.low_rank, range, LowRank { p1, p2 })?;
                }
                "P2" => tensors.tensor(&of("P1")).map(drop).map_err(|_| format!("the tensor {} is missing", of("P1")))?,
                "p" => insert(&mut calibration.output, range, Matrix::read(tensors, name)?)?,
                "weights" => insert(&mut calibration.weights, range, read_weights(tensors, name, wanted.adapters.len())?)?,
                _ => return Err(format!("the tensor {name} is of an unknown kind")),
            }
        }
        Ok(calibration)
    }

    pub fn low_rank(&self, linear: &Linear<'_>) -> Option<&LowRank> {
        find(&self.low_rank, linear)
    }

    /// Adds `p * 1ᵀ` to a weight: `[d_out, 1]`.
    pub fn output(&self, linear: &Linear<'_>) -> Option<&Matrix> {
        find(&self.output, linear)
    }

    pub fn weights(&self, linear: &Linear<'_>) -> Option<&MergeWeights> {
        find(&self.weights, linear)
    }
}

impl MergeWeights {
    /// Whether there is a weight for every direction of adapters of this rank.
    pub fn fits(&self, rank: usize) -> bool {
        self.columns == 1 || self.columns == rank
    }
}

fn check_identity(file: &str, metadata: &HashMap<String, String>, wanted: &Identity<'_>) -> Result<(), BundleError> {
    let name = wanted.adapters.iter().map(|(task, _)| *task).collect::<Vec<_>>().join("+");
    let mut entries = vec![("format".to_owned(), FORMAT.to_owned()), ("composition".to_owned(), name)];
    entries.push(("base_sha256".to_owned(), wanted.base.to_string()));
    entries.extend(wanted.adapters.iter().map(|(task, sha256)| (format!("adapter_sha256.{task}"), sha256.to_string())));
    for (key, wanted) in entries {
        let found = metadata.get(&key).map_or("missing", String::as_str);
        if found != wanted {
            let message = format!(
                "its {key} is {}, this bundle has {wanted}; the calibration was trained for something else. Export the bundle anew.",
                found.escape_debug()
            );
            return Err(BundleError::new(BundleErrorKind::CalibrationMismatch, file, message));
        }
    }
    Ok(())
}

/// Splits `layers.0-17.q_proj.P1`.
fn parse_name(name: &str) -> Option<(Range, &str)> {
    let mut parts = name.strip_prefix("layers.")?.split('.');
    let (range, module, part) = (parts.next()?, parts.next()?, parts.next()?);
    let (first, last) = range.split_once('-')?;
    let range = Range { first: first.parse().ok()?, last: last.parse().ok()?, module: module.to_owned() };
    (parts.next().is_none() && range.first <= range.last).then_some((range, part))
}

fn read_weights(tensors: &SafeTensors<'_>, name: &str, adapters: usize) -> Result<MergeWeights, String> {
    let tensor = tensors.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
    let columns = match *tensor.shape() {
        [rows] if rows == adapters => 1,
        [rows, columns] if rows == adapters && columns > 0 => columns,
        _ => return Err(format!("the tensor {name} has shape {:?}, one row for each of {adapters} adapters is wanted", tensor.shape())),
    };
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("the tensor {name} is {:?}, F32 is wanted", tensor.dtype()));
    }
    let values: Vec<_> = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    if !values.iter().all(|value| value.is_finite()) {
        return Err(format!("the tensor {name} holds numbers that are not finite"));
    }
    Ok(MergeWeights { columns, values })
}

fn insert<T>(entries: &mut Vec<(Range, T)>, range: Range, value: T) -> Result<(), String> {
    if entries.iter().any(|(other, _)| other.overlaps(&range)) {
        return Err(format!("two of its ranges of layers overlap for {}", range.module));
    }
    entries.push((range, value));
    Ok(())
}

fn find<'a, T>(entries: &'a [(Range, T)], linear: &Linear<'_>) -> Option<&'a T> {
    entries.iter().find(|(range, _)| range.holds(linear)).map(|(_, value)| value)
}
