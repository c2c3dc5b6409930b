"""A robot without a robot, in plain Python: a base in a world of walls, its laser scanner, battery and skills."""
