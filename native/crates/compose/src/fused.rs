use std::collections::BTreeMap;

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
    for fused in all {
        let stems: Vec<_> = linears.keys().filter_map(|path| fused.parts.iter().find_map(|part| stem(path, part))).collect();
        for stem in stems {
            let names: Vec<_> = fused.parts.iter().map(|part| format!("{stem}{part}")).collect();
            // An earlier part of the same layer may have brought the others.
            if linears.contains_key(&format!("{stem}{}", fused.name)) {
                continue;
            }
            let missing = names.iter().find(|name| !linears.contains_key(*name));
            if let Some(missing) = missing {
                return Err(format!("no adapter has {missing}, which the base reads as one with {}", fused.parts.join(", ")));
            }
            let parts: Vec<_> = names.iter().filter_map(|name| linears.remove(name)).collect();
            let (a, b): (Vec<_>, Vec<_>) = parts.iter().map(|Factors { a, b }| (a, b)).unzip();
            let factors = Factors { a: Matrix::stack(&a)?, b: Matrix::diagonal(&b) };
            linears.insert(format!("{stem}{}", fused.name), factors);
        }
    }
    Ok(linears)
}

/// What stands before `part` in a linear's path.
fn stem(path: &str, part: &str) -> Option<String> {
    path.strip_suffix(part).filter(|stem| stem.ends_with('.')).map(str::to_owned)
}
