"""What the apps send, as JSON: decoders that keep no state, and writers that say the same the other way round."""
