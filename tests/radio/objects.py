"""The objects that a D-Bus service shows (org.freedesktop.DBus.ObjectManager), and the signals of their changes."""

from __future__ import annotations

from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"

Properties = dict[str, Variant]


class Objects:
    """Objects with one interface each, by path."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._tree: dict[str, dict[str, Properties]] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._tree

    def managed(self) -> dict[str, dict[str, Properties]]:
        """Give all of them, as GetManagedObjects wants them."""
        return self._tree

    def get(self, path: str, name: str) -> Any:
        """Give a property; None where it, or the object, is not there."""
        for properties in self._tree.get(path, {}).values():
            if name in properties:
                return properties[name].value
        return None

    def add(self, path: str, interface: str, properties: Properties) -> None:
        """Show an object, unless it is shown already."""
        if path not in self._tree:
            self._tree[path] = {interface: properties}
            self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, self._tree[path]])

    def change(self, path: str, **changed: Variant) -> None:
        """Change properties."""
        ((interface, properties),) = self._tree[path].items()
        properties.update(changed)
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, []])

    def remove(self, path: str) -> None:
        """Remove an object and all below it."""
        for gone in [shown for shown in self._tree if shown == path or shown.startswith(f"{path}/")]:
            interfaces = list(self._tree.pop(gone))
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [gone, interfaces])

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        self._bus.send(Message.new_signal(path, interface, member, signature, body))
