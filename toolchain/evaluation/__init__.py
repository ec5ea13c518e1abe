"""Evaluation: what is asked, how answers are measured, result files, and what validation chooses."""
