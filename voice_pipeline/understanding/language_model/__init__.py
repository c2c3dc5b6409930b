"""Sentences that are still open, answered by a small language model that is held to the schema."""
