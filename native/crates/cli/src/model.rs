use std::sync::Arc;

use tandem_bundle::Bundle;
use tandem_engine::{Error, Options, Session};

use crate::arguments::Model;

impl Model {
    /// Loads the model of a bundle.
    pub fn open(&self, bundle: Bundle) -> Result<Arc<Session>, Error> {
        let options = Options { threads: self.threads.map(Into::into), ..Options::default() };
        Session::open(bundle, self.base.as_deref(), &options).map(Arc::new)
    }

    /// The limit of generated tokens for each step.
    pub fn max_tokens(&self) -> Option<usize> {
        self.max_tokens.map(Into::into)
    }
}
