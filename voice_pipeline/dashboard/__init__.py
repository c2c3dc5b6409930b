"""The pipeline in a browser: what it hears, understands and does, how fast, and a large button that stops it."""
