"""A real Tryton server for slow tests."""
