"""The methods under comparison, one file each, and their registry."""
