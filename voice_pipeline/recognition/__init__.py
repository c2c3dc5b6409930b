"""From frames to revisions of a transcript."""
