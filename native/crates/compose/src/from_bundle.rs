use tandem_bundle::{Bundle, BundleError, BundleErrorKind, Composition, Mode, Sha256, Task};

use crate::{Adapter, Calibration, ComposedAdapter, Identity, Part, compose, fused_by};

/// Which adapters of a bundle make one adapter, and how. Its name is unique in the bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    pub name: String,
    tasks: Vec<String>,
    weights: Vec<f32>,
    calibration: Option<String>,
}

/// The weights of an exact mean.
pub fn mean_weights(adapters: usize) -> Vec<f32> {
    vec![1.0 / adapters as f32; adapters]
}

impl Recipe {
    /// The adapter of one task alone.
    pub fn single(task: &str) -> Self {
        Self { name: task.to_owned(), tasks: vec![task.to_owned()], weights: vec![1.0], calibration: None }
    }

    /// The one adapter of a composition in a mode that runs in one pass; none for the base model alone.
    pub fn one_pass(composition: &Composition, mode: Mode) -> Option<Self> {
        let (weights, calibration) = match mode {
            Mode::Calibrated => (composition.weights.iter().map(|weight| *weight as f32).collect(), composition.calibration.clone()),
            Mode::Merge | Mode::TwoStep => (mean_weights(composition.tasks.len()), None),
            Mode::ZeroShot => return None,
        };
        if let ([task], None) = (composition.tasks.as_slice(), &calibration) {
            return Some(Self::single(task));
        }
        Some(Self { name: format!("{}@{mode}", composition.name()), tasks: composition.tasks.clone(), weights, calibration })
    }

    /// Reads what is needed from the bundle, checks it and composes.
    pub fn cook(&self, bundle: &Bundle) -> Result<ComposedAdapter, BundleError> {
        let manifest = bundle.manifest();
        let mut adapters = Vec::new();
        let mut hashes = Vec::new();
        for id in &self.tasks {
            let missing = || BundleError::new(BundleErrorKind::ManifestInvalid, id, "the manifest has no such task.");
            let task = manifest.task(id).ok_or_else(missing)?;
            let (adapter, sha256) = read_adapter(bundle, task)?;
            adapters.push(adapter);
            hashes.push((id.as_str(), sha256));
        }
        let calibration = match &self.calibration {
            Some(file) => {
                let wanted = Identity { base: manifest.base.sha256, adapters: hashes };
                Some(Calibration::parse(file, &bundle.read(file)?, &wanted)?)
            }
            None => None,
        };
        let parts: Vec<_> = adapters.iter().zip(&self.weights).map(|(adapter, &weight)| Part { adapter, weight }).collect();
        compose(&parts, calibration.as_ref(), fused_by(&manifest.base.architecture))
    }
}

fn read_adapter(bundle: &Bundle, task: &Task) -> Result<(Adapter, Sha256), BundleError> {
    let missing = || BundleError::new(BundleErrorKind::ManifestInvalid, &task.id, "the manifest has no adapter for this task.");
    let entry = bundle.manifest().adapter_of(task).ok_or_else(missing)?;
    let (config, tensors) = (bundle.read(&entry.config_path())?, bundle.read(&entry.tensors_path())?);
    let sha256 = Sha256::of(&[&config, &tensors]);
    if sha256 != entry.sha256 {
        let message = format!("the adapter's hash is {sha256}, the manifest says {}; the bundle is damaged, get it anew.", entry.sha256);
        return Err(BundleError::new(BundleErrorKind::AdapterHash, &entry.path, message));
    }
    let adapter = Adapter::parse(&entry.path, &config, &tensors)?;
    if adapter.rank != entry.rank {
        let message = format!("its rank is {}, the manifest says {}; export the bundle anew.", adapter.rank, entry.rank);
        return Err(BundleError::new(BundleErrorKind::AdapterInvalid, &entry.path, message));
    }
    Ok((adapter, sha256))
}
