"""What answers a question: PyTorch, or the device core on a bundle made for it; and what keeps the answers."""
