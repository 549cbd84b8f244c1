"""What happens to photos and labels before the network sees them, the same in training and serving."""
