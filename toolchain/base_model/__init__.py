"""The base model: fetched, checked, re-quantised for the device, and dequantised once for training."""
