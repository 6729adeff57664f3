"""What is decided and when it is heard: each room by itself, and the whole loop with simulated runners."""
