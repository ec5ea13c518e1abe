use std::collections::HashMap;
use std::str::FromStr;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tandem_bundle::{BundleError, BundleErrorKind};

use crate::{EngineError, EngineErrorKind};

/// Turns text into ids, whole. Special tokens in a text are encoded as the plain text that they are, so that a message cannot pose as one.
#[derive(Debug)]
pub struct Encoder(tokenizers::Tokenizer);

impl Encoder {
    /// Reads the bytes of a `tokenizer.json`.
    pub fn parse(json: &[u8]) -> Result<Self, BundleError> {
        let json = std::str::from_utf8(json).map_err(|e| refuse(&e))?;
        let mut tokenizer = tokenizers::Tokenizer::from_str(json).map_err(|e| refuse(&e))?;
        tokenizer.set_encode_special_tokens(true);
        // Some files hold the limits of a training, which would cut prompts or fill them up.
        tokenizer.with_truncation(None).map_err(|e| refuse(&e))?;
        tokenizer.with_padding(None);
        Ok(Self(tokenizer))
    }

    /// The ids of a text, without BOS or other additions.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        let encoding = self.0.encode_fast(text, false);
        let refused = |_| EngineError::new(EngineErrorKind::Internal, "the tokenizer cannot encode this text.");
        Ok(encoding.map_err(refused)?.get_ids().to_vec())
    }
}

#[derive(Deserialize, Serialize)]
struct TokenizerFile {
    model: Model,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize, Serialize)]
struct Model {
    vocab: HashMap<String, u32>,
    #[serde(default, skip_serializing)]
    #[allow(dead_code)]
    merges: IgnoredAny,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The same tokenizer without its merges: enough to turn ids into text, and half the memory. The engine gets this one, as it never sees
/// text to encode.
pub fn without_merges(json: &[u8]) -> Result<Vec<u8>, BundleError> {
    let mut file: TokenizerFile = serde_json::from_slice(json).map_err(|e| refuse(&e))?;
    file.model.others.insert("merges".into(), Value::Array(Vec::new()));
    serde_json::to_vec(&file).map_err(|e| refuse(&e))
}

fn refuse(e: &dyn std::fmt::Display) -> BundleError {
    let message = format!("this tokenizer cannot be read ({e}); export the bundle anew.");
    BundleError::new(BundleErrorKind::TokenizerInvalid, "base/tokenizer.json", message)
}
