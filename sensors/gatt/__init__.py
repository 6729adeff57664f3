"""Pure decoders of Bluetooth LE payloads, one module a service or vendor protocol."""
