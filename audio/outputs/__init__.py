"""The ways to play a click track; `audio.outputs.choose` picks one."""
