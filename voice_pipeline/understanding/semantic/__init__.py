"""Sentences that the grammar leaves open, compared with known wordings by their embeddings."""
