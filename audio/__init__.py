"""What the runner hears: beats, clicks and the ways to play them."""
