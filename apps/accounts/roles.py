"""Roles and what each may do; the UI, the API, exports and jobs ask here and nowhere else."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    STEWARD = "steward"
    APPROVER = "approver"
    DATA_OWNER = "data owner"
    INTEGRATION = "integration"
    ADMINISTRATOR = "administrator"


class Capability(StrEnum):
    VIEW = "view"  # see golden records, personal attributes masked
    UNMASK = "unmask"  # see personal attributes in clear
    POST_RECORDS = "post records"  # land source records
    DECIDE = "decide"  # answer review pairs, correct rejected rows, pin values, propose changes
    APPROVE = "approve"  # answer change requests of others
    EDIT_RULES = "edit rules"  # mappings, ownership, policies, thresholds, schedules
    OPERATE = "operate"  # replay, pause, run jobs
    ADMINISTER = "administer"  # users, tokens, connections


_C = Capability
CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.VIEWER: frozenset({_C.VIEW}),
    Role.STEWARD: frozenset({_C.VIEW, _C.UNMASK, _C.DECIDE, _C.EDIT_RULES}),
    Role.APPROVER: frozenset({_C.VIEW, _C.UNMASK, _C.APPROVE}),
    Role.DATA_OWNER: frozenset({_C.VIEW, _C.UNMASK, _C.DECIDE, _C.APPROVE, _C.EDIT_RULES}),
    Role.INTEGRATION: frozenset({_C.VIEW, _C.POST_RECORDS}),
    Role.ADMINISTRATOR: frozenset(_C),
}
