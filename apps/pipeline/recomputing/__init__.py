"""Compute golden records again after rules changed: chunk by chunk, to be watched, cancelled and resumed."""

from apps.pipeline.recomputing.runs import (
    cancel_recomputation,
    concerned,
    request_recomputation,
    resume_recomputation,
    waits_for_worker,
)
from apps.pipeline.recomputing.work import work_on_recomputation

__all__ = [
    "cancel_recomputation",
    "concerned",
    "request_recomputation",
    "resume_recomputation",
    "waits_for_worker",
    "work_on_recomputation",
]
