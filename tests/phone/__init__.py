"""Tests of the phone as a sensor."""
