"""Entities that exist for tests alone: they prove that one folder is all a new entity needs."""
