use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tandem_bundle::Bundle;
use tandem_engine::{Options, Session as CoreSession};
use tokio::sync::oneshot;

use crate::{Answer, BundleInfo, RunEvent, RunRequest, SessionOptions, TandemError};

/// Receives the events of one run, on a thread of the core.
#[uniffi::export(callback_interface)]
pub trait EventSink: Send + Sync {
    fn on_event(&self, event: RunEvent);
}

/// A bundle and its model in memory. It holds about a gigabyte: close it when it is not needed.
#[derive(Debug, uniffi::Object)]
pub struct Session {
    info: BundleInfo,
    /// Present until the session is dropped.
    core: Option<CoreSession>,
}

#[uniffi::export]
impl Session {
    /// Verifies the bundle and loads the model, on a thread of its own.
    #[uniffi::constructor]
    pub async fn open(bundle_path: String, base_path: Option<String>, options: SessionOptions) -> Result<Arc<Self>, TandemError> {
        tandem_engine::hide_messages();
        let options = Options {
            threads: options.threads.map(|threads| threads as usize),
            temp_dir: options.temp_dir.map(PathBuf::from),
            ..Options::default()
        };
        let open = move || -> Result<Arc<Self>, TandemError> {
            let core = CoreSession::open(Bundle::open(Path::new(&bundle_path), None)?, base_path.as_deref().map(Path::new), &options)?;
            Ok(Arc::new(Self { info: core.bundle().into(), core: Some(core) }))
        };
        let (done, opened) = oneshot::channel();
        // A panic drops `done`, which is told below.
        thread::spawn(move || drop(done.send(open())));
        opened.await.unwrap_or_else(|_| Err(TandemError::internal()))
    }

    /// What the bundle offers.
    pub fn bundle(&self) -> BundleInfo {
        self.info.clone()
    }

    /// Runs a request; requests wait for each other in the order of their calls. A cancelled run is no error.
    pub async fn run(&self, request: RunRequest, sink: Box<dyn EventSink>) -> Result<Answer, TandemError> {
        let (done, answered) = oneshot::channel();
        if let Some(core) = &self.core {
            let done = move |result| drop(done.send(result));
            core.submit(request.into(), Box::new(move |event| sink.on_event(event.into())), Box::new(done));
        }
        let result = answered.await.map_err(|_| TandemError::internal())?;
        Ok(result?.into())
    }

    /// Stops the running request and those that wait.
    pub fn cancel(&self) {
        if let Some(core) = &self.core {
            core.cancel();
        }
    }

    /// Stops everything and lets the model go; later runs fail with `Closed`.
    pub fn close(&self) {
        if let Some(core) = &self.core {
            core.close();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Dropping the core waits for its worker, which may be waiting for a callback on the very thread that drops this.
        if let Some(core) = self.core.take() {
            core.close();
            thread::spawn(move || drop(core));
        }
    }
}
