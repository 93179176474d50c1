"""Pure matching engine: arrays in, arrays out; no Django, HTTP, Celery or clock."""
