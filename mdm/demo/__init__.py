"""Seeded generator of a professional-services firm: extracts of four systems that disagree, and the truth."""

from mdm.demo.extracts import FILES, write_extracts
from mdm.demo.firm import Firm, generate
from mdm.demo.truth import BadRow, Dangling, FileFacts, Manifest

__all__ = ["FILES", "BadRow", "Dangling", "FileFacts", "Firm", "Manifest", "generate", "write_extracts"]
