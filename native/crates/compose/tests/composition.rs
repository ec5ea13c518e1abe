//! What composition must keep, and what it must refuse.

use std::fs;

use half::f16;
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::json;
use tandem_bundle::{Bundle, BundleError, BundleErrorKind as Kind, Mode, Sha256};
use tandem_compose::{Adapter, Calibration, ComposedAdapter, Identity, Part, Recipe, compose};
use tandem_fixture::{CALIBRATION, Fixture};

const LINEAR: &str = "base_model.model.model.layers.0.self_attn.q_proj";
const INPUTS: usize = 3;
const OUTPUTS: usize = 4;

/// A matrix of small numbers, rows times columns.
fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Vec<f16>> {
    prop::collection::vec((-2.0f32..2.0).prop_map(f16::from_f32), rows * columns)
}

fn bytes(values: &[f16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn config(rank: usize, alpha: f64) -> Vec<u8> {
    json!({"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "target_modules": ["q_proj"], "bias": "none"}).to_string().into_bytes()
}

fn serialize<const N: usize>(tensors: [(&str, [usize; 2], &[f16]); N], metadata: &[(&str, String)]) -> Vec<u8> {
    let data = tensors.map(|(_, _, values)| bytes(values));
    let views =
        tensors.iter().zip(&data).map(|((name, shape, _), data)| (*name, TensorView::new(Dtype::F16, shape.to_vec(), data).unwrap()));
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    safetensors::serialize(views, Some(metadata)).unwrap()
}

fn adapter(rank: usize, alpha: f64, a: &[f16], b: &[f16]) -> Adapter {
    let names = (format!("{LINEAR}.lora_A.weight"), format!("{LINEAR}.lora_B.weight"));
    let tensors = serialize([(&names.0, [rank, INPUTS], a), (&names.1, [OUTPUTS, rank], b)], &[]);
    Adapter::parse("adapter", &config(rank, alpha), &tensors).unwrap()
}

/// `b * a` in double precision.
fn product(a: &[f16], b: &[f16]) -> Vec<f64> {
    let rank = a.len() / INPUTS;
    let at = |row: usize, column: usize| (0..rank).map(|k| b[row * rank + k].to_f64() * a[k * INPUTS + column].to_f64()).sum();
    (0..OUTPUTS * INPUTS).map(|i| at(i / INPUTS, i % INPUTS)).collect()
}

fn factors(composed: &ComposedAdapter) -> (Vec<f16>, Vec<f16>) {
    let tensors = SafeTensors::deserialize(&composed.tensors).unwrap();
    let read = |name: &str| {
        let view = tensors.tensor(&format!("{LINEAR}.{name}.weight")).unwrap();
        view.data().chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect()
    };
    (read("lora_A"), read("lora_B"))
}

fn identity() -> Identity<'static> {
    Identity { base: Sha256::of(&[b"base"]), adapters: vec![("summarize", Sha256::of(&[b"1"])), ("es", Sha256::of(&[b"2"]))] }
}

fn metadata(identity: &Identity<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("format", "tandem.calibration/1".into()),
        ("composition", "summarize+es".into()),
        ("base_sha256", identity.base.to_string()),
        ("adapter_sha256.summarize", identity.adapters[0].1.to_string()),
        ("adapter_sha256.es", identity.adapters[1].1.to_string()),
    ]
}

proptest! {
    #[test]
    fn a_composition_is_the_weighted_sum_of_its_parts(
        (a1, b1, a2, b2) in (matrix(2, INPUTS), matrix(OUTPUTS, 2), matrix(3, INPUTS), matrix(OUTPUTS, 3)),
        (p1, p2) in (matrix(1, INPUTS), matrix(OUTPUTS, 1)),
        (w1, w2) in (-1.0f32..1.0, -1.0f32..1.0),
    ) {
        let (first, second) = (adapter(2, 4.0, &a1, &b1), adapter(3, 3.0, &a2, &b2));
        let calibration = serialize(
            [("layers.0-0.q_proj.P1", [1, INPUTS], &p1), ("layers.0-0.q_proj.P2", [OUTPUTS, 1], &p2)],
            &metadata(&identity()),
        );
        let calibration = Calibration::parse("calibration", &calibration, &identity()).unwrap();
        let parts = [Part { adapter: &first, weight: w1 }, Part { adapter: &second, weight: w2 }];
        let (a, b) = factors(&compose(&parts, Some(&calibration), &[]).unwrap());
        let parts = [(2.0 * f64::from(w1), product(&a1, &b1)), (f64::from(w2), product(&a2, &b2)), (1.0, product(&p1, &p2))];
        for (i, composed) in product(&a, &b).into_iter().enumerate() {
            let sum: f64 = parts.iter().map(|(weight, product)| weight * product[i]).sum();
            // Only the factors of B were rounded, each to half of 2^-10 of its size.
            prop_assert!((composed - sum).abs() < 0.05, "{composed} is not {sum}");
        }
    }

    #[test]
    fn an_adapter_alone_with_weight_one_stays_as_it_is((a, b) in (matrix(2, INPUTS), matrix(OUTPUTS, 2))) {
        let alone = adapter(2, 2.0, &a, &b);
        prop_assert_eq!(factors(&compose(&[Part { adapter: &alone, weight: 1.0 }], None, &[]).unwrap()), (a, b));
    }

    #[test]
    fn damaged_tensors_are_refused_or_read_without_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), left in any::<prop::sample::Index>()) {
        let fixture = Fixture::new();
        for file in ["adapters/es/adapter_model.safetensors", CALIBRATION] {
            let mut bytes = fixture.files[file].clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let cut = &bytes[..left.index(bytes.len())];
            let config = &fixture.files["adapters/es/adapter_config.json"];
            let _ = Adapter::parse(file, config, &bytes);
            let _ = Calibration::parse(file, &bytes, &identity());
            prop_assert_eq!(Adapter::parse(file, config, cut).unwrap_err().kind, Kind::AdapterInvalid);
            prop_assert_eq!(Calibration::parse(file, cut, &identity()).unwrap_err().kind, Kind::CalibrationInvalid);
        }
    }

    #[test]
    fn any_configuration_is_refused_or_read_without_a_panic(config in r#"\{("r"|"lora_alpha"|"bias"|[:,0-9."])*\}"#) {
        let tensors = &Fixture::new().files["adapters/es/adapter_model.safetensors"];
        let _ = Adapter::parse("adapter", config.as_bytes(), tensors);
    }
}

