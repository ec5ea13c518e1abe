use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use half::f16;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;
use tandem_bundle::{BundleError, BundleErrorKind};

use crate::calibration::{Calibration, Linear};
use crate::tensors::Matrix;
use crate::{Adapter, Factors};

/// How the result is called in errors.
const COMPOSED: &str = "the composed adapter";

/// One adapter of a composition and its merge weight.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub adapter: &'a Adapter,
    pub weight: f32,
}

/// A composed adapter in PEFT's layout, scale 1.
#[derive(Clone, Debug)]
pub struct ComposedAdapter {
    /// `adapter_config.json`
    pub config: Vec<u8>,
    /// `adapter_model.safetensors`
    pub tensors: Vec<u8>,
}

impl ComposedAdapter {
    /// Writes both files to an existing folder.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("adapter_config.json"), &self.config)?;
        fs::write(folder.join("adapter_model.safetensors"), &self.tensors)
    }
}

/// Composes adapters in order, then the calibration. The ranks of all parts add up, so nothing is approximated but the rounding to fp16.
pub fn compose(parts: &[Part<'_>], calibration: Option<&Calibration>) -> Result<ComposedAdapter, BundleError> {
    let paths: BTreeSet<&String> = parts.iter().flat_map(|part| part.adapter.linears.keys()).collect();
    let mut linears = BTreeMap::new();
    for path in paths {
        let factors = stack(path, parts, calibration)
            .map_err(|what| BundleError::new(BundleErrorKind::CalibrationInvalid, path, format!("{what}; export the bundle anew.")))?;
        linears.insert(path.as_str(), factors);
    }
    Ok(ComposedAdapter { config: config(&linears)?, tensors: tensors(&linears)? })
}

/// The columns of `lora_B` that belong to some rows of `lora_A`.
struct Block<'a> {
    b: &'a Matrix,
    /// What each column is multiplied with; as it is stored when absent.
    factors: Option<Vec<f32>>,
}

fn stack(path: &str, parts: &[Part<'_>], calibration: Option<&Calibration>) -> Result<Factors, String> {
    let place = Linear::parse(path);
    let learnt = calibration.zip(place.as_ref());
    let weights = learnt.and_then(|(calibration, place)| calibration.weights(place));
    let mut a = Vec::new();
    let mut blocks = Vec::new();
    let mut d_in = None;
    let same_d_in = |columns: usize, d_in: &mut Option<usize>| match d_in.replace(columns) {
        Some(before) if before != columns => Err(format!("its parts have {before} and {columns} inputs")),
        _ => Ok(()),
    };
    for (index, Part { adapter, weight }) in parts.iter().enumerate() {
        let Some(factors) = adapter.linears.get(path) else { continue };
        if weights.is_some_and(|weights| !weights.fits(adapter.rank)) {
            return Err(format!("its merge weights are not for adapters of rank {}", adapter.rank));
        }
        same_d_in(factors.a.columns, &mut d_in)?;
        a.extend_from_slice(&factors.a.values);
        let factor = |direction| weights.map_or(*weight, |weights| weights.weight(index, direction)) * adapter.scale;
        blocks.push(Block { b: &factors.b, factors: Some((0..adapter.rank).map(factor).collect()) });
    }
    if let Some(low_rank) = learnt.and_then(|(calibration, place)| calibration.low_rank(place)) {
        same_d_in(low_rank.p1.columns, &mut d_in)?;
        a.extend_from_slice(&low_rank.p1.values);
        blocks.push(Block { b: &low_rank.p2, factors: None });
    }
    let columns = d_in.unwrap_or_default();
    if let Some(p) = learnt.and_then(|(calibration, place)| calibration.output(place)) {
        a.extend(std::iter::repeat_n(f16::ONE, columns));
        blocks.push(Block { b: p, factors: None });
    }
    let b = concatenate(&blocks)?;
    Ok(Factors { a: Matrix { rows: b.columns, columns, values: a }, b })
}

/// Puts blocks side by side, multiplied in f32 and rounded to the nearest even fp16.
fn concatenate(blocks: &[Block<'_>]) -> Result<Matrix, String> {
    let rows = blocks.first().map_or(0, |block| block.b.rows);
    if let Some(other) = blocks.iter().find(|block| block.b.rows != rows) {
        return Err(format!("its parts have {rows} and {} outputs", other.b.rows));
    }
    let columns = blocks.iter().map(|block| block.b.columns).sum();
    let mut values = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for block in blocks {
            let stored = block.b.row(row);
            match &block.factors {
                Some(factors) => values.extend(stored.iter().zip(factors).map(|(value, factor)| f16::from_f32(factor * value.to_f32()))),
                None => values.extend_from_slice(stored),
            }
        }
    }
    if !values.iter().all(|value| value.is_finite()) {
        return Err("its weights leave the range of fp16".into());
    }
    Ok(Matrix { rows, columns, values })
}

/// PEFT's configuration, which has one rank for all linears; `alpha = r` is a scale of 1.
fn config(linears: &BTreeMap<&str, Factors>) -> Result<Vec<u8>, BundleError> {
    let ranks: BTreeSet<_> = linears.values().map(|factors| factors.a.rows).collect();
    let targets: BTreeSet<_> = linears.keys().filter_map(|path| path.rsplit('.').next()).collect();
    let (Some(rank), 1) = (ranks.first(), ranks.len()) else {
        let message = format!("its linears would have the ranks {ranks:?}, and one adapter has one rank; export the bundle anew.");
        return Err(BundleError::new(BundleErrorKind::CalibrationInvalid, COMPOSED, message));
    };
    let config = json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "bias": "none",
        "r": rank,
        "lora_alpha": rank,
        "target_modules": targets,
    });
    Ok(config.to_string().into_bytes())
}

fn tensors(linears: &BTreeMap<&str, Factors>) -> Result<Vec<u8>, BundleError> {
    let matrices: BTreeMap<String, (Vec<usize>, Vec<u8>)> = linears
        .iter()
        .flat_map(|(path, Factors { a, b })| [(format!("{path}.lora_A.weight"), a), (format!("{path}.lora_B.weight"), b)])
        .map(|(name, matrix)| (name, (vec![matrix.rows, matrix.columns], matrix.bytes())))
        .collect();
    let refuse = |e: safetensors::SafeTensorError| {
        BundleError::new(BundleErrorKind::AdapterInvalid, COMPOSED, format!("it cannot be written ({e})."))
    };
    let views = matrices
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F16, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    safetensors::serialize(views, None).map_err(refuse)
}
