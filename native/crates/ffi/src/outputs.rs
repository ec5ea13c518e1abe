use tandem_engine::Cancel;
use tokio::sync::watch;

use crate::{Answer, RunEvent};

/// Receives what happens with several outputs, on a thread of the core. `output` counts from 0 in the order that was asked for.
#[uniffi::export(callback_interface)]
pub trait OutputsSink: Send + Sync {
    fn on_event(&self, output: u32, event: RunEvent);
    /// An output is complete, or was stopped.
    fn on_answer(&self, output: u32, answer: Answer);
    /// An output failed; the others go on. `kind` and `message` are those of a [`crate::TandemError`].
    fn on_failure(&self, output: u32, kind: String, message: String);
}

/// Several outputs that run or wait.
#[derive(Debug, uniffi::Object)]
pub struct Outputs {
    pub(crate) cancels: Vec<Cancel>,
    /// How many are not complete.
    pub(crate) finished: watch::Receiver<usize>,
}

#[uniffi::export]
impl Outputs {
    /// Stops all of them.
    pub fn cancel(&self) {
        self.cancels.iter().for_each(Cancel::cancel);
    }

    /// Stops one; the others go on.
    pub fn cancel_output(&self, output: u32) {
        if let Some(cancel) = self.cancels.get(output as usize) {
            cancel.cancel();
        }
    }

    /// Waits until the sink was told the last answer or failure.
    pub async fn finished(&self) {
        // Where the sender is gone, nobody will be told more.
        let _ = self.finished.clone().wait_for(|remaining| *remaining == 0).await;
    }
}
