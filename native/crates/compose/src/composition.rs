use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;
use tandem_bundle::{BundleError, BundleErrorKind};

use crate::calibration::{Calibration, Linear, LowRank};
use crate::fused::{Fused, fuse};
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
/// The result has the linears of the adapters, but for those that the base reads as one.
pub fn compose(parts: &[Part<'_>], calibration: Option<&Calibration>, fused: &[Fused]) -> Result<ComposedAdapter, BundleError> {
    let refuse =
        |path: &str, what: String| BundleError::new(BundleErrorKind::CalibrationInvalid, path, format!("{what}; export the bundle anew."));
    let paths: BTreeSet<&String> = parts.iter().flat_map(|part| part.adapter.linears.keys()).collect();
    let mut linears = BTreeMap::new();
    for path in paths {
        let factors = stack(path, parts, calibration).map_err(|what| refuse(path, what))?;
        linears.insert(path.clone(), factors);
    }
    let ranks: BTreeSet<_> = linears.values().map(|factors| factors.a.rows).collect();
    if ranks.len() != 1 {
        return Err(refuse(COMPOSED, format!("its linears would have the ranks {ranks:?}, and one adapter has one rank")));
    }
    let linears = fuse(linears, fused).map_err(|what| refuse(COMPOSED, what))?;
    Ok(ComposedAdapter { config: config(&linears), tensors: tensors(&linears)? })
}

/// The factors of one linear: those of the adapters, then what was learnt.
fn stack(path: &str, parts: &[Part<'_>], calibration: Option<&Calibration>) -> Result<Factors, String> {
    let place = Linear::parse(path);
    let learnt = calibration.zip(place.as_ref());
    let weights = learnt.and_then(|(calibration, place)| calibration.weights(place));
    let low_rank = learnt.and_then(|(calibration, place)| calibration.low_rank(place));
    let output = learnt.and_then(|(calibration, place)| calibration.output(place));
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (index, Part { adapter, weight }) in parts.iter().enumerate() {
        let Some(factors) = adapter.linears.get(path) else { continue };
        if weights.is_some_and(|weights| !weights.fits(adapter.rank)) {
            return Err(format!("its merge weights are not for adapters of rank {}", adapter.rank));
        }
        let factor = |direction| weights.map_or(*weight, |weights| weights.weight(index, direction)) * adapter.scale;
        let factor: Vec<_> = (0..adapter.rank).map(factor).collect();
        a.push(&factors.a);
        b.push(Cow::Owned(factors.b.scale_columns(&factor)));
    }
    let ones = Matrix::ones(a.first().map_or(0, |a| a.columns));
    if let Some(LowRank { p1, p2 }) = low_rank {
        a.push(p1);
        b.push(Cow::Borrowed(p2));
    }
    if let Some(p) = output {
        a.push(&ones);
        b.push(Cow::Borrowed(p));
    }
    let b: Vec<&Matrix> = b.iter().map(Cow::as_ref).collect();
    let factors = Factors { a: Matrix::stack(&a)?, b: Matrix::concatenate(&b)? };
    if !factors.b.is_finite() {
        return Err("its weights leave the range of fp16".into());
    }
    Ok(factors)
}

/// PEFT's configuration. `alpha = r` is a scale of 1; linears that were fused have a larger rank than the others.
fn config(linears: &BTreeMap<String, Factors>) -> Vec<u8> {
    let ranks: BTreeMap<_, _> = linears.iter().filter_map(|(path, factors)| Some((path.rsplit('.').next()?, factors.a.rows))).collect();
    let rank = ranks.values().min();
    let pattern: BTreeMap<_, _> = ranks.iter().filter(|(_, other)| Some(*other) != rank).collect();
    let config = json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "bias": "none",
        "r": rank,
        "lora_alpha": rank,
        "rank_pattern": pattern,
        "alpha_pattern": pattern,
        "target_modules": ranks.keys().collect::<Vec<_>>(),
    });
    config.to_string().into_bytes()
}

fn tensors(linears: &BTreeMap<String, Factors>) -> Result<Vec<u8>, BundleError> {
    let refuse = |e: safetensors::SafeTensorError| {
        BundleError::new(BundleErrorKind::AdapterInvalid, COMPOSED, format!("it cannot be written ({e})."))
    };
    let views = linears
        .iter()
        .flat_map(|(path, Factors { a, b })| [(format!("{path}.lora_A.weight"), a), (format!("{path}.lora_B.weight"), b)])
        .map(|(name, matrix)| Ok((name, TensorView::new(Dtype::F16, vec![matrix.rows, matrix.columns], &matrix.bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    safetensors::serialize(views, None).map_err(refuse)
}
