"""Seeded generator of a professional-services firm: extracts of four systems that disagree, and the truth."""

from mdm.demo.benchmark import customers_only
from mdm.demo.extracts import FILES, write_extracts
from mdm.demo.firm import Firm, generate
from mdm.demo.second_wave import second_wave
from mdm.demo.truth import BadRow, Dangling, FileFacts, Manifest

__all__ = [
    "FILES",
    "BadRow",
    "Dangling",
    "FileFacts",
    "Firm",
    "Manifest",
    "customers_only",
    "generate",
    "second_wave",
    "write_extracts",
]
