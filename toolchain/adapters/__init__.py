"""Adapters and calibrations: training, exact composition, files."""
