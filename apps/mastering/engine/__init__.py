"""Pure survivorship engine: values and rules in, a plan out; no Django, HTTP, Celery or clock."""
