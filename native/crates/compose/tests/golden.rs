//! The toolchain's golden vectors: the same adapters and calibration become the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use tandem_bundle::Sha256;
use tandem_compose::{Adapter, Calibration, Identity, Part, compose};

#[derive(Deserialize)]
struct Case {
    tasks: Vec<String>,
    weights: Vec<f64>,
    base_sha256: Sha256,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/compose")
}

fn composed(folder: &Path) -> Vec<u8> {
    let case: Case = serde_json::from_slice(&fs::read(folder.join("case.json")).unwrap()).unwrap();
    let mut adapters = Vec::new();
    let mut identity = Identity { base: case.base_sha256, adapters: Vec::new() };
    for task in &case.tasks {
        let read = |file: &str| fs::read(folder.join("adapters").join(task).join(file)).unwrap();
        let (config, tensors) = (read("adapter_config.json"), read("adapter_model.safetensors"));
        identity.adapters.push((task, Sha256::of(&[&config, &tensors])));
        adapters.push(Adapter::parse(task, &config, &tensors).unwrap());
    }
    let calibration =
        fs::read(folder.join("calibration.safetensors")).ok().map(|bytes| Calibration::parse("calibration", &bytes, &identity).unwrap());
    let parts: Vec<_> = adapters.iter().zip(&case.weights).map(|(adapter, &weight)| Part { adapter, weight: weight as f32 }).collect();
    compose(&parts, calibration.as_ref(), &[]).unwrap().tensors
}

fn by_name(bytes: &[u8]) -> BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    tensors.tensors().into_iter().map(|(name, view)| (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()))).collect()
}

#[test]
fn composed_adapters_are_the_toolchains_bit_for_bit() {
    let mut cases = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let folder = entry.unwrap().path();
        let expected = by_name(&fs::read(folder.join("expected.safetensors")).unwrap());
        let found = by_name(&composed(&folder));
        assert!(expected.keys().eq(found.keys()), "{}: other tensors", folder.display());
        for (name, tensor) in &expected {
            assert!(tensor == &found[name], "{}: {name} differs", folder.display());
        }
        cases += 1;
    }
    assert!(cases > 0, "no golden vectors in {}", golden().display());
}
