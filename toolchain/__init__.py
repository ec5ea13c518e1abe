"""Trains single-task LoRAs and calibrations, evaluates them and exports bundles for the device core."""

__version__ = "0.1.0"
