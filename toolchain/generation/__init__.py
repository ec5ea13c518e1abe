"""Answers of the base with an adapter: one pass over many prompts, and several passes one after another."""
