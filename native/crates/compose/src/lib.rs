//! Composition: the adapters of several tasks and a calibration become one plain LoRA adapter, exactly.
//!
//! `docs/bundle-format.md` has the formula; `tests/golden/compose` holds this and the toolchain to the same bytes.

mod adapter;
mod calibration;
mod composition;
mod from_bundle;
mod fused;
mod tensors;

pub use adapter::{Adapter, Factors};
pub use calibration::{Calibration, Identity};
pub use composition::{ComposedAdapter, Part, compose};
pub use from_bundle::{Recipe, mean_weights};
pub use fused::{Fused, fused_by};