#[test]
fn adapters_that_mean_more_than_their_factors_are_refused() {
    let tensors = &Fixture::new().files["adapters/es/adapter_model.safetensors"];
    let refused = |change: serde_json::Value| {
        let mut config: serde_json::Value = serde_json::from_slice(&config(2, 4.0)).unwrap();
        config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Adapter::parse("adapter", config.to_string().as_bytes(), tensors).err().map(|e| e.kind)
    };
    assert_eq!(refused(json!({})), None);
    assert_eq!(refused(json!({"modules_to_save": null, "rank_pattern": {}, "revision": null})), None);
    let unsupported = [
        json!({"use_rslora": true}),
        json!({"use_dora": true}),
        json!({"bias": "all"}),
        json!({"lora_bias": true}),
        json!({"fan_in_fan_out": true}),
        json!({"modules_to_save": ["lm_head"]}),
        json!({"rank_pattern": {"q_proj": 4}}),
        json!({"alpha_pattern": {"q_proj": 4}}),
        json!({"peft_type": "IA3"}),
        json!({"r": 3}),
        json!({"r": 0}),
    ];
    for change in unsupported {
        assert_eq!(refused(change.clone()), Some(Kind::AdapterInvalid), "{change}");
    }
}

#[test]
fn tensors_of_any_size_without_a_number_are_refused() {
    let names = (format!("{LINEAR}.lora_A.weight"), format!("{LINEAR}.lora_B.weight"));
    let huge = u32::MAX as usize;
    for (rank, inputs, outputs) in [(huge, 0, 0), (1, 0, 0)] {
        let tensors = serialize([(&names.0, [rank, inputs], &[]), (&names.1, [outputs, rank], &[])], &[]);
        assert_eq!(Adapter::parse("adapter", &config(rank, 1.0), &tensors).unwrap_err().kind, Kind::AdapterInvalid);
        let tensors = [("layers.0-0.q_proj.P1", [rank, inputs], &[][..]), ("layers.0-0.q_proj.P2", [outputs, rank], &[][..])];
        let bytes = serialize(tensors, &metadata(&identity()));
        assert_eq!(Calibration::parse("calibration", &bytes, &identity()).unwrap_err().kind, Kind::CalibrationInvalid);
    }
}

#[test]
fn a_calibration_for_something_else_is_refused() {
    let bytes = serialize([], &metadata(&identity()));
    let parse = |wanted: &Identity<'_>| Calibration::parse("calibration", &bytes, wanted).map(drop).map_err(|e| e.kind);
    assert_eq!(parse(&identity()), Ok(()));
    let other = Sha256::of(&[b"other"]);
    let base = Identity { base: other, ..identity() };
    let adapter = Identity { adapters: vec![identity().adapters[0], ("es", other)], ..identity() };
    let composition = Identity { adapters: vec![identity().adapters[0], ("fr", identity().adapters[1].1)], ..identity() };
    let order = Identity { adapters: identity().adapters.into_iter().rev().collect(), ..identity() };
    for wanted in [base, adapter, composition, order] {
        assert_eq!(parse(&wanted), Err(Kind::CalibrationMismatch));
    }
}

