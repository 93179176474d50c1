"""What one version of an outbound mapping does to live records in place of another."""
