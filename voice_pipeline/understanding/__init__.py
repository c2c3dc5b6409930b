"""From words to steps."""
