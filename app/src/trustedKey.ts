/**
 * The text of the minisign public key that bundles must be signed with, to be set by whoever publishes the app for their own bundles. Without one, unsigned
 * bundles are taken too: each is then only as trustworthy as where it came from.
 */
export const trustedKey: string | undefined = undefined;
