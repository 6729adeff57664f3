"""What listens to the body: Bluetooth LE devices, recordings and the simulated runner."""
