use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tandem_bundle::Bundle;
use tandem_engine::{BenchProgress, Cancel, Options, Session as CoreSession};
use tokio::sync::oneshot;

use crate::error::Internal as _;
use crate::{Answer, BenchPlan, BenchReport, BundleInfo, Library, RunEvent, RunRequest, SessionOptions, TandemError};

/// Receives the events of one run, on a thread of the core.
#[uniffi::export(callback_interface)]
pub trait EventSink: Send + Sync {
    fn on_event(&self, event: RunEvent);
}

/// Receives how far a measurement is, on a thread of the core.
#[uniffi::export(callback_interface)]
pub trait BenchSink: Send + Sync {
    fn on_progress(&self, done: u32, total: u32);
}

/// Stops one run or one measurement, or several that are given the same: before it starts, while it waits, or while it runs. It cannot be
/// taken back.
#[derive(Debug, Default, uniffi::Object)]
pub struct Cancellation(Cancel);

#[uniffi::export]
impl Cancellation {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// A bundle and its model in memory. It holds about a gigabyte: close it when it is not needed.
#[derive(Debug, uniffi::Object)]
pub struct Session {
    info: BundleInfo,
    /// Present until the session is dropped.
    core: Option<Arc<CoreSession>>,
}

#[uniffi::export]
impl Session {
    /// Verifies the bundle and loads the model, on a thread of its own.
    #[uniffi::constructor]
    pub async fn open(bundle_path: String, base_path: Option<String>, options: SessionOptions) -> Result<Arc<Self>, TandemError> {
        Self::load(options, move || {
            Ok((Bundle::open(Path::new(&bundle_path), None).map_err(tandem_engine::Error::from)?, base_path.map(PathBuf::from)))
        })
        .await
    }

    /// As [`Session::open`], of a bundle of the library.
    #[uniffi::constructor]
    pub async fn open_stored(library: Arc<Library>, bundle_id: String, options: SessionOptions) -> Result<Arc<Self>, TandemError> {
        Self::load(options, move || Ok(library.core.bundle(&bundle_id)?)).await
    }

    /// What the bundle offers.
    pub fn bundle(&self) -> BundleInfo {
        self.info.clone()
    }

    /// Runs a request; requests wait for each other in the order of their calls. A cancelled run is no error: one that runs ends within a
    /// token, one that waits ends in its turn, with an empty answer.
    pub async fn run(&self, request: RunRequest, cancellation: Arc<Cancellation>, sink: Box<dyn EventSink>) -> Result<Answer, TandemError> {
        let (done, answered) = oneshot::channel();
        if let Some(core) = &self.core {
            let done = move |result| drop(done.send(result));
            core.submit(request.into(), &cancellation.0, Box::new(move |event| sink.on_event(event.into())), Box::new(done));
        }
        let result = answered.await.map_err(|_| TandemError::internal())?;
        Ok(result?.into())
    }

    /// Measures one pass against two steps on this device. A cancelled measurement is no error: the report holds what was complete.
    pub async fn bench(
        &self,
        plan: BenchPlan,
        cancellation: Arc<Cancellation>,
        sink: Box<dyn BenchSink>,
    ) -> Result<BenchReport, TandemError> {
        let (done, measured) = oneshot::channel();
        if let Some(core) = self.core.clone() {
            let measure = move || {
                let tell = |progress: BenchProgress| sink.on_progress(progress.done as u32, progress.total as u32);
                core.bench(&plan.into(), &cancellation.0, tell)
            };
            // A panic drops `done`, which is told below.
            thread::spawn(move || drop(done.send(measure())));
        }
        let report = measured.await.map_err(|_| TandemError::internal())?;
        Ok(report?.into())
    }

    /// Lets the composed adapters go, as when the system asks for memory; the base stays. They are composed anew when they are needed.
    pub async fn free_adapters(&self) -> Result<(), TandemError> {
        let (done, freed) = oneshot::channel();
        if let Some(core) = self.core.clone() {
            thread::spawn(move || drop(done.send(core.free_adapters())));
        }
        Ok(freed.await.map_err(|_| TandemError::internal())??)
    }

    /// Stops everything and lets the model go, without waiting for that; later runs fail with `Closed`.
    pub fn close(&self) {
        if let Some(core) = &self.core {
            core.close();
        }
    }

    /// Resolves when the session was closed and its model's memory is free, which a prompt that is being read delays,
    /// for 30 seconds at most.
    pub async fn closed(&self) {
        if let Some(core) = &self.core {
            core.closed().await;
        }
    }
}

impl Session {
    /// Opens a bundle, with the path of its base model where that lies apart, on a thread of its own.
    async fn load(
        options: SessionOptions,
        find: impl FnOnce() -> Result<(Bundle, Option<PathBuf>), TandemError> + Send + 'static,
    ) -> Result<Arc<Self>, TandemError> {
        tandem_engine::hide_messages();
        let options = Options {
            threads: options.threads.map(|threads| threads as usize),
            temp_dir: options.temp_dir.map(PathBuf::from),
            ..Options::default()
        };
        let open = move || -> Result<Arc<Self>, TandemError> {
            let (bundle, base) = find()?;
            let core = CoreSession::open(bundle, base.as_deref(), &options)?;
            Ok(Arc::new(Self { info: core.bundle().into(), core: Some(Arc::new(core)) }))
        };
        let (done, opened) = oneshot::channel();
        // A panic drops `done`, which is told below.
        thread::spawn(move || drop(done.send(open())));
        opened.await.unwrap_or_else(|_| Err(TandemError::internal()))
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
