"""Reads of matching: rules, decisions, explanations, the queue and its patterns, what people taught."""

from apps.matching.selectors.decisions import kept_apart
from apps.matching.selectors.rules import NoMatchRule, active_rule, rule_summary

__all__ = ["NoMatchRule", "active_rule", "kept_apart", "rule_summary"]
