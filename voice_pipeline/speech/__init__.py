"""From words to sound: what the robot says, aloud."""
