use std::collections::{BTreeMap, BTreeSet};

use crate::Factors;
use crate::tensors::Matrix;

/// Linears of one layer that a base reads as one, their outputs one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fused {
    pub name: &'static str,
    pub parts: &'static [&'static str],
}

/// The engine's Phi-3, as which a Llama with scaled rotary frequencies ships.
const PHI3: &[Fused] = &[
    Fused { name: "self_attn.qkv_proj", parts: &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"] },
    Fused { name: "mlp.gate_up_proj", parts: &["mlp.gate_proj", "mlp.up_proj"] },
];

/// What a base of this architecture (the manifest's) reads as one.
pub fn fused_by(architecture: &str) -> &'static [Fused] {
    if architecture == "phi3" { PHI3 } else { &[] }
}

/// Puts the factors of linears that are read as one into one pair: `a` below each other, `b` along a diagonal, zeros elsewhere.
pub fn fuse(mut linears: BTreeMap<String, Factors>, all: &[Fused]) -> Result<BTreeMap<String, Factors>, String> {
    for Fused { name, parts } in all {
        let stems: BTreeSet<_> = linears.keys().filter_map(|path| parts.iter().find_map(|part| stem(path, part))).collect();
        for stem in stems {
            let take = |part| {
                let path = format!("{stem}{part}");
                linears.remove(&path).ok_or_else(|| format!("no adapter has {path}, which the base reads as one with {}", parts.join(", ")))
            };
            let factors = parts.iter().map(take).collect::<Result<Vec<_>, _>>()?;
            let (a, b): (Vec<_>, Vec<_>) = factors.iter().map(|Factors { a, b }| (a, b)).unzip();
            let whole = Factors { a: Matrix::stack(&a)?, b: Matrix::diagonal(&b) };
            if linears.insert(format!("{stem}{name}"), whole).is_some() {
                return Err(format!("an adapter has {stem}{name} beside what it is made of"));
            }
        }
    }
    Ok(linears)
}

/// What stands before `part` in a linear's path.
fn stem(path: &str, part: &str) -> Option<String> {
    path.strip_suffix(part).filter(|stem| stem.ends_with('.')).map(str::to_owned)
}
