"""What came in: loads, rejected rows, references that wait."""
