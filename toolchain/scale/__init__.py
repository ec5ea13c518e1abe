"""What training and shipping cost on a base of any size, before any of it is there."""
