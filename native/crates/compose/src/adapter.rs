use std::collections::BTreeMap;

use serde::Deserialize;
use tandem_bundle::{BundleError, BundleErrorKind};

use crate::tensors::{self, Matrix};

/// One task's LoRA adapter in PEFT's layout.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub rank: usize,
    /// `lora_alpha / r`, which the product of the factors is multiplied with.
    pub scale: f32,
    /// By the linear's path, such as `base_model.model.model.layers.0.self_attn.q_proj`.
    pub linears: BTreeMap<String, Factors>,
}

/// The weight's change is `scale * b * a`.
#[derive(Clone, Debug)]
pub struct Factors {
    /// `[r, d_in]`
    pub a: Matrix,
    /// `[d_out, r]`
    pub b: Matrix,
}

/// What matters of PEFT's configuration. The other keys that change an adapter's meaning are refused when they are set.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "PEFT's format has them")]
struct Config {
    peft_type: String,
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    lora_bias: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default = "no_bias")]
    bias: String,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
    #[serde(default)]
    rank_pattern: BTreeMap<String, usize>,
    #[serde(default)]
    alpha_pattern: BTreeMap<String, f64>,
}

fn no_bias() -> String {
    "none".into()
}

impl Config {
    fn unsupported(&self) -> Option<&'static str> {
        let checks = [
            (self.peft_type != "LORA", "a peft_type other than LORA"),
            (self.use_rslora, "use_rslora"),
            (self.use_dora, "use_dora"),
            (self.lora_bias || self.bias != "none", "a bias"),
            (self.fan_in_fan_out, "fan_in_fan_out"),
            (self.modules_to_save.as_ref().is_some_and(|modules| !modules.is_empty()), "modules_to_save"),
            (!self.rank_pattern.is_empty() || !self.alpha_pattern.is_empty(), "a rank_pattern or alpha_pattern"),
        ];
        checks.into_iter().find_map(|(set, what)| set.then_some(what))
    }
}

impl Adapter {
    /// Reads the bytes of `adapter_config.json` and `adapter_model.safetensors`. `file` names the adapter in errors.
    pub fn parse(file: &str, config: &[u8], tensors: &[u8]) -> Result<Self, BundleError> {
        let refuse = |what: String| BundleError::new(BundleErrorKind::AdapterInvalid, file, format!("{what}; export the bundle anew."));
        let config: Config = serde_json::from_slice(config).map_err(|e| refuse(format!("its configuration cannot be read ({e})")))?;
        if let Some(what) = config.unsupported() {
            return Err(refuse(format!("its configuration has {what}, which cannot be composed")));
        }
        let scale = config.lora_alpha as f32 / config.r as f32;
        if config.r == 0 || !scale.is_finite() {
            return Err(refuse("r is at least 1 and lora_alpha is finite".into()));
        }
        let linears = read_linears(tensors, config.r).map_err(refuse)?;
        Ok(Self { rank: config.r, scale, linears })
    }
}

fn read_linears(bytes: &[u8], rank: usize) -> Result<BTreeMap<String, Factors>, String> {
    let (tensors, _) = tensors::parse(bytes)?;
    let names = tensors.names();
    let mut linears = BTreeMap::new();
    for name in &names {
        let Some(linear) = name.strip_suffix(".lora_A.weight") else { continue };
        let (a, b) = (Matrix::read(&tensors, name)?, Matrix::read(&tensors, &format!("{linear}.lora_B.weight"))?);
        if a.rows != rank || b.columns != rank {
            return Err(format!("the factors of {linear} have rank {} and {}, the configuration says {rank}", a.rows, b.columns));
        }
        linears.insert(linear.to_owned(), Factors { a, b });
    }
    if linears.is_empty() || linears.len() * 2 != names.len() {
        return Err("it holds other tensors than pairs of lora_A.weight and lora_B.weight".into());
    }
    Ok(linears)
}
