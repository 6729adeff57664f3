"""A phone as the sensor, by apps that are there already: Sensor Logger, phyphox and SensorServer.

`wire` holds what each app sends, as pure decoders; beside it is a live sensor for each app. Nobody in a local network
is authenticated: what comes is bounded in size and checked, and redirections are not followed.
"""
