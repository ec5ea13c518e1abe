use std::sync::Arc;

use crate::{Answer, BundleInfo, RunEvent, RunRequest, SessionOptions, TandemError};

/// Receives the events of one run, on a thread of the core.
#[uniffi::export(callback_interface)]
pub trait EventSink: Send + Sync {
    fn on_event(&self, event: RunEvent);
}

/// A bundle and its model in memory. It holds about a gigabyte: close it when it is not needed.
#[derive(uniffi::Object)]
pub struct Session {
    info: BundleInfo,
}

fn pending() -> TandemError {
    TandemError::Engine { kind: "not-linked".into(), message: "the engine is not linked into this build".into() }
}

#[uniffi::export]
impl Session {
    /// Verifies the bundle and loads the model, on a thread of its own.
    #[uniffi::constructor]
    pub async fn open(bundle_path: String, base_path: Option<String>, options: SessionOptions) -> Result<Arc<Self>, TandemError> {
        let _ = (bundle_path, base_path, options);
        Err(pending())
    }

    pub fn bundle(&self) -> BundleInfo {
        self.info.clone()
    }

    /// Runs a request; requests wait for each other in the order of their calls. A cancelled run is no error.
    pub async fn run(&self, request: RunRequest, sink: Box<dyn EventSink>) -> Result<Answer, TandemError> {
        let _ = (request, sink);
        Err(pending())
    }

    /// Stops the running request and those that wait.
    pub fn cancel(&self) {}

    /// Stops everything and frees the model; later runs fail with `Closed`.
    pub fn close(&self) {}
}
