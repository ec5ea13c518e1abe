use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// A switch that stops a request; all clones share it. It can only be switched on.
#[derive(Clone, Debug)]
pub struct Cancel(watch::Sender<bool>);

impl Default for Cancel {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Cancel {
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is switched on.
    pub async fn cancelled(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// The switches of all that runs or waits in a session; all clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancels(Arc<Mutex<Vec<Cancel>>>);

impl Cancels {
    /// Adds a switch, until what is returned is dropped.
    pub fn register(&self, cancel: &Cancel) -> Registered {
        self.with(|all| all.push(cancel.clone()));
        Registered { cancels: self.clone(), cancel: cancel.clone() }
    }

    pub fn cancel_all(&self) {
        self.with(|all| all.iter().for_each(Cancel::cancel));
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Cancel>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug)]
pub(crate) struct Registered {
    cancels: Cancels,
    cancel: Cancel,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.cancels.with(|all| {
            if let Some(position) = all.iter().position(|cancel| cancel.0.same_channel(&self.cancel.0)) {
                all.remove(position);
            }
        });
    }
}
