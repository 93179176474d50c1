"""Rules over a whole record: importing this package registers them all.

They know attributes and kinds, never entities. Each is bound once to a spec and answers with its check,
or None where the spec gives it nothing to do.
"""

from apps.quality.rules import amounts, consistency, presence

__all__ = ["amounts", "consistency", "presence"]
