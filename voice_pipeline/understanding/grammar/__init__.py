"""From words to steps by rules: every word has its place, or the robot stays where it is."""
