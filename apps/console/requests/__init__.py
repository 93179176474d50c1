"""Change requests: planned changes that wait for an approver."""
