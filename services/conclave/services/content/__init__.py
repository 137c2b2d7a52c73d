"""What people share in a meeting beside sound and pictures: taken, ordered, kept for who was there, and erased."""
