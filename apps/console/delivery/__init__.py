"""What goes out: dead letters, deliveries, targets."""
