"""What should have been charged, against what was posted."""
