"""Training and evaluation data: the committed benchmark and, where their licence allows it, outside sources."""
