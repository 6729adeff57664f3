"""An emulated radio: a fake `org.bluez` on a bus of its own, and the devices that it hears.

The code under test runs with bleak's real BlueZ backend, unmodified, and nothing else of ours is faked. `bus` starts a
private dbus-daemon, `bluez` owns the name `org.bluez` on it, `devices*` are the devices, `fixtures` are for pytest, and
`python -m tests.radio --help` is the whole as a program, for tests of the command line.

The same devices on a real GATT, that of bumble, are in `gatt_air` and `gatt_central`.
"""
