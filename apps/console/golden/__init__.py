"""Golden records of every entity: lists, the page of one record, and what stewards do to it."""
