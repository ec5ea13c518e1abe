use crate::{BundleError, BundleErrorKind};

/// A minisign public key that a bundle's signature is checked against.
#[derive(Clone, Debug)]
pub struct PublicKey(minisign_verify::PublicKey);

impl PublicKey {
    /// Reads a key: the text of a `minisign.pub` file, or its base64 line alone.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let text = text.trim();
        minisign_verify::PublicKey::decode(text).or_else(|_| minisign_verify::PublicKey::from_base64(text)).map(Self).map_err(|_| {
            BundleError::new(
                BundleErrorKind::PublicKeyInvalid,
                "public key",
                "this is no minisign public key; give the text of the .pub file that minisign wrote.",
            )
        })
    }

    /// Checks the detached signature of `bytes`. Only prehashed signatures (minisign's default) are accepted.
    pub(crate) fn check(&self, bytes: &[u8], signature: &[u8]) -> Result<(), BundleError> {
        let refused = || {
            BundleError::new(
                BundleErrorKind::SignatureInvalid,
                crate::bundle::SIGNATURE,
                "the signature does not belong to this manifest and this key; get the bundle anew from its maker, or check the key.",
            )
        };
        let signature = std::str::from_utf8(signature).map_err(|_| refused())?;
        let signature = minisign_verify::Signature::decode(signature).map_err(|_| refused())?;
        self.0.verify(bytes, &signature, false).map_err(|_| refused())
    }
}
