"""The bundle: what the toolchain hands to the device core."""
