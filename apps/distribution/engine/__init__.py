"""Pure parts of distribution: delays, verdicts, breaker, masking; no database, clock or network."""
