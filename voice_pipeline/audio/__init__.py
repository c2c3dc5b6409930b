"""From sound to frames: microphone, sound files, voice activity."""
