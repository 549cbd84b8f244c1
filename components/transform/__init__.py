"""What happens to photos, rows and labels before the network sees them, the same in training and serving."""
