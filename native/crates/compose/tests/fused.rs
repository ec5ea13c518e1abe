//! A base that reads several linears as one gets one pair of factors for them, which does what their own would.

use std::collections::BTreeMap;

use half::f16;
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use tandem_bundle::BundleErrorKind;
use tandem_compose::{Adapter, ComposedAdapter, Part, compose, fused_by};

const LAYER: &str = "base_model.model.model.layers.1";
const RANK: usize = 2;
const INPUTS: usize = 3;
/// Linears and how many outputs each has.
const LINEARS: [(&str, usize); 6] = [
    ("self_attn.q_proj", 4),
    ("self_attn.k_proj", 2),
    ("self_attn.v_proj", 1),
    ("self_attn.o_proj", 3),
    ("mlp.gate_proj", 5),
    ("mlp.up_proj", 5),
];

fn adapter(values: &[f16], left_out: &str) -> Adapter {
    let mut values = values.iter().copied().cycle();
    let mut take = |count: usize| -> Vec<u8> { values.by_ref().take(count).flat_map(f16::to_le_bytes).collect() };
    let data: Vec<_> = LINEARS
        .into_iter()
        .filter(|(name, _)| *name != left_out)
        .flat_map(|(name, outputs)| {
            let path = format!("{LAYER}.{name}");
            let a = (format!("{path}.lora_A.weight"), vec![RANK, INPUTS], take(RANK * INPUTS));
            let b = (format!("{path}.lora_B.weight"), vec![outputs, RANK], take(outputs * RANK));
            [a, b]
        })
        .collect();
    let views = data.iter().map(|(name, shape, data)| (name, TensorView::new(Dtype::F16, shape.clone(), data).unwrap()));
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": RANK}).to_string();
    Adapter::parse("adapter", config.as_bytes(), &safetensors::serialize(views, None).unwrap()).unwrap()
}

fn alone(adapter: &Adapter, architecture: &str) -> ComposedAdapter {
    compose(&[Part { adapter, weight: 1.0 }], None, fused_by(architecture)).unwrap()
}

/// The change of each linear's weight, row by row.
fn changes(composed: &ComposedAdapter) -> BTreeMap<String, Vec<Vec<f64>>> {
    let tensors = SafeTensors::deserialize(&composed.tensors).unwrap();
    let read = |name: &str| {
        let view = tensors.tensor(name).unwrap();
        let values: Vec<_> = view.data().chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f64()).collect();
        values.chunks_exact(view.shape()[1]).map(<[f64]>::to_vec).collect::<Vec<_>>()
    };
    let product = |stem: &str| {
        let (a, b) = (read(&format!("{stem}.lora_A.weight")), read(&format!("{stem}.lora_B.weight")));
        let row = |b: &Vec<f64>| (0..INPUTS).map(|i| b.iter().zip(&a).map(|(b, a)| b * a[i]).sum()).collect();
        b.iter().map(row).collect()
    };
    let stems = tensors.names().into_iter().filter_map(|name| name.strip_suffix(".lora_A.weight"));
    stems.map(|stem| (stem.rsplit_once("layers.1.").unwrap().1.to_owned(), product(stem))).collect()
}

proptest! {
    #[test]
    fn fused_linears_change_as_their_parts_do(values in prop::collection::vec((-2.0f32..2.0).prop_map(f16::from_f32), 7..80)) {
        let adapter = adapter(&values, "");
        let (parts, fused) = (changes(&alone(&adapter, "gemma3")), changes(&alone(&adapter, "phi3")));
        let below_each_other = |names: &[&str]| names.iter().flat_map(|name| parts[*name].clone()).collect::<Vec<_>>();
        prop_assert_eq!(fused.len(), 3);
        prop_assert_eq!(&fused["self_attn.qkv_proj"], &below_each_other(&["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]));
        prop_assert_eq!(&fused["mlp.gate_up_proj"], &below_each_other(&["mlp.gate_proj", "mlp.up_proj"]));
        prop_assert_eq!(&fused["self_attn.o_proj"], &parts["self_attn.o_proj"]);
    }
}

#[test]
fn the_configuration_says_each_rank_at_scale_one() {
    let config: Value = serde_json::from_slice(&alone(&adapter(&[f16::ONE], ""), "phi3").config).unwrap();
    let ranks = json!({"qkv_proj": 3 * RANK, "gate_up_proj": 2 * RANK});
    assert_eq!((&config["r"], &config["lora_alpha"]), (&json!(RANK), &json!(RANK)));
    assert_eq!((&config["rank_pattern"], &config["alpha_pattern"]), (&ranks, &ranks));
    assert_eq!(config["target_modules"], json!(["gate_up_proj", "o_proj", "qkv_proj"]));
}

#[test]
fn an_adapter_that_lacks_a_part_is_refused() {
    for left_out in ["self_attn.v_proj", "mlp.gate_proj"] {
        let adapter = adapter(&[f16::ONE], left_out);
        let refused = compose(&[Part { adapter: &adapter, weight: 1.0 }], None, fused_by("phi3")).unwrap_err();
        assert_eq!(refused.kind, BundleErrorKind::CalibrationInvalid);
        assert!(refused.to_string().contains(&format!("{LAYER}.{left_out}")), "{refused}");
    }
}

#[test]
fn an_adapter_that_has_parts_and_whole_is_refused() {
    let mut adapter = adapter(&[f16::ONE], "");
    let factors = adapter.linears[&format!("{LAYER}.self_attn.q_proj")].clone();
    adapter.linears.insert(format!("{LAYER}.self_attn.qkv_proj"), factors);
    let refused = compose(&[Part { adapter: &adapter, weight: 1.0 }], None, fused_by("phi3")).unwrap_err();
    assert_eq!(refused.kind, BundleErrorKind::CalibrationInvalid);
}