/// A tensor's name, shape and values.
type Named<'a> = (&'a str, ([usize; 2], &'a [f16]));

#[test]
fn calibrations_that_contradict_themselves_are_refused() {
    let one = [f16::ONE; INPUTS * OUTPUTS];
    let row = ([1, INPUTS], &one[..INPUTS]);
    let column = ([OUTPUTS, 1], &one[..OUTPUTS]);
    let refused = |tensors: &[Named<'_>]| {
        let named = |i: usize| (tensors[i].0, tensors[i].1.0, tensors[i].1.1);
        let bytes = match tensors.len() {
            1 => serialize([named(0)], &metadata(&identity())),
            2 => serialize([named(0), named(1)], &metadata(&identity())),
            _ => serialize([named(0), named(1), named(2), named(3)], &metadata(&identity())),
        };
        Calibration::parse("calibration", &bytes, &identity()).err().map(|e| e.kind)
    };
    let whole = [("layers.0-3.q_proj.P1", row), ("layers.0-3.q_proj.P2", column)];
    assert_eq!(refused(&whole), None);
    assert_eq!(refused(&[whole[0], whole[1], ("layers.4-5.q_proj.P1", row), ("layers.4-5.q_proj.P2", column)]), None);
    let overlapping = [whole[0], whole[1], ("layers.3-5.q_proj.P1", row), ("layers.3-5.q_proj.P2", column)];
    assert_eq!(refused(&overlapping), Some(Kind::CalibrationInvalid));
    assert_eq!(refused(&whole[..1]), Some(Kind::CalibrationInvalid));
    assert_eq!(refused(&whole[1..]), Some(Kind::CalibrationInvalid));
    for name in ["layers.3-0.q_proj.p", "layers.q_proj.p", "layers.0-1.q_proj.q", "layers.0-1.q_proj.weights", "other"] {
        assert_eq!(refused(&[(name, column)]), Some(Kind::CalibrationInvalid), "{name}");
    }
}

/// Cooks a fixture's composition in a mode.
fn cook(fixture: &Fixture, mode: Mode) -> Result<ComposedAdapter, BundleError> {
    let folder = tempfile::tempdir().unwrap();
    fixture.write_directory(folder.path());
    let bundle = Bundle::open(folder.path(), None)?;
    let composition = bundle.manifest().composition(&["summarize".into(), "es".into()]).unwrap();
    Recipe::one_pass(composition, mode).unwrap().cook(&bundle)
}

#[test]
fn adapters_that_were_exchanged_do_not_go_with_the_calibration() {
    let mut fixture = Fixture::new();
    let other = fixture.files["adapters/summarize/adapter_model.safetensors"].clone();
    fixture.files.insert("adapters/es/adapter_model.safetensors".into(), other);
    fixture.seal();
    let refused = cook(&fixture, Mode::Calibrated).unwrap_err();
    assert_eq!((refused.kind, refused.file.as_str()), (Kind::CalibrationMismatch, CALIBRATION));
    assert!(cook(&fixture, Mode::Merge).is_ok());
    fixture.manifest["adapters"]["es"]["sha256"] = "0".repeat(64).into();
    assert_eq!(cook(&fixture, Mode::Merge).unwrap_err().kind, Kind::AdapterHash);
}

#[test]
fn a_manifest_that_tells_another_rank_is_refused() {
    let mut fixture = Fixture::new();
    fixture.manifest["adapters"]["es"]["rank"] = 3.into();
    assert_eq!(cook(&fixture, Mode::Merge).unwrap_err().kind, Kind::AdapterInvalid);
}

#[test]
fn a_composed_adapter_is_written_in_the_layout_that_is_read() {
    let composed = cook(&Fixture::new(), Mode::Calibrated).unwrap();
    let folder = tempfile::tempdir().unwrap();
    composed.write(folder.path()).unwrap();
    let read = |file: &str| fs::read(folder.path().join(file)).unwrap();
    let adapter = Adapter::parse("composed", &read("adapter_config.json"), &read("adapter_model.safetensors")).unwrap();
    // The ranks of both adapters and of the calibration, at scale 1.
    assert_eq!((adapter.rank, adapter.scale.to_bits()), (5, 1.0_f32.to_bits()));
}
