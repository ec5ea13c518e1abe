"""Evaluation: greedy generation, metrics, result files and reports."""
